using System.Text.Json;
using Analemma.Linux;
using Analemma.Sandbox.Cgroups;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Sandbox.Oci;

/// <summary>
/// Drives one OCI runtime by its command line. Every call is a child process that is awaited on a pidfd; nothing here
/// decides anything about a sandbox.
/// </summary>
internal sealed class OciRuntime(string name, string path, string stateFolder, Watcher watcher)
{
    private const string Shell = "/bin/sh";

    // Joins the cgroups before the runtime begins, so that all it makes is inside them.
    private const string JoinThenRun = CgroupFiles.JoinScript + "exec \"$@\"";

    // cgroup files … -- oom_score_adj then what follows. crun sets the score of a container's first process alone.
    private const string JoinThenEnter = CgroupFiles.JoinScript
        + "echo \"$1\" >/proc/self/oom_score_adj || exit 125; shift; exec \"$@\"";

    private static readonly string[] SearchFolders = ["/usr/local/bin", "/usr/bin", "/usr/local/sbin", "/usr/sbin"];

    public string Name { get; } = name;

    public string Path { get; } = path;

    /// <summary>
    /// Leaves its containers in the cgroups that it was started in. Others move them, and must be told where to.
    /// </summary>
    public bool KeepsCgroups => Name is "crun" or "runsc";

    /// <summary>
    /// Mounts nothing on the host: its agent's file systems are its own, and only folders of the host can be shared.
    /// </summary>
    public bool HidesMounts => Name == "runsc";

    /// <summary>
    /// gVisor's kernel is a program with threads; one that it cannot have ends it, and the agent with it.
    /// </summary>
    public int OwnProcesses => Name == "runsc" ? 192 : 0;

    /// <summary>Null when the host does not have it.</summary>
    public static string? Locate(string name) =>
        SearchFolders.Select(folder => $"{folder}/{name}").FirstOrDefault(File.Exists);

    /// <summary>Makes a container whose first process waits for <see cref="StartAsync"/>. Returns its pid.</summary>
    public async Task<int> CreateAsync(string id, RuntimeFiles files, IReadOnlyList<string> joinFiles)
    {
        ChildStart start = new(Shell, Line(joinFiles, [
            .. Global(id, files.LogFile), "create", "--bundle", files.Bundle, "--pid-file", files.PidFile, id,
        ]))
        {
            Env = ChildEnv,
            Stdin = files.Stdin,
            Stdout = files.Stdout,
            Stderr = files.Stderr,
            NewSession = true,
        };
        var status = await RunAsync(start);
        if (status.Code != 0)
        {
            throw Failed("create", id, status, files.LogFile);
        }

        return int.Parse(File.ReadAllText(files.PidFile), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>
    /// Lets the first process run. crun's waits on a FIFO in the runtime's folder, and writing to it is all that its
    /// <c>start</c> does (status.c), so we do it ourselves where we can and save a child process.
    /// </summary>
    public async Task StartAsync(string id, string logFile)
    {
        if (Name == "crun" && TryRelease($"{stateFolder}/{id}/exec.fifo"))
        {
            return;
        }

        var status = await RunAsync(new ChildStart(Path, [.. Global(id, logFile), "start", id]) { Env = ChildEnv });
        if (status.Code != 0)
        {
            throw Failed("start", id, status, logFile);
        }
    }

    /// <summary>Both crun and runc remove their FIFO once the first process runs.</summary>
    public bool IsHeld(string id) => File.Exists($"{stateFolder}/{id}/exec.fifo");

    /// <summary>
    /// Forgets a container, killing what runs. Succeeds when there is none. Where all are dead already, only crun's
    /// files are left to be removed, since the cgroups are ours: we do that ourselves and save a child process.
    /// </summary>
    public async Task DeleteAsync(string id, bool areDead)
    {
        var folder = $"{stateFolder}/{id}";
        if (!Directory.Exists(folder) || (areDead && Name == "crun" && TryRemove(folder)))
        {
            return;
        }

        if (HidesMounts)
        {
            // It waits for its file server to be gone, which is a child of ours and gone only when we take it.
            HostProcess.ReapOrphans();
        }

        await RunAsync(new ChildStart(Path, [.. Global(id, "/dev/null"), "delete", "--force", id]) { Env = ChildEnv });
        if (HidesMounts)
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Starts a command in a running container. The runtime stays and ends as the command does.</summary>
    public ChildProcess Exec(
        string id, RuntimeFiles files, string processFile, IReadOnlyList<string> joinFiles, int oomScoreAdj) =>
        ChildProcess.Start(new ChildStart(Shell, [
            Shell, "-c", JoinThenEnter, "sh", .. joinFiles, "--", $"{oomScoreAdj}",
            .. Global(id, files.LogFile), "exec", "--process", processFile, "--pid-file", files.PidFile, id,
        ])
        {
            Env = ChildEnv,
            Stdin = files.Stdin,
            Stdout = files.Stdout,
            Stderr = files.Stderr,
            NewSession = true,
        });

    /// <summary>What the runtime wrote before it failed, as one line.</summary>
    public static string Complaint(string logFile)
    {
        var lines = (ProcFiles.TryRead(logFile) ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return lines.Length == 0 ? "it gave no reason" : Message(lines[^1]);
    }

    private static Dictionary<string, string> ChildEnv { get; } = new()
    {
        ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",

        // runc and crun look here when they run as an ordinary user.
        ["XDG_RUNTIME_DIR"] = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") ?? "/tmp",
    };

    private static bool TryRelease(string fifo)
    {
        try
        {
            using var write = HostFiles.OpenFifoToWrite(fifo);
            HostFiles.Write(write, [0]);
        }
        catch (LinuxException)
        {
            // The first process does not wait there yet.
            return false;
        }

        File.Delete(fifo);
        return true;
    }

    private static bool TryRemove(string folder)
    {
        try
        {
            FolderRemoval.Remove(folder);
            return true;
        }
        catch (LinuxException)
        {
            // crun says why, or can.
            return false;
        }
    }

    private static string Message(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement.TryGetProperty("msg", out var message) ? message.GetString() ?? line : line;
        }
        catch (JsonException)
        {
            return line;
        }
    }

    private static List<string> Line(IReadOnlyList<string> joinFiles, IReadOnlyList<string> command) =>
        [Shell, "-c", JoinThenRun, "sh", .. joinFiles, "--", .. command];

    // The program and what every call of it begins with.
    private List<string> Global(string id, string logFile) => Name switch
    {
        // The cgroups are ours.
        "crun" => [.. GlobalOf(stateFolder, logFile), "--cgroup-manager=disabled"],

        // It knows its containers by files, not by folders, as the others do; so each gets a folder of its own.
        "runsc" =>
        [
            .. GlobalOf($"{stateFolder}/{id}", logFile),
            "--ignore-cgroups", "--network=none", "--host-uds=open",
        ],
        _ => GlobalOf(stateFolder, logFile),
    };

    private List<string> GlobalOf(string folder, string logFile) =>
        [Path, "--root", folder, "--log", logFile, "--log-format", "json"];

    private async Task<WaitStatus> RunAsync(ChildStart start)
    {
        using var child = ChildProcess.Start(start);
        return await child.WaitAsync(watcher);
    }

    private SandboxException Failed(string what, string id, WaitStatus status, string logFile)
    {
        var end = status.Signal is { } signal ? $"signal {signal}" : $"code {status.Code}";
        return new SandboxException($"{Name} {what} {id} failed ({end}): {Complaint(logFile)}");
    }
}

/// <summary>The host files that one call of the runtime works with.</summary>
internal sealed record RuntimeFiles(string Bundle, string PidFile, string LogFile)
{
    public SafeFileHandle? Stdin { get; init; }

    public SafeFileHandle? Stdout { get; init; }

    public SafeFileHandle? Stderr { get; init; }
}
