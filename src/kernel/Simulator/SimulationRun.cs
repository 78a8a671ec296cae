using System.Globalization;
using System.Text;
using Analemma.Abi.Syscalls;
using Analemma.Journal;
using Analemma.Kernel;

namespace Analemma.Simulator;

/// <summary>What came of one seed. Violation is null when every invariant held to the end.</summary>
public sealed record SimulationResult(long Seed, long Steps, IReadOnlyList<JournalRecord> Journal)
{
    public string? Violation { get; init; }

    /// <summary>The step at which it was noticed.</summary>
    public long FailedStep { get; init; }

    public IReadOnlyList<string> LastEvents { get; init; } = [];

    public required TransitionCoverage Coverage { get; init; }

    public long Calls { get; init; }

    public int Processes { get; init; }

    public int Crashes { get; init; }

    public int TornWrites { get; init; }

    public int Turns { get; init; }

    /// <summary>Launches that were foreseen while their SPAWN was on its way to the disk.</summary>
    public int Foreseen { get; init; }

    /// <summary>Crashes between a message for an agent that rested and the agent's start.</summary>
    public int NeedsCut { get; init; }

    /// <summary>Calls that only looked, and did so while a turn was on its way to the disk.</summary>
    public int Passed { get; init; }

    /// <summary>Attempts at a model.</summary>
    public int ModelAttempts { get; init; }

    /// <summary>Second attempts beside slow ones.</summary>
    public int Hedges { get; init; }

    /// <summary>Of them, those whose answer was the call's.</summary>
    public int HedgesWon { get; init; }

    /// <summary>Answers before their usage was on disk, leases charged after crashes, and those answered for.</summary>
    public (int Early, int Charged, int ChargedForAnswers) Leases { get; init; }

    /// <summary>How THINKs ended.</summary>
    public IReadOnlyDictionary<string, long> Thoughts { get; init; } = new Dictionary<string, long>();

    /// <summary>Calls of tools that ran.</summary>
    public int ToolCallsMade { get; init; }

    /// <summary>Servers of tools that died with a call inside.</summary>
    public int ToolDeaths { get; init; }

    /// <summary>How CALLTOOLs ended.</summary>
    public IReadOnlyDictionary<string, long> ToolCalls { get; init; } = new Dictionary<string, long>();

    /// <summary>How requests about conversations ended.</summary>
    public IReadOnlyDictionary<string, long> Talks { get; init; } = new Dictionary<string, long>();

    /// <summary>How requests about the store ended.</summary>
    public IReadOnlyDictionary<string, long> Values { get; init; } = new Dictionary<string, long>();

    /// <summary>How requests to messaging ended.</summary>
    public IReadOnlyDictionary<string, long> Mails { get; init; } = new Dictionary<string, long>();

    /// <summary>Starts of supervised agents, those after a delay, and escalations.</summary>
    public (long Starts, long Delayed, int Escalations) Supervised { get; init; }

    /// <summary>Starts by the clock, starts for a message, and steps of rolling restarts.</summary>
    public (long ByTheClock, long OnDemand, long Rolled) Woken { get; init; }

    /// <summary>Requests that took a right: of agents that have it, and of those that have not.</summary>
    public (long Allowed, long Refused) Rights { get; init; }

    /// <summary>States in which supervised agents were.</summary>
    public IReadOnlySet<string> UnitStates { get; init; } = new HashSet<string>();

    /// <summary>How to see it again, what was wrong, and what led to it.</summary>
    public string Report()
    {
        var report = new StringBuilder();
        var outcome = Violation is null ? "held" : $"FAILED at step {FailedStep}: {Violation}";
        report.Append(CultureInfo.InvariantCulture, $"./analemma sim --seed {Seed} --steps {Steps}: {outcome}\n");
        report.Append(
            CultureInfo.InvariantCulture,
            $"{Turns} turns, {Calls} calls, {Processes} processes, {Crashes} crashes, {TornWrites} torn writes, ");
        report.Append(
            CultureInfo.InvariantCulture, $"{ModelAttempts} attempts at a model, {ToolCallsMade} calls of tools, ");
        report.Append(CultureInfo.InvariantCulture, $"{Journal.Count} records\n");
        report.Append(
            CultureInfo.InvariantCulture,
            $"{Leases.Early} answers before their usage was on disk, {Leases.Charged} leases charged after crashes, ");
        report.Append(CultureInfo.InvariantCulture, $"{Leases.ChargedForAnswers} of them for answers\n");
        report.AppendJoin(", ", Thoughts.Select(pair => $"{pair.Key} {pair.Value}")).Append('\n');
        report.AppendJoin(", ", ToolCalls.Select(pair => $"{pair.Key} {pair.Value}")).Append('\n');
        report.Append(
            CultureInfo.InvariantCulture,
            $"{Supervised.Starts} starts of supervised agents, {Supervised.Delayed} after a delay, ");
        report.Append(CultureInfo.InvariantCulture, $"{Supervised.Escalations} escalations, ");
        report.Append(
            CultureInfo.InvariantCulture,
            $"{Woken.ByTheClock} starts by the clock, {Woken.OnDemand} for a message, {Woken.Rolled} rolled, ");
        report.Append(
            CultureInfo.InvariantCulture, $"{Rights.Allowed} rights used, {Rights.Refused} refused\n");
        report.AppendJoin(", ", Talks.Select(pair => $"{pair.Key} {pair.Value}")).Append('\n');
        report.AppendJoin(", ", Values.Select(pair => $"{pair.Key} {pair.Value}")).Append('\n');
        report.AppendJoin(", ", Mails.Select(pair => $"{pair.Key} {pair.Value}")).Append('\n');
        foreach (var line in LastEvents)
        {
            report.Append(line).Append('\n');
        }

        return report.ToString();
    }
}

/// <summary>
/// The production kernel in a simulated world. The same seed and steps give the same journal, byte for byte.
/// </summary>
public static class SimulationRun
{
    public const long StepsDefault = 3_000;

    /// <summary>
    /// To bring a world to its end: enough for every process to be stopped and every call to be answered.
    /// </summary>
    private const long EndStepsMax = 200_000;

    /// <param name="seed">Decides all.</param>
    /// <param name="steps">How long it lives.</param>
    /// <param name="sabotage">What is broken in it.</param>
    /// <param name="areSleepers">Its agents rest mostly, and kernels die when one is needed.</param>
    public static SimulationResult Run(
        long seed, long steps = StepsDefault, Sabotage? sabotage = null, bool areSleepers = false)
    {
        var world = new World(seed, sabotage ?? new Sabotage(), areSleepers);
        string? violation = null;
        try
        {
            Live(world, steps);
            EndWell(world, steps);
        }
        catch (ViolationException error)
        {
            violation = error.Message;
        }
        catch (Exception error) when (error is KernelPanicException or JournalCorruptException
            or ArgumentException or InvalidOperationException or KeyNotFoundException)
        {
            violation = $"the kernel panicked: {error}";
        }

        return new SimulationResult(seed, steps, world.Disk.All)
        {
            Violation = violation,
            FailedStep = world.Trace.Step,
            LastEvents = violation is null ? [] : world.Trace.Lines(),
            Coverage = world.Shadow.Coverage,
            Calls = world.Calls.Total,
            Processes = world.Host.Launched,
            Crashes = world.Kernel.Crashes,
            TornWrites = world.Disk.Torn,
            Turns = world.Kernel.Turns,
            Foreseen = world.Kernel.Foreseen,
            Passed = world.Kernel.Passed,
            NeedsCut = world.Kernel.NeedsCut,
            ModelAttempts = world.Models.Attempts,
            Hedges = world.Models.Hedges.Made,
            HedgesWon = world.Models.Hedges.Won,
            Leases = (world.Leases.Early, world.Leases.Charged, world.Leases.ChargedForAnswers),
            Thoughts = world.Calls.Thoughts,
            ToolCallsMade = world.Tools.Calls,
            ToolDeaths = world.Tools.Deaths,
            ToolCalls = world.Calls.ToolCalls,
            Talks = world.Calls.Talks,
            Values = world.Calls.Values,
            Mails = world.Mail.Outcomes,
            Supervised = (world.Supervised.Starts, world.Supervised.Delayed, world.Supervision.Escalations),
            Woken = (world.Supervised.ByTheClock, world.Supervised.OnDemand, world.Supervised.Rolled),
            Rights = (world.Rights.Allowed, world.Rights.Refused),
            UnitStates = world.Supervised.States,
        };
    }

    private static void Live(World world, long steps)
    {
        world.Kernel.Start();
        world.Clients.Start();
        for (long step = 1; step <= steps; step++)
        {
            world.Trace.Step = step;
            world.Clock.RunNext();
            world.Invariants.Check();
        }
    }

    /// <summary>
    /// No more faults and requests: the kernel is asked to stop, and everything must come to its end.
    /// </summary>
    private static void EndWell(World world, long steps)
    {
        world.IsCalm = true;
        world.Disk.IsFaultless = true;
        world.Clients.AreQuiet = true;
        var boot = world.Kernel.Boot;
        SimulatedCall? asked = null;
        for (var step = steps + 1; step <= steps + EndStepsMax; step++)
        {
            world.Trace.Step = step;
            world.Clock.RunNext();
            world.Invariants.Check();
            if (!world.Kernel.IsUp && asked is not null && boot == world.Kernel.Boot)
            {
                return;
            }

            if (world.Kernel.IsSettled && (asked is null || boot != world.Kernel.Boot))
            {
                boot = world.Kernel.Boot;
                asked = world.Clients.SayFromHost(new Shutdown { GraceMs = 1_000 });
            }
        }

        throw new ViolationException("a kernel that is asked to stop does", $"not within {EndStepsMax} steps");
    }
}
