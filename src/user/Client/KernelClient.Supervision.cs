using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Client;

/// <summary>What is supervised: declared fleets, and what agents watch.</summary>
public sealed partial class KernelClient
{
    /// <summary>Declares a fleet, or with a dry run shows what that would change.</summary>
    public Task<FleetApplyReply> FleetApplyAsync(FleetApply request, CancellationToken cancellationToken = default) =>
        CallAsync(
            request, AbiJsonContext.Default.FleetApply, AbiJsonContext.Default.FleetApplyReply, cancellationToken);

    /// <summary>Stops a fleet and forgets it. Answers at once.</summary>
    public Task<FleetDownReply> FleetDownAsync(string fleet, CancellationToken cancellationToken = default) =>
        CallAsync(
            new FleetDown { Fleet = fleet },
            AbiJsonContext.Default.FleetDown,
            AbiJsonContext.Default.FleetDownReply,
            cancellationToken);

    /// <summary>Shows how one fleet fares, or all that is supervised.</summary>
    public Task<FleetStatusReply> FleetStatusAsync(
        string? fleet = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            new FleetStatus { Fleet = fleet },
            AbiJsonContext.Default.FleetStatus,
            AbiJsonContext.Default.FleetStatusReply,
            cancellationToken);

    /// <summary>Restarts a fleet or part of it. Answers at once.</summary>
    public Task<FleetRestartReply> FleetRestartAsync(
        FleetRestart request, CancellationToken cancellationToken = default) =>
        CallAsync(
            request, AbiJsonContext.Default.FleetRestart, AbiJsonContext.Default.FleetRestartReply, cancellationToken);

    /// <summary>Puts a living process under supervision, or changes its rules.</summary>
    public Task<WatchReply> WatchAsync(Watch request, CancellationToken cancellationToken = default) =>
        CallAsync(request, AbiJsonContext.Default.Watch, AbiJsonContext.Default.WatchReply, cancellationToken);

    /// <summary>Starts a supervised agent again. Answers at once.</summary>
    public Task<RestartReply> RestartAsync(Restart request, CancellationToken cancellationToken = default) =>
        CallAsync(request, AbiJsonContext.Default.Restart, AbiJsonContext.Default.RestartReply, cancellationToken);

    /// <summary>Says that this agent cannot cope; its own supervisor decides, or the host is told.</summary>
    public Task<EscalateReply> EscalateAsync(Escalate request, CancellationToken cancellationToken = default) =>
        CallAsync(request, AbiJsonContext.Default.Escalate, AbiJsonContext.Default.EscalateReply, cancellationToken);

    /// <summary>Says that this agent is ready; again, that it lives.</summary>
    public Task<ReadyReply> ReadyAsync(string? status = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            new Ready { Status = status },
            AbiJsonContext.Default.Ready,
            AbiJsonContext.Default.ReadyReply,
            cancellationToken);
}
