using System.Collections.Concurrent;
using Analemma.Linux;
using Analemma.Sandbox.Bundles;
using Analemma.Sandbox.Cgroups;
using Analemma.Sandbox.Living;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Sandbox.Unsandboxed;

/// <summary>
/// No sandbox: plain children of the kernel, as its own user, in a session and, where they can be had, cgroups of their
/// own. For agents that were asked by name to run so. The paths that an agent would see inside are translated to the
/// host's, so that the same program runs.
/// </summary>
internal sealed class HostLauncher(string? sdkFolder, CommandRun run) : ILauncher
{
    private const string Shell = "/bin/sh";
    private const int SignalBase = 128;

    // Reading its input holds it; the end of the input, without a line, means that the kernel has gone.
    private const string JoinWaitRun = CgroupFiles.JoinScript
        + "read -r go || exit 125; cd \"$1\" || exit 125; shift; exec \"$@\"";

    private const string JoinRun = CgroupFiles.JoinScript + "exec \"$@\"";

    private readonly ConcurrentDictionary<string, SafeFileHandle> _gates = new(StringComparer.Ordinal);

    public string Name => "unsandboxed";

    public bool HasPidNamespace => false;

    public string? LoopbackLack => "an agent without a sandbox has the host's network";

    public AgentIdentity Identity(uint uid) => new(HostProcess.UserId, HostProcess.UserId, uid);

    public Task<int> CreateAsync(Launching launching)
    {
        var folders = launching.Folders;
        Directory.CreateDirectory(folders.WorkCopy);
        var policy = launching.Policy;
        var (stdin, gate) = HostFiles.MakePipe(readBlocks: true);
        using (stdin)
        {
            using var child = ChildProcess.Start(new ChildStart(Shell, [
                Shell, "-c", JoinWaitRun, "sh", .. launching.Cgroup.JoinFiles, "--",
                Translate(policy.Cwd, folders), .. policy.Argv.Select(word => Translate(word, folders)),
            ])
            {
                Env = Environment(policy.Env, folders),
                Stdin = stdin,
                Stdout = launching.Stdout,
                Stderr = launching.Stderr,
                NewSession = true,
            });
            _gates[policy.Key] = gate;
            return Task.FromResult(child.Pid);
        }
    }

    public Task StartAsync(SandboxRecord record, SandboxFolders folders)
    {
        if (_gates.TryRemove(record.Key, out var gate))
        {
            using (gate)
            {
                HostFiles.Write(gate, "go\n"u8);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>A held one does not outlive the kernel that holds it.</summary>
    public bool IsHeld(SandboxRecord record, SandboxFolders folders) => false;

    public async Task<ExecResult> ExecAsync(
        Executing executing, ExecOutput output, CancellationToken cancellationToken)
    {
        var (folders, request) = (executing.Folders, executing.Request);
        ProgramSearch.RequireFolder(System.Environment.ProcessId, Translate(request.Cwd, folders));
        var status = await run.RunAsync(
            (stdin, stdout, stderr) => ChildProcess.Start(new ChildStart(Shell, [
                Shell, "-c", JoinRun, "sh", .. executing.JoinFiles, "--",
                .. CommandWords.For([.. request.Argv.Select(word => Translate(word, folders))]),
            ])
            {
                Env = Environment(request.Env, folders),
                Stdin = stdin,
                Stdout = stdout,
                Stderr = stderr,
                Cwd = Translate(request.Cwd, folders),
                NewSession = true,
            }),
            () => null,
            output,
            cancellationToken);
        return new ExecResult(status.Code ?? (SignalBase + (status.Signal ?? 0)));
    }

    public Task DeleteAsync(string key, bool areDead)
    {
        if (_gates.TryRemove(key, out var gate))
        {
            gate.Dispose();
        }

        return Task.CompletedTask;
    }

    public string WorkPath(int pid, SandboxFolders folders) => folders.WorkCopy;

    public string? TmpPath(int pid) => null;

    private Dictionary<string, string> Environment(IReadOnlyDictionary<string, string> env, SandboxFolders folders)
    {
        var all = env.ToDictionary(pair => pair.Key, pair => Translate(pair.Value, folders));
        all.TryAdd("PATH", "/usr/local/bin:/usr/bin:/bin");
        all.TryAdd("HOME", folders.WorkCopy);
        all.TryAdd("LANG", "C.UTF-8");
        if (sdkFolder is not null)
        {
            all.TryAdd("PYTHONPATH", sdkFolder);
        }

        return all;
    }

    private string Translate(string text, SandboxFolders folders) =>
        Replaced(text, "/work", folders.WorkCopy)
        ?? Replaced(text, OciBundle.RunFolder, folders.Run)
        ?? (sdkFolder is null ? null : Replaced(text, OciBundle.SdkFolder, sdkFolder))
        ?? text;

    private static string? Replaced(string text, string inside, string host) =>
        text == inside || text.StartsWith($"{inside}/", StringComparison.Ordinal)
            ? $"{host}{text[inside.Length..]}"
            : null;
}
