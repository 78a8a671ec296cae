using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Sockets;
using Analemma.Kernel.Effects;
using Analemma.Linux;
using Analemma.Sandbox;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Daemon.Runners.Pipes;

/// <summary>
/// Moves bytes between connections and pipes, and gives ends of pipes to sandboxes. A pipe is made when it is first
/// needed: one that is only opened costs no descriptor.
/// </summary>
internal sealed class PipeRunner(
    CallTable calls, BackgroundTasks tasks, Lazy<Watcher> watcher, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<long, HostPipe> _pipes = new();

    public void Start(Effect effect)
    {
        switch (effect)
        {
            case UsePipe use when calls.Find(use.Call.Value) is { } call:
                // Now, while it is open: what runs later must not make one for an id that is closed.
                var pipe = Of(use.Syscall.Pipe);
                tasks.Run(stopping => WatchedAsync(call, pipe, use.Syscall, stopping));
                break;
            case ClosePipeEnd { IsLast: true } close:
                if (_pipes.TryRemove(close.Pipe, out var gone))
                {
                    gone.Dispose();
                }

                break;
            case ClosePipeEnd close:
                Of(close.Pipe).End(close.IsReader).Dispose();
                break;
            case DropPipes:
                Dispose();
                break;
        }
    }

    /// <summary>Those that a launch takes ends of later. Before anything that may close them.</summary>
    public void Hold(long? input, long? output)
    {
        foreach (var id in (long?[])[input, output])
        {
            if (id is { } pipe)
            {
                Of(pipe);
            }
        }
    }

    /// <summary>Takes the ends that are to be a new process's streams; null when it has none.</summary>
    /// <exception cref="SandboxException">One has been closed meanwhile.</exception>
    public async Task<StreamEnds?> TakeAsync(long? input, long? output, CancellationToken cancellationToken)
    {
        if (input is null && output is null)
        {
            return null;
        }

        var read = input is { } from ? await TakeAsync(from, isReader: true, cancellationToken) : null;
        try
        {
            var write = output is { } to ? await TakeAsync(to, isReader: false, cancellationToken) : null;
            return new StreamEnds(read, write);
        }
        catch
        {
            read?.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var id in _pipes.Keys)
        {
            if (_pipes.TryRemove(id, out var pipe))
            {
                pipe.Dispose();
            }
        }
    }

    private async Task<SafeFileHandle> TakeAsync(long id, bool isReader, CancellationToken cancellationToken)
    {
        if (_pipes.TryGetValue(id, out var pipe))
        {
            pipe.Open();
            if (await pipe.End(isReader).TakeAsync(cancellationToken) is { } end)
            {
                return end;
            }
        }

        throw new SandboxException($"pipe {id} was closed before it could be a stream");
    }

    private HostPipe Of(long id) => _pipes.GetOrAdd(id, _ => new HostPipe());

    private async Task WatchedAsync(
        SyscallCall call, HostPipe pipe, PipeSyscall syscall, CancellationToken stopping)
    {
        try
        {
            pipe.Open();
            await UseAsync(call, pipe.End(syscall is PipeRead), syscall, calls.Watch(call, stopping));
        }
        catch (LinuxException failed)
        {
            call.Fail(failed.Errno == Errno.EPIPE
                ? Closed(syscall.Pipe, "nobody reads pipe") : new SysError(SysErrorCode.IoFailed, failed.Message));
        }
        finally
        {
            calls.Remove(call.Id);
            calls.Unwatch(call.Id);
        }
    }

    private async Task UseAsync(
        SyscallCall call, HostPipeEnd end, PipeSyscall syscall, CancellationToken cancellationToken)
    {
        var timeoutMs = syscall is PipeWrite write ? write.TimeoutMs : ((PipeRead)syscall).TimeoutMs;
        using var timer = timeoutMs is { } ms
            ? new CancellationTokenSource(TimeSpan.FromMilliseconds(ms), time) : new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken, end.Closed);
        var isMyTurn = false;
        try
        {
            isMyTurn = end.Turn.Wait(0, CancellationToken.None);
            if (!isMyTurn)
            {
                await end.Turn.WaitAsync(either.Token);
                isMyTurn = true;
            }

            var outcome = syscall is PipeWrite sent
                ? await WriteAsync(end, sent, either.Token)
                : await ReadAsync(call, end, (PipeRead)syscall, either.Token);
            if (outcome is not null)
            {
                call.Reply(outcome);
                return;
            }

            FailWaiting(call, syscall.Pipe, timeoutMs, end, timer.IsCancellationRequested);
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException)
        {
            FailWaiting(call, syscall.Pipe, timeoutMs, end, timer.IsCancellationRequested);
        }
        finally
        {
            if (isMyTurn)
            {
                end.Turn.Release();
            }
        }
    }

    private static void FailWaiting(SyscallCall call, long pipe, long? timeoutMs, HostPipeEnd end, bool isLate) =>
        call.Fail(end.Closed.IsCancellationRequested ? Closed(pipe, "the end is closed of pipe")
            : !isLate ? new SysError(SysErrorCode.Cancelled, "taken back by the client, or the kernel is stopping")
            : timeoutMs == 0
                ? new SysError(SysErrorCode.TryAgain, $"pipe {pipe} has nothing to read, or no room, now")
                : new SysError(SysErrorCode.TimedOut, $"pipe {pipe} did not become ready within {timeoutMs} ms"));

    private static SysError Closed(long pipe, string what) => new(SysErrorCode.PipeClosed, $"{what} {pipe} any more");

    /// <summary>Null when nothing could be written in time.</summary>
    private async Task<Reply?> WriteAsync(HostPipeEnd end, PipeWrite write, CancellationToken cancellationToken)
    {
        var bytes = write.Encoding == "base64"
            ? Convert.FromBase64String(write.Content) : Encoding.UTF8.GetBytes(write.Content);
        var written = 0;
        while (written < bytes.Length)
        {
            switch (end.Write(bytes.AsSpan(written)))
            {
                case null:
                    return null;
                case -1 when cancellationToken.IsCancellationRequested:
                    return written > 0 ? new PipeWriteReply(written) : null;
                case -1:
                    await end.WhenReady(watcher.Value, isReader: false, cancellationToken);
                    break;
                case { } count:
                    written += count;
                    break;
            }
        }

        return new PipeWriteReply(written);
    }

    /// <summary>Null when nothing came in time.</summary>
    private async Task<Reply?> ReadAsync(
        SyscallCall call, HostPipeEnd end, PipeRead read, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(DaemonLimits.PieceBytes);
        var total = 0L;
        var most = read.Follow == true ? long.MaxValue : read.Max ?? Kernel.Limits.PipeBytesPerCallMax;
        try
        {
            while (true)
            {
                var room = Math.Min(buffer.Length, most - total);
                var count = room == 0 ? -1 : end.Read(buffer.AsSpan(0, (int)room));
                switch (count)
                {
                    case null:
                        return null;
                    case 0:
                        return new PipeReadReply(total, Eof: true);
                    case -1 when read.Follow != true && total > 0:
                        return new PipeReadReply(total, Eof: false);
                    case -1 when cancellationToken.IsCancellationRequested:
                        return null;
                    case -1:
                        await end.WhenReady(watcher.Value, isReader: true, cancellationToken);
                        break;
                    default:
                        total += count.Value;
                        if (!await call.SendRawAsync(buffer.AsMemory(0, count.Value), cancellationToken))
                        {
                            return null;
                        }

                        break;
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
