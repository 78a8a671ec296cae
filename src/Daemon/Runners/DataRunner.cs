using System.Buffers;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Sockets;
using Analemma.Kernel.Effects;
using Analemma.Linux;
using Analemma.Sandbox;

namespace Analemma.Daemon.Runners;

/// <summary>
/// Runs EXEC, READ, WRITE, FILES and LOGS: bytes between a sandbox and a connection, past the kernel.
/// </summary>
internal sealed class DataRunner(LiveSandboxes live, CallTable calls, BackgroundTasks tasks, TimeProvider time)
{
    public void Start(Perform perform)
    {
        if (calls.Find(perform.Call.Value) is { } call)
        {
            tasks.Run(stopping => WatchedAsync(call, perform, stopping));
        }
    }

    private async Task WatchedAsync(SyscallCall call, Perform perform, CancellationToken stopping)
    {
        await RunAsync(call, perform, calls.Watch(call, stopping));
        calls.Unwatch(call.Id);
    }

    private async Task RunAsync(SyscallCall call, Perform perform, CancellationToken cancellationToken)
    {
        try
        {
            if (!live.TryGet(perform.Process, out var sandbox))
            {
                call.Fail(SysError.NoSuchProcess($"{perform.Process} with files or output kept"));
                return;
            }

            call.Reply(perform.Syscall switch
            {
                Exec exec => await ExecAsync(call, sandbox, exec, cancellationToken),
                Read read => await ReadAsync(call, sandbox, read, cancellationToken),
                Write write => await WriteAsync(sandbox, write, cancellationToken),
                Files files => List(sandbox, files),
                Logs logs => await LogsAsync(call, sandbox, logs, cancellationToken),
                _ => throw new Kernel.KernelPanicException($"{perform.Syscall.Number} is no data syscall"),
            });
        }
        catch (FileNotFoundException missing)
        {
            call.Fail(new SysError(SysErrorCode.NoSuchFile, missing.Message));
        }
        catch (DirectoryNotFoundException missing)
        {
            call.Fail(new SysError(SysErrorCode.NoSuchFile, missing.Message));
        }
        catch (IOException full) when (full.HResult == Errno.ENOSPC)
        {
            call.Fail(new SysError(
                SysErrorCode.LimitExceeded,
                $"there is no room left in /work of process {perform.Process}",
                "remove files there, or spawn with larger limits.work_bytes"));
        }
        catch (UnauthorizedAccessException refused)
        {
            call.Fail(SysError.PermissionDenied(refused.Message, "paths are confined to /work"));
        }
        catch (FormatException wrong)
        {
            call.Fail(SysError.InvalidArgument($"content: {wrong.Message}"));
        }
        catch (Exception failed) when (failed is IOException or SandboxException)
        {
            call.Fail(new SysError(SysErrorCode.IoFailed, failed.Message, (failed as SandboxException)?.Hint));
        }
        catch (OperationCanceledException)
        {
            call.Fail(new SysError(SysErrorCode.Cancelled, "taken back by the client, or the kernel is stopping"));
        }
        finally
        {
            calls.Remove(call.Id);
        }
    }

    private async Task<Reply> ExecAsync(
        SyscallCall call, ISandbox sandbox, Exec exec, CancellationToken cancellationToken)
    {
        var timeout = exec.TimeoutMs is { } ms ? TimeSpan.FromMilliseconds(ms) : DaemonLimits.ExecTimeout;
        using var timer = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        var request = new ExecRequest(
            exec.Argv is { Count: > 0 } argv ? argv : ["/bin/sh", "-c", exec.Command!],
            exec.Env ?? new Dictionary<string, string>(),
            exec.Cwd ?? "/work");
        var sent = 0L;
        var truncated = false;
        try
        {
            var result = await sandbox.ExecAsync(request, SendAsync, either.Token);
            return new ExecReply(result.ExitCode) { Truncated = truncated };
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested)
        {
            return new ExecReply(124) { TimedOut = true, Truncated = truncated };
        }

        async ValueTask SendAsync(int stream, ReadOnlyMemory<byte> bytes)
        {
            sent += bytes.Length;
            truncated |= sent > DaemonLimits.ExecOutputBytesMax;
            if (!truncated)
            {
                await SendPieceAsync(call, stream, bytes, either.Token);
            }
        }
    }

    private static async Task<Reply> ReadAsync(
        SyscallCall call, ISandbox sandbox, Read read, CancellationToken cancellationToken)
    {
        await using var file = sandbox.Work.OpenRead(read.Path);
        var size = file.Length;
        file.Seek(Math.Min(read.Offset, size), SeekOrigin.Begin);
        var left = read.Length ?? long.MaxValue;
        var total = 0L;
        var buffer = ArrayPool<byte>.Shared.Rent(DaemonLimits.PieceBytes);
        try
        {
            while (left > 0)
            {
                var wanted = (int)Math.Min(left, DaemonLimits.PieceBytes);
                var count = await file.ReadAsync(buffer.AsMemory(0, wanted), cancellationToken);
                if (count == 0 || !await call.SendRawAsync(buffer.AsMemory(0, count), cancellationToken))
                {
                    break;
                }

                total += count;
                left -= count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return new ReadReply(size, total);
    }

    private static async Task<Reply> WriteAsync(ISandbox sandbox, Write write, CancellationToken cancellationToken)
    {
        var bytes = write.Encoding == "base64"
            ? Convert.FromBase64String(write.Content)
            : System.Text.Encoding.UTF8.GetBytes(write.Content);
        await using var file = sandbox.Work.OpenWrite(write.Path, write.Mode == "append", write.FileMode ?? 0x1A4);
        await file.WriteAsync(bytes, cancellationToken);
        return new WriteReply(bytes.Length);
    }

    private static FilesReply List(ISandbox sandbox, Files files)
    {
        var (isFolder, entries) = sandbox.Work.List(files.Path);
        return new FilesReply(isFolder, entries);
    }

    private static async Task<Reply> LogsAsync(
        SyscallCall call, ISandbox sandbox, Logs logs, CancellationToken cancellationToken)
    {
        var total = 0L;
        var dropped = await sandbox.Logs.ReadAsync(SendAsync, logs.Tail, logs.Follow, cancellationToken);
        return new LogsReply(total, dropped);

        async ValueTask SendAsync(int stream, ReadOnlyMemory<byte> bytes)
        {
            total += bytes.Length;
            await SendPieceAsync(call, stream, bytes, cancellationToken);
        }
    }

    /// <summary>A piece of output: the stream's number and then its bytes.</summary>
    private static async ValueTask SendPieceAsync(
        SyscallCall call, int stream, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var piece = ArrayPool<byte>.Shared.Rent(bytes.Length + 1);
        try
        {
            piece[0] = (byte)stream;
            bytes.CopyTo(piece.AsMemory(1));
            if (!await call.SendRawAsync(piece.AsMemory(0, bytes.Length + 1), cancellationToken))
            {
                throw new OperationCanceledException("the client has gone");
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(piece);
        }
    }
}
