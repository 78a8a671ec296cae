using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Client;

// Events that are asked for, and told. Those that are streamed are in KernelClient.cs.
public sealed partial class KernelClient
{
    /// <summary>Has what happens from now on kept for <see cref="PollEventsAsync"/>, rather than streamed.</summary>
    /// <param name="subscribe">Default: everything the caller may see. Adds to what stands already.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<SubscribeReply> SubscribeAsync(
        Subscribe? subscribe = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            (subscribe ?? new Subscribe()) with { Stream = false },
            AbiJsonContext.Default.Subscribe,
            AbiJsonContext.Default.SubscribeReply,
            cancellationToken);

    /// <summary>Ends what <see cref="SubscribeAsync"/> began, or takes types out of it.</summary>
    /// <param name="unsubscribe">Default: all of it.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<UnsubscribeReply> UnsubscribeAsync(
        Unsubscribe? unsubscribe = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            unsubscribe ?? new Unsubscribe(),
            AbiJsonContext.Default.Unsubscribe,
            AbiJsonContext.Default.UnsubscribeReply,
            cancellationToken);

    /// <summary>Takes events, from a cursor or of the standing subscription, and can wait for one.</summary>
    /// <param name="poll">From where, which, and for how long to wait.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<PollEventsReply> PollEventsAsync(
        PollEvents poll, CancellationToken cancellationToken = default) =>
        CallAsync(poll, AbiJsonContext.Default.PollEvents, AbiJsonContext.Default.PollEventsReply, cancellationToken);

    /// <summary>Tells those who may see it that something happened.</summary>
    /// <param name="emit">What.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<EmitReply> EmitAsync(Emit emit, CancellationToken cancellationToken = default) =>
        CallAsync(emit, AbiJsonContext.Default.Emit, AbiJsonContext.Default.EmitReply, cancellationToken);
}
