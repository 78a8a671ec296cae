using Analemma.Linux;
using Analemma.Sandbox.Seccomp;

namespace Analemma.Sandbox.Notify;

// THE LISTENER
//
// One Unix socket and one thread for all sandboxes. A container's runtime hands over the descriptor of its filter; from
// then on the thread answers its notified syscalls (see NotifyAnswer) and reports what the sandbox refuses.
//
// It reports; it never enforces. Should it be lost, callers of notified syscalls wait until it is back, and once its
// descriptors are closed the kernel answers ENOSYS: both refuse more, not less. Its loss is seen by the supervisor
// below, which begins a new socket and a new thread over the same table, so that no sandbox notices but by a pause.

/// <summary>Sees denied attempts of every sandbox, owned by the daemon.</summary>
public sealed class NotifyListener : IAsyncDisposable
{
    private static readonly TimeSpan RestartDelay = TimeSpan.FromMilliseconds(20);

    private readonly NotifyOptions _options;
    private readonly TimeProvider _time;
    private readonly NotifyTable _table;
    private readonly NotifyMailbox _mailbox = new();
    private readonly NotifyAnswer _answer = new(new NotifyRules(SeccompProfile.Agent, SyscallNumbers.Native));
    private readonly Action<Exception>? _onFault;
    private readonly FilterHolder? _holder;
    private readonly Task _supervisor;
    private volatile NotifyLoop _loop = null!;
    private int _disposed;

    /// <summary>
    /// Listens at once; a socket that cannot be made is a <see cref="LinuxException"/>. The sink is called on the
    /// listener's thread. The fault handler hears of each loss of that thread, which is repaired by itself. Every
    /// filter is given to the holder too, which stays the caller's.
    /// </summary>
    public NotifyListener(
        string socketPath,
        DeniedSink sink,
        TimeProvider time,
        NotifyOptions? options = null,
        Action<Exception>? onFault = null,
        FilterHolder? holder = null)
    {
        SocketPath = socketPath;
        _options = options ?? new NotifyOptions();
        _time = time;
        _onFault = onFault;
        _holder = holder;
        _table = new NotifyTable(_options, time, sink);
        _supervisor = SuperviseAsync(NewLoop());
    }

    /// <summary>For <see cref="SeccompOptions.ListenerPath"/>.</summary>
    public string SocketPath { get; }

    /// <summary>Notified syscalls answered so far.</summary>
    public long Answered => _answer.Answered;

    /// <summary>How often the thread woke: no more than there is to do.</summary>
    internal long Turns => _loop.Turns;

    /// <summary>
    /// Ends listening to a sandbox that has ended. One that has not would fail at each notified call.
    /// </summary>
    public void Forget(string key) => _mailbox.Forget(key);

    /// <summary>
    /// Listens to what the holder kept of an earlier kernel's sandboxes that are wanted; to others nobody will.
    /// </summary>
    public void Adopt(Func<string, bool> isWanted)
    {
        foreach (var (key, filters) in _holder?.TakeFound() ?? new Dictionary<string, List<SeccompNotifyFd>>())
        {
            foreach (var filter in filters)
            {
                if (isWanted(key))
                {
                    _mailbox.Adopt(key, filter);
                }
                else
                {
                    filter.Dispose();
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        _mailbox.Stop();
        await _supervisor;
        _table.Dispose();
        _mailbox.Dispose();
        File.Delete(SocketPath);
    }

    private async Task SuperviseAsync(NotifyLoop first)
    {
        for (var loop = first; loop is not null; loop = await RestartAsync())
        {
            var serving = Task.Factory.StartNew(
                loop.Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

            // Whatever ends the thread is seen here, unthrown; a fault of ours must not end what the sandboxes rely on.
            await Task.WhenAny(serving);
            loop.Dispose();
            if (serving.Exception is { } fault)
            {
                _onFault?.Invoke(fault.InnerException ?? fault);
            }
        }
    }

    /// <summary>A new socket and thread, as soon as they can be had; null when it is time to stop.</summary>
    private async Task<NotifyLoop?> RestartAsync()
    {
        while (!_mailbox.Stopped)
        {
            await Task.Delay(RestartDelay, _time, CancellationToken.None);
            try
            {
                return NewLoop();
            }
            catch (LinuxException fault)
            {
                _onFault?.Invoke(fault);
            }
            catch (IOException fault)
            {
                _onFault?.Invoke(fault);
            }
        }

        return null;
    }

    private NotifyLoop NewLoop() => _loop =
        new NotifyLoop(SocketPath, _options, _time, _table, _mailbox, _answer, _holder, _onFault);
}
