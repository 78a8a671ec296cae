using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;

namespace Analemma.Fuzz;

/// <summary>
/// A kernel that answers everything, at once or from another thread, with an answer, a refusal or a stream.
/// </summary>
internal sealed class StubKernel : ISyscallSink
{
    private long _submitted;
    private long _cancelled;

    public long Submitted => Interlocked.Read(ref _submitted);

    public long Cancelled => Interlocked.Read(ref _cancelled);

    public void Submit(SyscallCall call)
    {
        Interlocked.Increment(ref _submitted);
        switch (call.Id % 5)
        {
            case 0:
                call.Fail(new SysError(SysErrorCode.NoSuchProcess, "nobody", "look again"));
                break;
            case 1:
                ThreadPool.UnsafeQueueUserWorkItem(static call => call.Reply(ReplyTo(call.Syscall)), call, true);
                break;
            case 2:
                ThreadPool.UnsafeQueueUserWorkItem(static call => _ = StreamAsync(call), call, false);
                break;
            default:
                call.Reply(ReplyTo(call.Syscall));
                break;
        }
    }

    void ISyscallSink.Cancelled(SyscallCall call) => Interlocked.Increment(ref _cancelled);

    private static async Task StreamAsync(SyscallCall call)
    {
        if (call.Syscall is Exec or Read or Logs)
        {
            await call.SendRawAsync(new byte[] { 1, 0xFF, (byte)'x' }, CancellationToken.None);
        }

        call.Reply(ReplyTo(call.Syscall));
    }

    private static Reply ReplyTo(Syscall syscall)
    {
        ProcessId id = new(3);
        return syscall switch
        {
            Exec => new ExecReply(0),
            Read => new ReadReply(2, 2),
            Write => new WriteReply(1),
            Spawn => new SpawnReply(id, "a", 1, "running"),
            Kill => new KillReply(true, id),
            List => new ListReply([new ProcessView(id, "a", ProcessState.Running)]),
            Pause or Resume => new PauseReply(id, ProcessState.Running),
            _ => new StatusReply("0", 1, "s"),
        };
    }
}
