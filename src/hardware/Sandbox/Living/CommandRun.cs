using Analemma.Linux;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Sandbox.Living;

/// <summary>
/// Runs one child with its output on pipes and hands that on as it comes. Cancelled, it kills the command's whole tree
/// and nothing else.
/// </summary>
internal sealed class CommandRun(Watcher watcher, TimeProvider clock)
{
    private const int Sigkill = 9;
    private const int ChunkBytes = 16 * 1024;
    private static readonly TimeSpan ReapMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainMax = TimeSpan.FromSeconds(1);

    /// <param name="start">Starts the child with its three streams.</param>
    /// <param name="inner">The command's own first process, when that is another than the child.</param>
    /// <param name="output">Takes the output.</param>
    /// <param name="cancellationToken">Kills the command.</param>
    public async Task<WaitStatus> RunAsync(
        Func<SafeFileHandle, SafeFileHandle, SafeFileHandle, ChildProcess> start,
        Func<int?> inner,
        ExecOutput output,
        CancellationToken cancellationToken)
    {
        var (stdin, stdinWrite) = HostFiles.MakePipe(readBlocks: true);
        stdinWrite.Dispose();
        var (outRead, outWrite) = HostFiles.MakePipe(readBlocks: false);
        var (errRead, errWrite) = HostFiles.MakePipe(readBlocks: false);
        ChildProcess child;
        try
        {
            using (stdin)
            using (outWrite)
            using (errWrite)
            {
                child = start(stdin, outWrite, errWrite);
            }
        }
        catch
        {
            outRead.Dispose();
            errRead.Dispose();
            throw;
        }

        using (child)
        {
            return await FollowAsync(child, inner, (outRead, errRead), output, cancellationToken);
        }
    }

    private async Task<WaitStatus> FollowAsync(
        ChildProcess child,
        Func<int?> inner,
        (SafeFileHandle Out, SafeFileHandle Err) pipes,
        ExecOutput output,
        CancellationToken cancellationToken)
    {
        using SemaphoreSlim turn = new(1);
        using CancellationTokenSource reading = new();
        var pumps = Task.WhenAll(
            PumpAsync(pipes.Out, 1, turn, output, reading.Token), PumpAsync(pipes.Err, 2, turn, output, reading.Token));
        List<(int Pid, PidFd Handle)> killed = [];
        WaitStatus status;
        await using (cancellationToken.Register(() => killed.AddRange(Kill(child, inner()))))
        {
            status = await child.WaitAsync(watcher);
        }

        if (inner() is { } left && HostProcess.IsOrphan(left))
        {
            // Its runtime was killed by somebody else, for want of memory say: nobody follows it any more.
            killed.AddRange(ProcessTree.Kill(left));
        }

        if (killed.Count > 0)
        {
            // A frozen one ends later, and is reaped then.
            await Task.WhenAny(ReapAsync(killed), Task.Delay(ReapMax, clock, CancellationToken.None));
        }

        // What the command left running in the background may hold the pipes for ever.
        await Task.WhenAny(pumps, Task.Delay(DrainMax, clock, CancellationToken.None));
        await reading.CancelAsync();
        await pumps;
        cancellationToken.ThrowIfCancellationRequested();
        return status;
    }

    // The command's processes first: the runtime that waits for them would otherwise end and hide them.
    private static IReadOnlyList<(int Pid, PidFd Handle)> Kill(ChildProcess child, int? inner)
    {
        if (!child.Handle.TrySignal(0))
        {
            return [];
        }

        try
        {
            return ProcessTree.Kill(inner ?? child.Pid);
        }
        catch (LinuxException)
        {
            // No descriptor is left to hold them by, say. The child goes at least, and with the sandbox the rest.
            return [];
        }
        finally
        {
            child.Handle.TrySignal(Sigkill);
        }
    }

    // The runtime that would have reaped the first of them is dead, so it is our child now; and until it is reaped, the
    // init of its pid namespace, the agent, cannot end.
    private async Task ReapAsync(IReadOnlyList<(int Pid, PidFd Handle)> killed)
    {
        foreach (var (pid, handle) in killed)
        {
            using (handle)
            {
                await watcher.WhenReadable(handle.Number);
                HostProcess.ReapOrphan(pid);
            }
        }
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
                try
                {
                    await output(stream, chunk.AsMemory(0, count));
                }
                finally
                {
                    turn.Release();
                }
            }
        }
    }
}
