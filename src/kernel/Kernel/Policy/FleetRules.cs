using Analemma.Abi;
using Analemma.Abi.Schedules;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Supervision;
using static Analemma.Kernel.Policy.SyscallRules;

namespace Analemma.Kernel.Policy;

/// <summary>When a declaration of a fleet, or a request about supervision, is well-formed.</summary>
public static class FleetRules
{
    private const int ZoneCharsMax = 64;

    internal static IEnumerable<string> Problems(FleetApply apply) =>
    [
        .. NameProblems("fleet", apply.Fleet),
        .. apply.Agents.Count is 0 or > Limits.FleetAgentsMax
            ? [$"agents has {apply.Agents.Count} items; it must be 1 to {Limits.FleetAgentsMax}"]
            : Array.Empty<string>(),
        .. apply.Agents.Any(agent => agent is null) ? new[] { "agents: an item is null" }
            : [.. Whole(apply.Agents, apply.Supervisors ?? []), .. MailboxProblems(apply)],
    ];

    private static IEnumerable<string> MailboxProblems(FleetApply apply)
    {
        var mailboxes = apply.Mailboxes ?? [];
        if (mailboxes.Any(mailbox => mailbox is null))
        {
            return ["mailboxes: an item is null"];
        }

        return
        [
            .. mailboxes.Count > Limits.FleetMailboxesMax
                ? [$"mailboxes has {mailboxes.Count} items; at most {Limits.FleetMailboxesMax}"]
                : Array.Empty<string>(),
            .. Twice(mailboxes.Select(mailbox => mailbox.Name))
                .Select(name => $"mailboxes: {Quote(name)} is there twice"),
            .. mailboxes.SelectMany((mailbox, at) => MailboxProblems(mailbox, $"mailboxes[{at}]", apply.Agents)),
        ];
    }

    private static IEnumerable<string> MailboxProblems(
        FleetMailbox mailbox, string at, IReadOnlyList<FleetAgent> agents) =>
    [
        .. NameProblems($"{at}.name", mailbox.Name),
        .. mailbox.Receiver is { } receiver
            && agents.FirstOrDefault(agent => agent.Name == receiver) is not { Replicas: null or 1 }
            ? new[] { $"{at}.receiver is {Quote(receiver)}; it must be an agent of the fleet without replicas" } : [],
        .. mailbox.Receiver != mailbox.Name && agents.Any(agent => agent.Name == mailbox.Name)
            ? new[] { $"{at}.name is {Quote(mailbox.Name)}, and so is an agent, which would not be its receiver" } : [],
        .. MailRules.OptionProblems(
            $"{at}.", mailbox.MaxMessages, mailbox.MaxBytes, mailbox.VisibilityMs, mailbox.MaxDeliveries),
        .. mailbox.Topics?.Count > Limits.MailboxTopicsMax
            ? new[] { $"{at}.topics has {mailbox.Topics.Count} items; at most {Limits.MailboxTopicsMax}" } : [],
        .. (mailbox.Topics ?? []).SelectMany(topic => MailRules.TopicProblems($"{at}.topics", topic)),
    ];

    internal static IEnumerable<string> Problems(Watch watch) =>
    [
        .. watch.Spawn is null ? [] : SpawnRules.Problems(watch.Spawn).Select(problem => $"spawn: {problem}"),
        .. watch.Spawn is { Name: null } ? new[] { "spawn.name is missing: it is what the unit is called" } : [],
        .. watch.Spawn is not null && (watch.Id is not null || watch.Name is not null)
            ? new[] { "give a process, by id or name, or a spawn" } : [],
        .. RestartProblems("restart", watch.Restart),
        .. ReadyProblems("ready", watch.Ready),
        .. Range("stop.grace_ms", watch.Stop?.GraceMs, 0, Limits.GraceMsMax),
        .. Range("stop.drain_ms", watch.Stop?.DrainMs, 0, Limits.DrainMsMax),
        .. WatchdogProblems("watchdog", watch.Watchdog),
        .. Known("orphan", watch.Orphan),
    ];

    internal static IEnumerable<string> Problems(Escalate escalate) =>
        string.IsNullOrWhiteSpace(escalate.Reason) || escalate.Reason.Length > Limits.ReasonCharsMax
            ? [$"reason is text of 1 to {Limits.ReasonCharsMax} characters"] : [];

    internal static IEnumerable<string> Problems(Ready ready) =>
        ready.Status?.Length > Limits.StatusCharsMax
            ? [$"status is text of at most {Limits.StatusCharsMax} characters"] : [];

    internal static IEnumerable<string> NameProblems(string field, string? name)
    {
        if (name is null || name.Length is 0 or > AbiLimits.NameLengthMax
            || !name.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-')
            || !char.IsAsciiLetterOrDigit(name[0]))
        {
            yield return $"{field} is {Quote(name ?? "null")}; it must be 1 to {AbiLimits.NameLengthMax} letters, "
                + "digits, and . _ - inside, a letter or digit first";
        }
    }

    private static IEnumerable<string> Whole(
        IReadOnlyList<FleetAgent> agents, IReadOnlyList<FleetSupervisor> supervisors) =>
    [
        .. agents.Select((agent, at) => (agent, at)).SelectMany(pair =>
            AgentProblems(pair.agent, $"agents[{pair.at}]")),
        .. Twice(agents.SelectMany(agent => (agent.Replicas ?? 1) is > 0 and <= Limits.ReplicasMax
            ? FleetApplying.Names(agent).Select(name => name.Name).Append(agent.Name).Distinct() : [agent.Name]))
            .Select(name => $"agents: {Quote(name)} is there twice; names are unique, those of replicas too"),
        .. TreeProblems(supervisors),
        .. OrderProblems(agents, supervisors),
    ];

    private static IEnumerable<string> AgentProblems(FleetAgent agent, string at) =>
    [
        .. NameProblems($"{at}.name", agent.Name),
        .. agent.Spawn is null ? new[] { $"{at}.spawn is missing" }
            : SpawnRules.Problems(agent.Spawn).Select(problem => $"{at}.spawn ({agent.Name}): {problem}"),
        .. agent.Spawn?.Name is not null ? new[] { $"{at}.spawn.name: the agent's own name is the process's" } : [],
        .. Range($"{at}.replicas", agent.Replicas, 1, Limits.ReplicasMax),
        .. (agent.Name?.Length ?? 0) + 5 > AbiLimits.NameLengthMax && agent.Replicas > 1
            ? new[] { $"{at}.name is too long to be numbered; at most {AbiLimits.NameLengthMax - 5} letters" } : [],
        .. agent.After?.Count > Limits.FleetAfterMax
            ? new[] { $"{at}.after has {agent.After.Count} items; at most {Limits.FleetAfterMax}" } : [],
        .. RestartProblems($"{at}.restart", agent.Restart),
        .. ReadyProblems($"{at}.ready", agent.Ready),
        .. Range($"{at}.stop.grace_ms", agent.Stop?.GraceMs, 0, Limits.GraceMsMax),
        .. Range($"{at}.stop.drain_ms", agent.Stop?.DrainMs, 0, Limits.DrainMsMax),
        .. WatchdogProblems($"{at}.watchdog", agent.Watchdog),
        .. MailRules.OptionProblems($"{at}.inbox.", agent.Inbox?.MaxMessages, agent.Inbox?.MaxBytes, null, null),
        .. Known($"{at}.start_on", agent.StartOn),
        .. Range($"{at}.idle_stop_ms", agent.IdleStopMs, 0, Limits.WallMsMax),
        .. agent.Digest?.Length > Limits.DigestCharsMax
            ? new[] { $"{at}.digest is text of at most {Limits.DigestCharsMax} characters" } : [],
        .. ScheduleProblems($"{at}.schedule", agent.Schedule),
        .. (agent.StartOn is StartOn.Schedule) != (agent.Schedule is not null)
            ? new[] { $"{at}: start_on: schedule and a schedule go together" } : [],
    ];

    /// <summary>Which zones there are is known to the daemon alone.</summary>
    private static IEnumerable<string> ScheduleProblems(string at, FleetSchedule? schedule)
    {
        if (schedule is null)
        {
            yield break;
        }

        if (!CronExpression.TryParse(schedule.Cron, out _, out var problem))
        {
            yield return $"{at}.cron is {Quote(schedule.Cron ?? "null")}: {problem}; {problem.Hint}";
        }

        if (schedule.Zone is { } zone && (zone.Length is 0 or > ZoneCharsMax
            || !zone.All(each => char.IsAsciiLetterOrDigit(each) || each is '_' or '+' or '-' or '/')))
        {
            yield return $"{at}.zone is {Quote(zone)}; it must be an IANA time zone such as Europe/Vienna";
        }

        foreach (var unknown in Known($"{at}.missed", schedule.Missed))
        {
            yield return unknown;
        }
    }

    private static IEnumerable<string> RestartProblems(string at, RestartRule? rule) => rule is null ? [] :
    [
        .. Known($"{at}.policy", rule.Policy),
        .. Range($"{at}.backoff_ms", rule.BackoffMs, 0, Limits.BackoffMsMax),
        .. Range($"{at}.backoff_max_ms", rule.BackoffMaxMs, 0, Limits.BackoffMsMax),
        .. Range($"{at}.reset_after_ms", rule.ResetAfterMs, 0, Limits.WallMsMax),
        .. Range($"{at}.burst", rule.Burst, 0, Limits.StartsKeptMax),
        .. Range($"{at}.interval_ms", rule.IntervalMs, 1, Limits.WallMsMax),
    ];

    private static IEnumerable<string> ReadyProblems(string at, ReadyRule? rule) => rule is null ? [] :
    [
        .. Known($"{at}.when", rule.When),
        .. (rule.When is ReadyWhen.Probe) != (rule.Probe is { Count: > 0 })
            ? new[] { $"{at}: when: probe and a probe go together" } : [],
        .. ArgumentProblems($"{at}.probe", rule.Probe),
        .. Range($"{at}.interval_ms", rule.IntervalMs, 10, Limits.BackoffMsMax),
        .. Range($"{at}.timeout_ms", rule.TimeoutMs, 1, Limits.BackoffMsMax),
    ];

    private static IEnumerable<string> WatchdogProblems(string at, WatchdogRule? rule) => rule is null ? [] :
    [
        .. rule.HeartbeatMs is 0 ? [] : Range($"{at}.heartbeat_ms", rule.HeartbeatMs, 10, Limits.WallMsMax),
        .. rule.RepeatMax is 0 ? [] : Range($"{at}.repeat_max", rule.RepeatMax, 2, 1_000_000),
        .. Range($"{at}.tokens_without_progress_max", rule.TokensWithoutProgressMax, 0, Limits.BudgetMax),
        .. Known($"{at}.action", rule.Action),
    ];

    private static IEnumerable<string> TreeProblems(IReadOnlyList<FleetSupervisor> supervisors)
    {
        if (supervisors.Count > Limits.FleetSupervisorsMax)
        {
            yield return $"supervisors has {supervisors.Count} items; at most {Limits.FleetSupervisorsMax}";
            yield break;
        }

        foreach (var name in Twice(supervisors.Select(each => each?.Name ?? "")))
        {
            yield return $"supervisors: {Quote(name)} is there twice";
        }

        for (var i = 0; i < supervisors.Count; i++)
        {
            foreach (var problem in SupervisorProblems(supervisors[i], $"supervisors[{i}]", supervisors))
            {
                yield return problem;
            }
        }
    }

    private static IEnumerable<string> SupervisorProblems(
        FleetSupervisor each, string at, IReadOnlyList<FleetSupervisor> all) => each is null ? [$"{at} is null"] :
    [
        .. NameProblems($"{at}.name", each.Name),
        .. each.Name == SupervisorState.RootName
            ? each.Parent is null ? [] : new[] { $"{at}.parent: nobody is above root" }
            : !IsKnown(each.Parent, all)
                ? [$"{at}.parent: there is no supervisor {Quote(each.Parent!)}"]
                : Circles(each, all) ? [$"{at}: {each.Name} is above itself"] : [],
        .. Known($"{at}.strategy", each.Strategy),
        .. Range($"{at}.burst", each.Burst, 0, Limits.StartsKeptMax),
        .. Range($"{at}.interval_ms", each.IntervalMs, 1, Limits.WallMsMax),
        .. each.Webhook is null ? [] : WebhookProblems(each, at),
    ];

    private static IEnumerable<string> WebhookProblems(FleetSupervisor each, string at)
    {
        if (each.Name != SupervisorState.RootName)
        {
            yield return $"{at}.webhook: only root tells a webhook";
        }

        if (each.Webhook!.Length > Limits.PathCharsMax || !Uri.TryCreate(each.Webhook, UriKind.Absolute, out var url)
            || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0)
        {
            yield return $"{at}.webhook is {Quote(each.Webhook)}; it must be an http or https address, without a "
                + "password in it";
        }
    }

    private static IEnumerable<string> OrderProblems(
        IReadOnlyList<FleetAgent> agents, IReadOnlyList<FleetSupervisor> supervisors)
    {
        var names = agents.Select(agent => agent.Name ?? "").ToHashSet(StringComparer.Ordinal);
        var isKnown = agents.All(agent => agent.Name is not null);
        for (var i = 0; i < agents.Count; i++)
        {
            foreach (var before in (agents[i].After ?? []).Where(before => before is null || !names.Contains(before)))
            {
                isKnown = false;
                yield return $"agents[{i}].after ({agents[i].Name}): there is no agent {Quote(before ?? "null")}"
                    + Suggestion(before, names);
            }

            if (!IsKnown(agents[i].Supervisor, supervisors))
            {
                yield return $"agents[{i}].supervisor ({agents[i].Name}): there is no supervisor "
                    + Quote(agents[i].Supervisor!);
            }
        }

        // There is an order of what is named only.
        if (isKnown && agents.Select(agent => agent.Name).Distinct().Count() == agents.Count
            && FleetOrder.Sort(agents).Circle is { Count: > 0 } circle)
        {
            yield return $"agents: {string.Join(" after ", circle)} is a circle; one of them must come first";
        }
    }

    private static string Suggestion(string? name, IEnumerable<string> known) =>
        name is not null && Abi.Suggestion.For(name, known) is { } meant ? $"; did you mean {meant}?" : "";

    private static bool IsKnown(string? supervisor, IReadOnlyList<FleetSupervisor> all) =>
        supervisor is null or SupervisorState.RootName || all.Any(each => each?.Name == supervisor);

    private static bool Circles(FleetSupervisor first, IReadOnlyList<FleetSupervisor> all)
    {
        var at = first.Parent;
        for (var i = 0; i <= all.Count && at is not null; i++)
        {
            if (at == first.Name)
            {
                return true;
            }

            at = all.FirstOrDefault(each => each?.Name == at)?.Parent;
        }

        return false;
    }

    private static IEnumerable<string> Twice(IEnumerable<string> names) =>
        names.GroupBy(name => name, StringComparer.Ordinal).Where(group => group.Count() > 1)
            .Select(group => group.Key);

    private static IEnumerable<string> Known<T>(string field, T? value)
        where T : struct, Enum =>
        value is { } given && !Enum.IsDefined(given) ? [$"{field} has no such value"] : [];
}
