using System.Collections.Concurrent;
using System.Threading.Channels;
using Analemma.Daemon.Sockets;

namespace Analemma.Integration.Tests.Sockets;

/// <summary>A kernel that keeps what it is handed until the test answers it.</summary>
internal sealed class StubSink : ISyscallSink
{
    private readonly Channel<SyscallCall> _submitted = Channel.CreateUnbounded<SyscallCall>();
    private readonly Channel<SyscallCall> _cancelled = Channel.CreateUnbounded<SyscallCall>();

    /// <summary>Answers at once, on the arriving thread, when set.</summary>
    public Action<SyscallCall>? OnSubmit { get; init; }

    public ConcurrentDictionary<long, SyscallCall> Waiting { get; } = new();

    public void Submit(SyscallCall call)
    {
        Waiting[call.Id] = call;
        _submitted.Writer.TryWrite(call);
        OnSubmit?.Invoke(call);
    }

    public void Cancelled(SyscallCall call)
    {
        Waiting.TryRemove(call.Id, out _);
        _cancelled.Writer.TryWrite(call);
    }

    public ValueTask<SyscallCall> NextAsync() => _submitted.Reader.ReadAsync(TestContext.Current.CancellationToken);

    public ValueTask<SyscallCall> NextCancelledAsync() =>
        _cancelled.Reader.ReadAsync(TestContext.Current.CancellationToken);
}
