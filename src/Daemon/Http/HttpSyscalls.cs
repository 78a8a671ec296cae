using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Sockets;

namespace Analemma.Daemon.Http;

/// <summary>Makes syscalls of requests, by the way that every syscall goes.</summary>
internal sealed class HttpSyscalls(ISyscallSink sink, Func<long> nextCallId, ISyscallWatch? watch = null)
{
    private static readonly SysError HungUp = new(SysErrorCode.Cancelled, "the client has hung up");

    /// <summary>
    /// Begins a syscall of this caller. It is taken back when the client hangs up; dispose of what is returned when its
    /// end is known, or no longer wanted.
    /// </summary>
    public HttpSyscall Begin(HttpCaller caller, Syscall syscall, CancellationToken aborted)
    {
        HttpCall call = new(nextCallId(), new Peer(caller.Identity.Process, 0, 0), syscall) { Watch = watch };
        sink.Submit(call);
        return new HttpSyscall(call, this, aborted);
    }

    /// <summary>
    /// The same for who does nothing more before the end and holds no thread for long after: what the syscall begins
    /// is done on this thread, and what is done with its answer where that comes from.
    /// </summary>
    public HttpSyscall BeginInline(HttpCaller caller, Syscall syscall, CancellationToken aborted)
    {
        HttpCall call = new(nextCallId(), new Peer(caller.Identity.Process, 0, 0), syscall)
        {
            Watch = watch,
            GoesOnInline = true,
        };
        AfterTurn.Offer((sink, call), static begin => begin.sink.Submit(begin.call));
        return new HttpSyscall(call, this, aborted);
    }

    private void TakeBack(HttpCall call)
    {
        if (call.Finish(HungUp))
        {
            sink.Cancelled(call);
        }
    }

    /// <summary>One that is under way.</summary>
    public readonly struct HttpSyscall : IDisposable
    {
        private readonly HttpSyscalls _all;
        private readonly CancellationTokenRegistration _registered;

        internal HttpSyscall(HttpCall call, HttpSyscalls all, CancellationToken aborted)
        {
            (Call, _all) = (call, all);
            _registered = aborted.UnsafeRegister(
                static state =>
                {
                    var (call, all) = ((HttpCall, HttpSyscalls))state!;
                    all.TakeBack(call);
                },
                (call, all));
        }

        public HttpCall Call { get; }

        /// <summary>Takes it back, if it is not over.</summary>
        public void Dispose()
        {
            _registered.Dispose();
            _all.TakeBack(Call);
        }
    }
}
