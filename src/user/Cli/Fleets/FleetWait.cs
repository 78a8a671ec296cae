using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Analemma.Cli.Values;
using Analemma.Client;

namespace Analemma.Cli.Fleets;

/// <summary>Follows a fleet until it has come up, or gone down, and tells each change as it is seen.</summary>
internal sealed class FleetWait(Session session, KernelClient kernel, string fleet, long? timeoutMs)
{
    private const long TimeoutMsDefault = 5 * 60_000;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(150);

    private readonly Dictionary<string, (UnitState State, long Incarnation)> _seen = new(StringComparer.Ordinal);
    private readonly long _began = session.Terminal.Time.GetTimestamp();

    /// <summary>
    /// Until every agent is ready, waits for its clock or a message, or has failed for good; fails when one has.
    /// </summary>
    /// <param name="revision">At least this one.</param>
    /// <param name="only">Agents or replicas of them; none for all.</param>
    public async Task<int> UpAsync(long revision, params IReadOnlyCollection<string> only)
    {
        while (true)
        {
            var all = (await StatusAsync()).Units;
            var units = all.Where(unit => only.Count == 0 || IsOneOf(only, unit)).ToList();
            Tell(units);
            // After one that failed, replicas that were to be replaced are left as they were, and those that come after
            // it wait in vain.
            var failed = all.Where(HasFailed).ToList();
            var stuck = Stuck(all, failed);
            var hasFailed = units.Exists(unit => stuck.Contains(unit.Agent));
            if (units.TrueForAll(unit => hasFailed
                ? IsSettled(unit) || stuck.Contains(unit.Agent)
                : unit.Revision >= revision && IsSettled(unit)))
            {
                return !hasFailed ? ExitCodes.Ok
                    : throw await FailureAsync(units.Where(HasFailed).ToList() is { Count: > 0 } own ? own : failed);
            }

            await NextAsync(units.Where(unit => unit.Revision < revision || !IsSettled(unit))
                .Select(unit => $"{unit.Name} is {Word(unit.State)}"));
        }
    }

    /// <summary>Until none of it lives and the kernel has forgotten it.</summary>
    public async Task<int> DownAsync()
    {
        while (true)
        {
            var status = await kernel.FleetStatusAsync(null, session.CancellationToken);
            var units = status.Units.Where(unit => unit.Fleet == fleet).ToList();
            foreach (var gone in _seen.Keys.Except(units.Select(unit => unit.Name)).ToList())
            {
                _seen.Remove(gone);
                Line($"{gone}: gone");
            }

            Tell(units);
            if (units.Count == 0 && status.Fleets.All(known => known.Fleet != fleet))
            {
                return ExitCodes.Ok;
            }

            await NextAsync(units.Select(unit => $"{unit.Name} is {Word(unit.State)}"));
        }
    }

    public static string Word(UnitState state) =>
        System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(state.ToString()).Replace('_', ' ');

    /// <summary>Whether a unit is meant by names as they are given: of an agent, or of one replica.</summary>
    public static bool IsOneOf(IEnumerable<string> names, UnitView unit) =>
        names.Contains(unit.Agent, StringComparer.Ordinal) || names.Contains(unit.Name, StringComparer.Ordinal);

    private static bool IsSettled(UnitView unit) => unit.State is UnitState.Ready or UnitState.Scheduled
        or UnitState.Paused or UnitState.GivenUp or UnitState.Stopped;

    private Task<FleetStatusReply> StatusAsync() =>
        kernel.FleetStatusAsync(fleet, session.CancellationToken);

    /// <summary>Agents that have failed, and those that wait for one of these.</summary>
    private static HashSet<string> Stuck(IReadOnlyList<UnitView> units, IReadOnlyList<UnitView> failed)
    {
        var stuck = failed.Select(unit => unit.Agent).ToHashSet(StringComparer.Ordinal);
        int before;
        do
        {
            before = stuck.Count;
            stuck.UnionWith(units
                .Where(unit => unit.State is UnitState.Waiting && unit.WaitsFor?.Any(stuck.Contains) == true)
                .Select(unit => unit.Agent));
        }
        while (stuck.Count > before);
        return stuck;
    }

    private async Task<CliException> FailureAsync(List<UnitView> failed)
    {
        var first = failed[0];
        foreach (var line in await LastWords.OfAsync(kernel, first, session.CancellationToken))
        {
            session.Terminal.Error.WriteLine($"{first.Name} | {line}");
        }

        return new CliException(
            "fleet_not_up",
            string.Join("; ", failed.Select(unit =>
                $"{unit.Name} is {Word(unit.State)}{(unit.Reason is null ? "" : $": {unit.Reason}")}")),
            Advice(first));
    }

    /// <summary>What to do about an agent that has failed.</summary>
    public static string Advice(UnitView unit) =>
        $"see `analemma logs {unit.Name}`, then `analemma restart --fleet {unit.Fleet} {unit.Agent}`";

    public static bool HasFailed(UnitView unit) => unit.State is UnitState.Paused or UnitState.GivenUp
        || (unit.State is UnitState.Stopped && unit.LastExit is not (null or { Cause: ExitCause.Exited, Code: 0 }));

    private void Tell(IReadOnlyList<UnitView> units)
    {
        foreach (var unit in units)
        {
            var now = (unit.State, unit.Incarnation);
            if (_seen.TryGetValue(unit.Name, out var before) && before == now)
            {
                continue;
            }

            _seen[unit.Name] = now;
            if (session.Json)
            {
                session.WriteJsonLine(unit, AbiJsonContext.Default.UnitView);
            }
            else
            {
                Line(Text(unit));
            }
        }
    }

    private static string Text(UnitView unit)
    {
        var more = unit switch
        {
            { WaitsFor.Count: > 0, State: UnitState.Waiting } => $" for {string.Join(", ", unit.WaitsFor)}",
            { State: UnitState.Ready or UnitState.Running } => $", process {unit.Process}",
            { State: UnitState.BackingOff or UnitState.GivenUp or UnitState.Stopped, LastExit: { } exit } =>
                $", {ExitText.Of(exit)}",
            { State: UnitState.Scheduled, NextRestartAt: { } due } => $" for {FleetTables.Time(due)}",
            _ => "",
        };
        return $"{unit.Name}: {Word(unit.State)}{more}";
    }

    private void Line(string text)
    {
        if (!session.Json)
        {
            session.Terminal.Output.WriteLine(Shown.Line(text));
        }
    }

    private async Task NextAsync(IEnumerable<string> waitingFor)
    {
        var passed = session.Terminal.Time.GetElapsedTime(_began).TotalMilliseconds;
        if (passed > (timeoutMs ?? TimeoutMsDefault))
        {
            throw new CliException(
                "timed_out", string.Join("; ", waitingFor.Take(10)),
                "it goes on without this command: see `analemma status`");
        }

        await Task.Delay(Interval, session.Terminal.Time, session.CancellationToken);
    }
}
