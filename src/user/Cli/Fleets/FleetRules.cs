using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Fleets.Shapes;

namespace Analemma.Cli.Fleets;

/// <summary>What must hold between the parts of a fleet file, told where it stands in the file.</summary>
internal static class FleetRules
{
    private const string Root = "root";

    /// <summary>-1000.</summary>
    private const int NumberCharsMax = 5;

    private const long BackoffMsDefault = 500;

    public static void Check(FleetApply fleet, ShapeReading reading)
    {
        if (fleet.Agents.Count == 0 && reading.Places.ContainsKey("agents"))
        {
            Wrong(reading, "agents", "there is no agent", "write one: NAME: {script: FILE}");
        }

        CheckSupervisors(fleet, reading);
        CheckNames(fleet, reading);
        CheckAfter(fleet, reading);
        CheckMailboxes(fleet, reading);
        foreach (var agent in fleet.Agents)
        {
            CheckStart(agent, reading);
            CheckRestart(agent, reading);
        }
    }

    private static void CheckSupervisors(FleetApply fleet, ShapeReading reading)
    {
        var names = (fleet.Supervisors ?? []).Select(supervisor => supervisor.Name).Append(Root).Distinct().ToList();
        foreach (var agent in fleet.Agents.Where(agent => agent.Supervisor is { } name && !names.Contains(name)))
        {
            Unknown(reading, $"agents.{agent.Name}.supervisor", "supervisor", agent.Supervisor!, names);
        }

        foreach (var supervisor in fleet.Supervisors ?? [])
        {
            var path = $"supervisors.{supervisor.Name}";
            if (supervisor.Name == Root && supervisor.Parent is not null)
            {
                Wrong(reading, $"{path}.parent", "root has no supervisor above it", "remove the line");
            }
            else if (supervisor.Parent is { } parent && !names.Contains(parent))
            {
                Unknown(reading, $"{path}.parent", "supervisor", parent, names);
            }

            if (supervisor.Webhook is not null && supervisor.Name != Root)
            {
                Wrong(reading, $"{path}.webhook", "only root has a webhook", "move it to supervisors.root");
            }
        }

        var above = (fleet.Supervisors ?? []).Where(supervisor => supervisor.Name != Root)
            .ToDictionary(supervisor => supervisor.Name, supervisor => new[] { supervisor.Parent ?? Root });
        foreach (var cycle in Cycles.Of(above))
        {
            Wrong(reading, $"supervisors.{cycle[0]}.parent", $"supervisors go round: {Cycles.Text(cycle)}",
                "give one of them another parent");
        }
    }

    /// <summary>Replicas take names that others may have.</summary>
    private static void CheckNames(FleetApply fleet, ShapeReading reading)
    {
        var names = fleet.Agents.Select(agent => agent.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var agent in fleet.Agents.Where(agent => agent.Replicas > 1))
        {
            if (agent.Name.Length + NumberCharsMax > AbiLimits.NameLengthMax)
            {
                Wrong(reading, $"agents.{agent.Name}",
                    "its name is too long to be numbered; at most "
                    + $"{AbiLimits.NameLengthMax - NumberCharsMax} characters",
                    "give it a shorter name");
            }

            foreach (var taken in Enumerable.Range(1, agent.Replicas!.Value)
                .Select(at => $"{agent.Name}-{at}").Where(names.Contains))
            {
                Wrong(reading, $"agents.{taken}", $"a replica of {agent.Name} has this name", "give it another name");
            }
        }

        var processes = fleet.Agents.Sum(agent => agent.Replicas ?? 1);
        if (processes > FleetRanges.ReplicasMax)
        {
            Wrong(reading, "agents", $"{processes} processes, replicas counted; at most {FleetRanges.ReplicasMax}");
        }
    }

    private static void CheckRestart(FleetAgent agent, ShapeReading reading)
    {
        var path = $"agents.{agent.Name}.restart.backoff_max";
        if (agent.Restart is { BackoffMaxMs: { } max } rule && max < (rule.BackoffMs ?? BackoffMsDefault))
        {
            Wrong(
                reading, path, string.Create(
                    CultureInfo.InvariantCulture, $"it is below backoff, {rule.BackoffMs ?? BackoffMsDefault}ms"),
                "write a longer time, or a shorter backoff");
        }
    }

    private static void CheckAfter(FleetApply fleet, ShapeReading reading)
    {
        var names = fleet.Agents.Select(agent => agent.Name).ToList();
        Dictionary<string, string[]> after = new(StringComparer.Ordinal);
        foreach (var agent in fleet.Agents)
        {
            var known = (agent.After ?? []).Where(names.Contains).ToArray();
            after[agent.Name] = known;
            var list = agent.After ?? [];
            for (var at = 0; at < list.Count; at++)
            {
                if (list[at] is { } name && !names.Contains(name))
                {
                    Unknown(reading, $"agents.{agent.Name}.after[{at}]", "agent", name, names);
                }
            }
        }

        foreach (var cycle in Cycles.Of(after))
        {
            Wrong(reading, $"agents.{cycle[0]}.after", $"agents wait for each other: {Cycles.Text(cycle)}",
                "remove one of these dependencies");
        }
    }

    private static void CheckMailboxes(FleetApply fleet, ShapeReading reading)
    {
        foreach (var mailbox in fleet.Mailboxes ?? [])
        {
            var path = $"mailboxes.{mailbox.Name}";
            var receiver = fleet.Agents.FirstOrDefault(agent => agent.Name == mailbox.Receiver);
            if (mailbox.Receiver is { } name && receiver is null)
            {
                Unknown(reading, $"{path}.receiver", "agent", name, [.. fleet.Agents.Select(agent => agent.Name)]);
            }
            else if (receiver is { Replicas: > 1 })
            {
                Wrong(reading, $"{path}.receiver", $"{receiver.Name} has replicas, and a mailbox has one receiver",
                    "name an agent without replicas");
            }

            if (mailbox.Receiver != mailbox.Name && fleet.Agents.Any(agent => agent.Name == mailbox.Name))
            {
                Wrong(reading, path, $"an agent is called {mailbox.Name}, and would not be its receiver",
                    "give it another name, or that receiver");
            }
        }
    }

    private static void CheckStart(FleetAgent agent, ShapeReading reading)
    {
        var path = $"agents.{agent.Name}";
        if (agent.StartOn == StartOn.Schedule && agent.Schedule is null)
        {
            Wrong(reading, $"{path}.start_on", "it has no schedule", "add one: schedule: '0 6 * * *'");
        }

        if (agent.Schedule is not null && agent.StartOn is not (null or StartOn.Schedule))
        {
            Wrong(
                reading, $"{path}.schedule", "what has a schedule is started by it",
                "remove start_on, or the schedule");
        }

        if (agent.Ready is { When: ReadyWhen.Probe, Probe: null })
        {
            Wrong(reading, $"{path}.ready", "there is no probe", "add one: probe: [test, -e, /work/ready]");
        }

        if (agent.Ready is { When: not (null or ReadyWhen.Probe), Probe: not null })
        {
            Wrong(reading, $"{path}.ready.probe", "this is asked only with when: probe", "remove one of them");
        }

        if (agent.Spawn.Args is not null && agent.Spawn.Argv is not null)
        {
            Wrong(reading, $"{path}.args", "args belong to a script", "add them to argv");
        }
    }

    private static void Unknown(
        ShapeReading reading, string path, string what, string name, IReadOnlyList<string> known)
    {
        var near = Suggestion.For(name, known);
        Wrong(reading, path, $"there is no {what} '{name}'",
            near is not null ? $"did you mean '{near}'?" : $"there are {string.Join(", ", known.Take(20))}");
    }

    private static void Wrong(ShapeReading reading, string path, string message, string? hint = null)
    {
        var near = path;
        Place place;
        while (!reading.Places.TryGetValue(near, out place) && near.LastIndexOf('.') is > 0 and var dot)
        {
            near = near[..dot];
        }

        reading.Wrong(place, path, message, hint);
    }
}
