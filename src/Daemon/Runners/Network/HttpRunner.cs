using Analemma.Daemon.Loop;
using Analemma.Daemon.Sockets;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Storage.Secrets;
using Microsoft.Extensions.Logging;
using HttpCall = Analemma.Abi.Syscalls.Http;

namespace Analemma.Daemon.Runners.Network;

/// <summary>A call that the kernel's proxy makes for an agent, which carries its own exchange.</summary>
internal interface IRelayedCall
{
    /// <summary>Before anything else: false when it is over already.</summary>
    bool TryBegin();

    /// <summary>After everything else, if it had begun.</summary>
    void Leave();

    /// <summary>How its bytes come and go; of the body no more than the rule allows.</summary>
    IHttpCarrier CarrierFor(long requestBytesMax);

    /// <summary>Opens a tunnel, and stays until it ends.</summary>
    Task<NetworkDenial?> TunnelAsync(SendHttp send, TargetConnection targets, CancellationToken cancellationToken);
}

/// <summary>Sends the requests that rules allow. Each ends with one HttpEnded.</summary>
internal sealed class HttpRunner(
    TargetConnection targets,
    ISecretStore secrets,
    CallTable calls,
    BackgroundTasks tasks,
    TimeProvider time,
    Action<KernelEvent> post,
    ILogger log)
{
    public void Start(SendHttp send) => tasks.Run(stopping => RunAsync(send, stopping));

    private async Task RunAsync(SendHttp send, CancellationToken stopping)
    {
        NetworkDenial? denial = null;
        if (calls.Find(send.Call.Value) is { } call)
        {
            denial = await ServeAsync(send, call, calls.Watch(call, stopping));
            calls.Unwatch(call.Id);
            calls.Remove(call.Id);
        }

        post(new HttpEnded(send.Call, send.Process) { Denial = denial, At = time.GetUtcNow().UtcTicks });
    }

    private async Task<NetworkDenial?> ServeAsync(SendHttp send, SyscallCall call, CancellationToken taken)
    {
        if (call is IRelayedCall relayed)
        {
            return relayed.TryBegin() ? await RelayAsync(send, relayed, taken) : null;
        }

        return call.Syscall is HttpCall http
            ? await CarryAsync(send, new SyscallCarrier(call, http), taken)
            : throw new KernelPanicException($"{call.Syscall.Number} is no request");
    }

    private async Task<NetworkDenial?> RelayAsync(SendHttp send, IRelayedCall relayed, CancellationToken taken)
    {
        try
        {
            return send.IsTunnel
                ? await relayed.TunnelAsync(send, targets, taken)
                : await CarryAsync(send, relayed.CarrierFor(send.Rule.RequestBytes), taken);
        }
        finally
        {
            relayed.Leave();
        }
    }

    private async Task<NetworkDenial?> CarryAsync(SendHttp send, IHttpCarrier carrier, CancellationToken taken)
    {
        using CancellationTokenSource due = send.DueAt is { } at
            ? new(TimeSpan.FromTicks(Math.Max(0, at - time.GetUtcNow().UtcTicks)), time)
            : new();
        return await new HttpExchange(send, carrier, targets, secrets, log).RunAsync(due.Token, taken);
    }
}
