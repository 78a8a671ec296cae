using System.Runtime.CompilerServices;

namespace Analemma.Models.Http.Plain;

/// <summary>
/// One connection to a provider, for one call after the other. Who gives a call up, or waits too long, ends it: what is
/// waited for then fails, and nothing has to be told apart.
/// </summary>
internal sealed class PlainConnection : IDisposable
{
    private const int BufferBytes = 8 * 1024;

    private readonly Stream _stream;
    private readonly Deadline _deadline;
    private readonly TimeProvider _time;
    private readonly long _began;
    private readonly Action<PlainConnection> _done;
    private CancellationToken _caller;
    private byte[] _buffer = new byte[BufferBytes];
    private int _start;
    private int _end;
    private Task<int>? _ahead;
    private long _restsSince;
    private int _isDisposed;

    /// <param name="stream">Its own from now on.</param>
    /// <param name="time">The clock.</param>
    /// <param name="done">Takes it back when it can be used for another call.</param>
    public PlainConnection(Stream stream, TimeProvider time, Action<PlainConnection> done)
    {
        (_stream, _time, _done) = (stream, time, done);
        _began = time.GetTimestamp();
        _deadline = new Deadline(time);
        _deadline.Token.UnsafeRegister(static stream => ((Stream)stream!).Dispose(), stream);
    }

    /// <summary>What has been received and not taken.</summary>
    public ReadOnlySpan<byte> Received => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Its caller has, or has waited too long.</summary>
    public bool IsGivenUp => _deadline.Token.IsCancellationRequested;

    /// <summary>Nobody uses it: is it of use still?</summary>
    public bool IsFresh(TimeSpan life, TimeSpan rest) =>
        // What comes unasked is its end, or no answer to anybody.
        _ahead is { IsCompleted: false } && _time.GetElapsedTime(_began) < life
        && _time.GetElapsedTime(_restsSince) < rest;

    /// <summary>From now on it is used for this caller, who may give the call up.</summary>
    public void Heed(CancellationToken caller)
    {
        if (_caller != caller)
        {
            _caller = caller;
            _deadline.Heed(caller);
        }
    }

    public async ValueTask SendAsync(ReadOnlyMemory<byte> request, TimeSpan most)
    {
        try
        {
            var sending = _stream.WriteAsync(request);
            if (!sending.IsCompletedSuccessfully)
            {
                _deadline.Arm(most);
                await sending;
                _deadline.Disarm();
            }
        }
        catch (Exception lost) when (lost is IOException or ObjectDisposedException)
        {
            throw Lost(most, "an answer", lost)
                ?? new ProviderFault(ModelCallReason.Unreachable, "the connection was refused or lost", lost);
        }
    }

    /// <summary>The head of the answer.</summary>
    public async ValueTask<ResponseHead> ReadHeadAsync(TimeSpan most)
    {
        while (true)
        {
            if (_end > _start && ResponseHead.TryRead(Received, out var size) is { } head)
            {
                Skip(size);
                if (!head.IsInterim)
                {
                    return head;
                }

                if (head.Status == 101)
                {
                    throw ResponseHead.Wrong();
                }

                continue;
            }

            if (!await TryReceiveAsync(most, "an answer", isWithin: false))
            {
                throw new ProviderFault(ModelCallReason.Unreachable, "the connection ended before an answer");
            }
        }
    }

    /// <summary>Takes from what has been received.</summary>
    public int Take(Span<byte> into)
    {
        var count = Math.Min(into.Length, _end - _start);
        _buffer.AsSpan(_start, count).CopyTo(into);
        Skip(count);
        return count;
    }

    public void Skip(int count)
    {
        _start += count;
        if (_start == _end)
        {
            (_start, _end) = (0, 0);
        }
    }

    /// <summary>Receives more; false at the end.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> TryReceiveAsync(TimeSpan most, string what, bool isWithin = true)
    {
        MakeRoom();
        try
        {
            if (_ahead is { } ahead)
            {
                // Asked for before the call: whether there is something.
                _ahead = null;
                await WithinAsync(new ValueTask<int>(ahead), most);
            }

            var count = await WithinAsync(_stream.ReadAsync(_buffer.AsMemory(_end)), most);
            _end += count;
            return count > 0;
        }
        catch (Exception lost) when (lost is IOException or ObjectDisposedException)
        {
            throw Lost(most, what, lost) ?? (isWithin
                ? new ProviderFault(ModelCallReason.CutStream, "the connection ended within the answer", lost)
                : new ProviderFault(ModelCallReason.Unreachable, "the connection ended before an answer", lost));
        }
    }

    /// <summary>The answer is read.</summary>
    /// <param name="isKept">The server lets it be used again.</param>
    public void Done(bool isKept)
    {
        _caller = default;
        // More than was to come: whose answer that is nobody knows.
        if (!_deadline.TryLeave() || !isKept || _end > _start)
        {
            Dispose();
            return;
        }

        if (_buffer.Length > ResponseHead.BytesMax)
        {
            _buffer = new byte[BufferBytes];
        }

        _restsSince = _time.GetTimestamp();
        _ahead = _stream.ReadAsync(Memory<byte>.Empty).AsTask();
        _done(this);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _stream.Dispose();
            _deadline.Dispose();
        }
    }

    private ValueTask<int> WithinAsync(ValueTask<int> reading, TimeSpan most)
    {
        // What has come already needs no clock.
        return reading.IsCompletedSuccessfully ? reading : WaitAsync(reading, most);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> WaitAsync(ValueTask<int> reading, TimeSpan most)
    {
        _deadline.Arm(most);
        try
        {
            return await reading;
        }
        finally
        {
            _deadline.Disarm();
        }
    }

    private Exception? Lost(TimeSpan most, string what, Exception lost) =>
        _caller.IsCancellationRequested ? new OperationCanceledException("the call was given up", lost, _caller)
        : _deadline.HasPassed ? Deadline.TooLong(most, what, lost)
        : null;

    private void MakeRoom()
    {
        if (_end < _buffer.Length)
        {
            return;
        }

        if (_start > 0)
        {
            Received.CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            return;
        }

        // Only a head fills it: that has a bound.
        Array.Resize(ref _buffer, _buffer.Length * 2);
    }
}
