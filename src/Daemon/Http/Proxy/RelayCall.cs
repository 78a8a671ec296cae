using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Runners.Network;
using Analemma.Daemon.Sockets;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Network;

namespace Analemma.Daemon.Http.Proxy;

/// <summary>
/// A request that the proxy makes for an agent, while the kernel decides and the runner carries it. It ends once: with
/// null when all went its way, else with the refusal.
/// </summary>
internal abstract class RelayCall(long id, Peer peer, Relay relay) : SyscallCall(id, peer, relay)
{
    private readonly TaskCompletionSource<SysError?> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private bool _begun;

    /// <summary>Never faults.</summary>
    public Task<SysError?> End => _end.Task;

    /// <summary>Completes when no runner uses the agent's connection any more. To be asked for after the end.</summary>
    public Task Left
    {
        get
        {
            lock (_gate)
            {
                return _begun ? _left.Task : Task.CompletedTask;
            }
        }
    }

    public override bool IsOver => _end.Task.IsCompleted;

    public override void Reply(Reply reply) => _end.TrySetResult(null);

    public override void Fail(SysError error) => _end.TrySetResult(error);

    /// <summary>True for the one who ends it.</summary>
    public bool TryEnd(SysError error)
    {
        lock (_gate)
        {
            return _end.TrySetResult(error);
        }
    }

    /// <summary>For the runner, before it uses the agent's connection: false when it is over already.</summary>
    public bool TryBegin()
    {
        lock (_gate)
        {
            _begun |= !IsOver;
            return _begun;
        }
    }

    /// <summary>For the runner that has begun, when it has done.</summary>
    public void Leave() => _left.TrySetResult();

    public override ValueTask<bool> SendRawAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        new(false);

    public override bool TrySendEvent(EventView piece) => false;
}

/// <summary>One whose method and path are seen.</summary>
internal sealed class RequestCall(long id, Peer peer, Relay relay, Func<RequestCall, long, IHttpCarrier> carrier)
    : RelayCall(id, peer, relay), IRelayedCall
{
    public IHttpCarrier CarrierFor(long requestBytesMax) => carrier(this, requestBytesMax);

    public Task<NetworkDenial?> TunnelAsync(
        SendHttp send, TargetConnection targets, CancellationToken cancellationToken) =>
        throw new Kernel.KernelPanicException("a request is no tunnel");
}

/// <summary>Begins calls of the proxy, and takes them back when the agent hangs up.</summary>
internal sealed class RelayCalls(ISyscallSink sink, Func<long> nextCallId)
{
    private static readonly SysError HungUp = new(SysErrorCode.Cancelled, "the agent has hung up");

    public long NextId() => nextCallId();

    /// <summary>Completes when the call has ended, with its refusal if it has one.</summary>
    public async Task<SysError?> RunAsync(RelayCall call, CancellationToken aborted)
    {
        sink.Submit(call);
        await using (aborted.UnsafeRegister(_ => TakeBack(call), null))
        {
            return await call.End;
        }
    }

    private void TakeBack(RelayCall call)
    {
        if (call.TryEnd(HungUp))
        {
            sink.Cancelled(call);
        }
    }
}
