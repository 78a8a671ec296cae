using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Network;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Tools;

namespace Analemma.Kernel.Policy;

/// <summary>
/// What a spawner may ask for. A client on the host may ask for anything the owner allows; an agent for nothing that it
/// does not have itself: rights narrow on the way down and never widen.
/// </summary>
internal static class SpawnRights
{
    public static SysError? Problem(KernelState state, Process? parent, Spawn request)
    {
        if (request.Sandboxed == false && !state.Options.UnsandboxedAllowed)
        {
            return Denied("unsandboxed", "the owner of this kernel allows no process without a sandbox");
        }

        if (parent is null)
        {
            return null;
        }

        if (request.Sandboxed == false && parent.Plan.Sandboxed)
        {
            return Denied("unsandboxed", "a sandboxed agent cannot spawn one without a sandbox");
        }

        if (request.Network?.IsShared == true && !parent.Plan.Network)
        {
            return Denied("network", "an agent that does not share the host's network cannot spawn one that does");
        }

        if (NotOwn(parent, request.Network?.Rules ?? []) is { } rule)
        {
            return Denied("network", $"the rule {rule} is not within one of the spawner's own rules, without headers "
                + "of its own; INSPECT shows what it has");
        }

        if (request.Mounts is { Count: > 0 })
        {
            return Denied("mounts", "an agent cannot show host files to another");
        }

        if (request.Models is { } share && share with { Budget = null } != new ModelShare())
        {
            return Denied("models", "an agent shares its models with those it spawns, and cannot give them more");
        }

        return Rights.MaySpawn(state, parent, request.Name)
            ?? Rights.Widens(state, parent, request.Permissions)
            ?? TooManyTools(parent.Plan.Tools, request.Tools ?? [])
            ?? TooMuch(parent.Plan.Limits, request.Limits ?? new ResourceLimits());
    }

    private static SysError? TooManyTools(IReadOnlyList<string> own, IReadOnlyList<string> asked)
    {
        var beyond = asked.FirstOrDefault(pattern => ToolPattern.TrySplit(pattern, out var server, out var tool)
            && !ToolPattern.Covers(own, server, tool));
        return beyond is null
            ? null
            : Denied($"tools {beyond}", $"an agent that may not call {beyond} cannot spawn one that may");
    }

    /// <summary>The rules that the new process has: as asked, and for an agent's child as its parent's allow.</summary>
    public static IReadOnlyList<RulePlan> RulesFor(Process? parent, Spawn request) =>
    [
        .. (request.Network?.Rules ?? []).Select(RulePlan.Of)
            .Select(rule => parent is null ? rule : Within(parent, rule) ?? rule),
    ];

    private static RulePlan? NotOwn(Process parent, IReadOnlyList<NetworkRule> rules) =>
        rules.Select(RulePlan.Of).FirstOrDefault(rule => Within(parent, rule) is null);

    private static RulePlan? Within(Process parent, RulePlan rule) => RuleNarrowing.Within(
        parent.Plan.Network || !parent.Plan.Sandboxed ? [RulePlan.Everything] : parent.Plan.NetworkRules, rule);

    private static SysError? TooMuch(LimitSet own, ResourceLimits asked)
    {
        (string Name, long? Asked, long Own)[] limits =
        [
            ("memory", asked.Memory, own.MemoryBytes),
            ("max_pids", asked.MaxPids, own.Pids),
            ("open_files", asked.OpenFiles, own.OpenFiles),
            ("log_bytes", asked.LogBytes, own.LogBytes),
            ("work_bytes", asked.WorkBytes, own.WorkBytes),
        ];
        foreach (var (name, wanted, has) in limits)
        {
            if (wanted > has)
            {
                return Denied($"limits.{name}", $"limits.{name} is {wanted}, and the spawner itself has {has}");
            }
        }

        if (own.CpuQuotaUs == LimitSet.NoQuota || asked.CpuQuota is not { } quota)
        {
            return null;
        }

        var period = asked.CpuPeriod ?? own.CpuPeriodUs;
        return quota == LimitSet.NoQuota || (Int128)quota * own.CpuPeriodUs > (Int128)own.CpuQuotaUs * period
            ? Denied("limits.cpu_quota", "limits.cpu_quota asks for more CPU than the spawner itself has")
            : null;
    }

    private static SysError Denied(string capability, string message) =>
        SysError.PermissionDenied(message, $"missing capability: {capability}");
}
