using Analemma.Linux;

namespace Analemma.Sandbox.Notify;

/// <summary>
/// The listener's thread: one epoll over the socket, the connections of runtimes and every sandbox's filter. What a
/// child can bring about ends in dropping what it brought; a fault ends the loop, and <see cref="NotifyListener"/>
/// begins another over the same table.
/// </summary>
internal sealed class NotifyLoop : IDisposable
{
    private const int EventsMax = 64;
    private const int Backlog = 128;

    private readonly string _path;
    private readonly NotifyOptions _options;
    private readonly TimeProvider _time;
    private readonly NotifyTable _table;
    private readonly NotifyMailbox _mailbox;
    private readonly NotifyAnswer _answer;
    private readonly FilterHolder? _holder;
    private readonly Action<Exception>? _onFault;
    private readonly Epoll _epoll = new(EventsMax);
    private readonly OrderedDictionary<int, NotifyHandshake> _handshakes = [];
    private UnixSocket _socket;
    private long _socketCheck;
    private bool _woken;

    public NotifyLoop(
        string path, NotifyOptions options, TimeProvider time, NotifyTable table, NotifyMailbox mailbox,
        NotifyAnswer answer, FilterHolder? holder, Action<Exception>? onFault)
    {
        (_path, _options, _time, _table, _mailbox, _answer) = (path, options, time, table, mailbox, answer);
        (_holder, _onFault) = (holder, onFault);
        _socketCheck = NextCheck();
        _socket = Listen();
        _epoll.Add(_mailbox.Wake, Readiness.Read);
        foreach (var filter in table.Filters)
        {
            _epoll.Add(filter, Readiness.Read);
        }

        table.Closing = _epoll.Remove;
    }

    /// <summary>How often it woke.</summary>
    public long Turns { get; private set; }

    /// <summary>Serves until the mailbox says stop.</summary>
    public void Run()
    {
        while (!_mailbox.Stopped)
        {
            var count = _epoll.Wait(WaitMs());
            Turns++;
            for (var index = 0; index < count; index++)
            {
                var (descriptor, ready) = _epoll.Ready(index);
                Serve(descriptor, ready);
            }

            TakeMail();
            EndWindows();
            CheckSocket();
        }
    }

    public void Dispose()
    {
        _table.Closing = null;
        foreach (var handshake in _handshakes.Values)
        {
            handshake.Dispose();
        }

        _socket.Dispose();
        _epoll.Dispose();
    }

    private void Serve(int descriptor, Readiness ready)
    {
        if (_table.TryGet(descriptor, out var sandbox, out var filter))
        {
            // Hung up: the last process under this filter has ended.
            if (!ready.HasFlag(Readiness.Read) || !_answer.Next(sandbox, filter))
            {
                _table.Remove(descriptor);
            }
        }
        else if (_handshakes.TryGetValue(descriptor, out var handshake))
        {
            Advance(descriptor, handshake);
        }
        else if (descriptor == _socket.Number)
        {
            Accept();
        }
        else
        {
            _woken = true;
        }
    }

    private void Accept()
    {
        while (_socket.TryAccept(out _) is { } connection)
        {
            if (_handshakes.Count >= _options.HandshakesMax)
            {
                // The oldest is the least likely to be a runtime, which speaks at once.
                _handshakes.GetAt(0).Value.Dispose();
                _handshakes.RemoveAt(0);
            }

            _handshakes[connection.Number] = new NotifyHandshake(connection, _options.HandshakeBytesMax);
            _epoll.Add(connection, Readiness.Read);
        }
    }

    private void Advance(int descriptor, NotifyHandshake handshake)
    {
        if (handshake.Advance() is not { } end)
        {
            return;
        }

        _handshakes.Remove(descriptor);
        handshake.Dispose();
        if (end is { Key: { } key, Filter: { } filter } && TryWatch(key, filter) && _holder?.Keep(key, filter) == false)
        {
            _onFault?.Invoke(new SandboxException($"no room to hold the filter of {key}: it cannot be adopted later"));
        }
    }

    /// <summary>A descriptor that cannot be watched, such as a plain file's, is no filter.</summary>
    private bool TryWatch(string key, SeccompNotifyFd filter)
    {
        try
        {
            _epoll.Add(filter, Readiness.Read);
        }
        catch (LinuxException)
        {
            filter.Dispose();
            return false;
        }

        _table.Add(key, filter);
        return true;
    }

    /// <summary>After the batch, so that a number freed here cannot be mistaken for its next owner's event.</summary>
    private void TakeMail()
    {
        if (_woken)
        {
            _woken = false;
            _mailbox.Take(_table, (key, filter) => TryWatch(key, filter));
        }
    }

    private int WaitMs()
    {
        var first = _socketCheck;
        foreach (var window in _table.OpenWindows)
        {
            first = Math.Min(first, window.Ends);
        }

        var left = (double)(first - _time.GetTimestamp()) / _time.TimestampFrequency;
        return (int)Math.Ceiling(Math.Clamp(left, 0, _options.SocketCheck.TotalSeconds) * 1000);
    }

    private void EndWindows()
    {
        for (var index = _table.OpenWindows.Count - 1; index >= 0; index--)
        {
            if (_time.GetTimestamp() >= _table.OpenWindows[index].Ends)
            {
                _table.OpenWindows[index].Flush();
            }
        }
    }

    /// <summary>A socket whose file was removed hears nobody: without this, no new sandbox could start.</summary>
    private void CheckSocket()
    {
        if (_time.GetTimestamp() < _socketCheck)
        {
            return;
        }

        _socketCheck = NextCheck();
        CheckHolder();
        if (File.Exists(_path))
        {
            return;
        }

        _socket.Dispose();
        _socket = Listen();
    }

    private void CheckHolder()
    {
        try
        {
            _holder?.Repair();
        }
        catch (LinuxException failed)
        {
            _onFault?.Invoke(failed);
        }
    }

    private long NextCheck() =>
        _time.GetTimestamp() + (long)(_options.SocketCheck.TotalSeconds * _time.TimestampFrequency);

    private UnixSocket Listen()
    {
        File.Delete(_path);
        var socket = UnixSocket.Listen(_path, UnixFileMode.UserRead | UnixFileMode.UserWrite, Backlog);
        _epoll.Add(socket, Readiness.Read);
        return socket;
    }
}
