using Analemma.Linux;
using Analemma.Sandbox.Bundles;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Sandbox.Oci;

/// <summary>One command run beside an agent. When it is cancelled its whole tree dies, and nothing else.</summary>
internal sealed class OciExec(OciRuntime runtime, Watcher watcher, string key, string file)
{
    private const int Sigkill = 9;
    private const int NotRun = 127;
    private const int SignalBase = 128;
    private const int ChunkBytes = 16 * 1024;
    private static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(1);

    public async Task<ExecResult> RunAsync(
        OciProcess process, IReadOnlyList<string> joinFiles, ExecOutput output, CancellationToken cancellationToken)
    {
        File.WriteAllBytes($"{file}.json", OciJson.Write(process));
        var (stdin, stdinWrite) = HostFiles.MakePipe(readBlocks: true);
        stdinWrite.Dispose();
        var (outRead, outWrite) = HostFiles.MakePipe(readBlocks: false);
        var (errRead, errWrite) = HostFiles.MakePipe(readBlocks: false);
        ChildProcess child;
        using (stdin)
        using (outWrite)
        using (errWrite)
        {
            RuntimeFiles files = new("", $"{file}.pid", $"{file}.log")
            {
                Stdin = stdin,
                Stdout = outWrite,
                Stderr = errWrite,
            };
            child = runtime.Exec(key, files, $"{file}.json", joinFiles);
        }

        using (child)
        {
            try
            {
                return await FollowAsync(child, outRead, errRead, output, cancellationToken);
            }
            finally
            {
                RemoveFiles();
            }
        }
    }

    private async Task<ExecResult> FollowAsync(
        ChildProcess child,
        SafeFileHandle outRead,
        SafeFileHandle errRead,
        ExecOutput output,
        CancellationToken cancellationToken)
    {
        SemaphoreSlim turn = new(1);
        using CancellationTokenSource reading = new();
        var pumps = Task.WhenAll(
            PumpAsync(outRead, 1, turn, output, reading.Token), PumpAsync(errRead, 2, turn, output, reading.Token));
        var ended = child.WaitAsync(watcher);
        await using (cancellationToken.Register(() => Kill(child)))
        {
            var status = await ended;

            // What the command left running in the background may hold the pipes for ever.
            await Task.WhenAny(pumps, Task.Delay(DrainMax, TimeProvider.System, CancellationToken.None));
            await reading.CancelAsync();
            await pumps;
            cancellationToken.ThrowIfCancellationRequested();
            return Result(status);
        }
    }

    // The runtime says 127 or so when the command cannot be run, and writes why into its log.
    private ExecResult Result(WaitStatus status)
    {
        var code = status.Code ?? (SignalBase + (status.Signal ?? 0));
        var isStarted = File.Exists($"{file}.pid");
        return isStarted || code is 126 or NotRun || status.Signal is not null
            ? new ExecResult(code)
            : throw new SandboxException($"cannot run a command in sandbox {key}: {OciRuntime.Complaint($"{file}.log")}");
    }

    private void Kill(ChildProcess child)
    {
        // The command's processes first: they are in the sandbox's pid namespace, where the runtime is not.
        if (int.TryParse(ProcFiles.TryRead($"{file}.pid"), out var pid))
        {
            ProcessTree.Kill(pid);
        }

        child.Handle.TrySignal(Sigkill);
    }

    private async Task PumpAsync(
        SafeFileHandle pipe, int stream, SemaphoreSlim turn, ExecOutput output, CancellationToken cancellationToken)
    {
        using (pipe)
        {
            var chunk = new byte[ChunkBytes];
            while (true)
            {
                var count = HostFiles.Read(pipe, chunk);
                if (count == 0 || (count < 0 && cancellationToken.IsCancellationRequested))
                {
                    return;
                }

                if (count < 0)
                {
                    await watcher.WhenReadable(pipe, cancellationToken);
                    continue;
                }

                await turn.WaitAsync(CancellationToken.None);
                await output(stream, chunk.AsMemory(0, count));
                turn.Release();
            }
        }
    }

    private void RemoveFiles()
    {
        foreach (var ending in (string[])["json", "pid", "log"])
        {
            File.Delete($"{file}.{ending}");
        }
    }
}
