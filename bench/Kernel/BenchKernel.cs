using System.Diagnostics;
using Analemma.Abi.Syscalls;
using Analemma.Client;

namespace Analemma.Bench.Kernel;

/// <summary>A kernel of the benchmark's own, as built, on a temporary socket and state folder.</summary>
internal sealed class BenchKernel : IDisposable
{
    // Of each kind, by default.
    private const int PoolSlots = 4;

    private readonly Process _process;

    private BenchKernel(Process process, TimeSpan startTime) => (_process, StartTime) = (process, startTime);

    public static string Folder { get; } = Directory.CreateTempSubdirectory("analemma-bench-").FullName;

    public static string Socket => Path.Combine(Folder, "kernel.sock");

    public static string StateFolder => Path.Combine(Folder, "state");

    /// <summary>From the start of the program to its first answer to HELLO.</summary>
    public TimeSpan StartTime { get; }

    public KernelClient Client { get; private init; } = null!;

    public int Pid => _process.Id;

    /// <summary>The product's kernel, compiled ahead of time, when it is built; else the one beside us.</summary>
    public static string Program(string repository)
    {
        var product = Path.Combine(repository, "artifacts", "product", "analemma-kernel");
        return File.Exists(product) ? product : Path.Combine(AppContext.BaseDirectory, "analemma-kernel");
    }

    public static BenchKernel Start(string repository, params string[] flags) => StartWith(repository, [], flags);

    /// <summary>With variables, such as those of model providers.</summary>
    public static BenchKernel StartWith(
        string repository, Dictionary<string, string> environment, params string[] flags)
    {
        // As the folders above a kernel's state are by default, so that agents' uids can pass.
        Directory.CreateDirectory(Folder);
        File.SetUnixFileMode(
            Folder, File.GetUnixFileMode(Folder) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var begun = Stopwatch.GetTimestamp();
        ProcessStartInfo start = new(
            Program(repository),
            [
                $"--kernel.socket={Socket}", $"--kernel.state_folder={StateFolder}", "--kernel.log_level=error",
                .. flags,
            ])
        {
            RedirectStandardOutput = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        while (!Listens(Socket))
        {
            if (process.HasExited)
            {
                throw new BenchException($"the kernel ended with code {process.ExitCode} before it was ready");
            }

            Pause.For(1);
        }

        var client = KernelClient.ConnectAsync(Socket).GetAwaiter().GetResult();
        return new BenchKernel(process, Stopwatch.GetElapsedTime(begun)) { Client = client };
    }

    // To connect until it is not refused would take a processor from the kernel that starts: each refusal is an
    // exception. proc_net_unix(5): the flags of a socket that listens, and its path at the end of the line.
    private static bool Listens(string path) => File.ReadAllText("/proc/net/unix").Split('\n').Any(line =>
        line.EndsWith(path, StringComparison.Ordinal) && line.Contains(" 00010000 ", StringComparison.Ordinal));

    public ProcessView Wait(SpawnReply agent) =>
        Client.WaitAsync(new Wait { Id = agent.Id }).GetAwaiter().GetResult();

    public string Output(SpawnReply agent) => Collect(agent).GetAwaiter().GetResult();

    /// <summary>
    /// Waits until the kernel has nothing left to do: every ended agent is cleaned up and the pool is full. Asks
    /// seldom, so as not to be what it has to do.
    /// </summary>
    public void Settle()
    {
        var deadline = Stopwatch.GetTimestamp() + (30 * Stopwatch.Frequency);
        while (!IsAtRest() && Stopwatch.GetTimestamp() < deadline)
        {
            Pause.For(30);
        }

        HostLoad.WaitForQuiet();
    }

    public StatusReply Status() => Client.StatusAsync().GetAwaiter().GetResult();

    public long ResidentBytes() => Memory("VmRSS:");

    /// <summary>What the kernel's own threads have used, user and system.</summary>
    public TimeSpan ProcessorTime()
    {
        _process.Refresh();
        return _process.TotalProcessorTime;
    }

    /// <summary>
    /// An idle kernel gives back what it does not need, after some seconds; until then the figure is of the runtime's
    /// garbage, and not of what is kept.
    /// </summary>
    public void WaitForTrim()
    {
        const int steadySeconds = 7;
        var (least, since) = (long.MaxValue, Stopwatch.GetTimestamp());
        while (Stopwatch.GetElapsedTime(since).TotalSeconds < steadySeconds)
        {
            Pause.For(500);
            var now = ResidentBytes();
            if (now < least - (256 * 1024))
            {
                (least, since) = (now, Stopwatch.GetTimestamp());
            }
        }
    }

    /// <summary>Ends it as a crash would; what it had on disk is there for the next.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
        Client.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _process.Dispose();
    }

    public void Dispose()
    {
        Client.ShutdownAsync(new Shutdown { GraceMs = 0 }).GetAwaiter().GetResult();
        _process.WaitForExit();
        Client.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _process.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private bool IsAtRest()
    {
        var status = Status();
        var sandboxes = status.PoolCreated + status.PoolPreloaded + status.RunningProcesses;
        return status is { PoolPreloaded: >= PoolSlots, PoolCreated: >= PoolSlots }
            && Directory.GetDirectories(Path.Combine(StateFolder, "run")).Length <= sandboxes;
    }

    private long Memory(string field)
    {
        var lines = File.ReadLines($"/proc/{Pid}/status");
        var line = lines.First(line => line.StartsWith(field, StringComparison.Ordinal));
        var kib = line[field.Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
        return long.Parse(kib, System.Globalization.CultureInfo.InvariantCulture) * 1024;
    }

    private async Task<string> Collect(SpawnReply agent)
    {
        using MemoryStream bytes = new();
        await foreach (var piece in Client.Logs(new Logs { Id = agent.Id, Follow = true }))
        {
            bytes.Write(piece.Bytes.Span);
        }

        return System.Text.Encoding.UTF8.GetString(bytes.ToArray());
    }
}
