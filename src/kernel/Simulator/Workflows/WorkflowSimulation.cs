using System.Globalization;
using System.Security.Cryptography;
using Analemma.Workflow.Executions;

namespace Analemma.Simulator.Workflows;

/// <summary>What came of one seed. Violation is null when every invariant held to the end.</summary>
public sealed record WorkflowSimulationResult(long Seed, long Steps)
{
    public string? Violation { get; init; }

    public long FailedStep { get; init; }

    public IReadOnlyList<string> LastEvents { get; init; } = [];

    public int Executions { get; init; }

    public int Crashes { get; init; }

    public int TornWrites { get; init; }

    public int Commits { get; init; }

    public int RefusedCommits { get; init; }

    public int TasksStarted { get; init; }

    public int TokensAccepted { get; init; }

    public int TokensRejected { get; init; }

    public int Restored { get; init; }

    /// <summary>Of those: executions that only waited, and were not folded before something happened to them.</summary>
    public int Slept { get; init; }

    /// <summary>Folds that began with a snapshot.</summary>
    public int Shortened { get; init; }

    /// <summary>Executions of distributed Maps.</summary>
    public int Items { get; init; }

    /// <summary>Of those restored: executions that nobody waited for any more.</summary>
    public int Orphans { get; init; }

    /// <summary>Turns that asked to be called again.</summary>
    public int Continued { get; init; }

    /// <summary>How executions ended.</summary>
    public IReadOnlyDictionary<ExecutionStatus, int> Ends { get; init; } = new Dictionary<ExecutionStatus, int>();

    /// <summary>What stands in the histories.</summary>
    public IReadOnlySet<HistoryEventType> Types { get; init; } = new HashSet<HistoryEventType>();

    /// <summary>Of all that is on disk: the same for the same seed.</summary>
    public string Digest { get; init; } = "";

    /// <summary>How to see it again, what was wrong, and what led to it.</summary>
    public string Report() => string.Create(
        CultureInfo.InvariantCulture,
        $"./analemma sim --workflows 1 --seed {Seed} --steps {Steps}: ")
        + (Violation is null ? "held\n" : $"FAILED at step {FailedStep}: {Violation}\n")
        + string.Create(
            CultureInfo.InvariantCulture,
            $"{Executions} executions, {Restored} taken up again, {Crashes} crashes, {TornWrites} torn writes, ")
        + string.Create(
            CultureInfo.InvariantCulture,
            $"{Commits} commits, {RefusedCommits} refused, {TasksStarted} tasks, {TokensAccepted} tokens, ")
        + string.Create(CultureInfo.InvariantCulture, $"{Items} items of Maps, {Orphans} orphans\n")
        + string.Join('\n', LastEvents);
}

/// <summary>The turns of executions as the product takes them, in a simulated world.</summary>
public static class WorkflowSimulation
{
    public const long StepsDefault = 2_000;

    private const long EndStepsMax = 200_000;

    public static WorkflowSimulationResult Run(
        long seed, long steps = StepsDefault, WorkflowSabotage? sabotage = null)
    {
        WorkflowWorld world = new(seed, sabotage ?? new WorkflowSabotage());
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
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or KeyNotFoundException
            or NullReferenceException or InvalidCastException)
        {
            violation = $"the engine has a fault: {error}";
        }

        var all = world.Store.All.Values;
        return new WorkflowSimulationResult(seed, steps)
        {
            Violation = violation,
            FailedStep = world.Trace.Step,
            LastEvents = violation is null ? [] : world.Trace.Lines(),
            Executions = all.Count,
            Crashes = world.Host.Crashes,
            TornWrites = world.Store.Torn,
            Commits = world.Store.Commits,
            RefusedCommits = world.Store.Refused,
            TasksStarted = world.Tasks.Started,
            TokensAccepted = world.Tasks.Accepted,
            TokensRejected = world.Tasks.Rejected,
            Restored = world.Host.Restored,
            Slept = world.Host.Slept,
            Shortened = world.Host.Shortened,
            Items = all.Count(stored => stored.Item is not null),
            Orphans = world.Host.Orphans,
            Continued = world.Host.Continued,
            Ends = all.GroupBy(stored => stored.Shadow.Status).ToDictionary(group => group.Key, group => group.Count()),
            Types = all.SelectMany(stored => stored.Shadow.Types).ToHashSet(),
            Digest = Digest(world),
        };
    }

    private static void Live(WorkflowWorld world, long steps)
    {
        world.Host.Start();
        world.Clients.Start();
        for (long step = 1; step <= steps; step++)
        {
            world.Trace.Step = step;
            if (!world.Clock.RunNext())
            {
                return;
            }

            if (world.Host.IsUp && world.Random.Chance(world.Options.Crash))
            {
                world.Host.Crash();
            }
        }
    }

    /// <summary>No more faults: everything that was started must come to its end.</summary>
    private static void EndWell(WorkflowWorld world, long steps)
    {
        world.IsCalm = true;
        for (var step = steps + 1; step <= steps + EndStepsMax; step++)
        {
            world.Trace.Step = step;
            if (!world.Clock.RunNext())
            {
                break;
            }
        }

        foreach (var stored in world.Store.All.Values)
        {
            ViolationException.Unless(
                stored.Shadow.IsOver,
                "every execution comes to its end",
                $"{stored.Identity.Id} stands in {string.Join(", ", stored.Shadow.OpenStates)}; {stored.Shadow.Waits}");
        }

        var asked = world.Store.All.Values.Count(stored => stored.Item is null);
        ViolationException.Unless(
            world.Clients.Begun <= asked, "an execution that began is not lost",
            $"{world.Clients.Begun} were told so, {asked} are there");
    }

    private static string Digest(WorkflowWorld world)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var step in world.Store.All.Values.SelectMany(stored => stored.Steps))
        {
            hash.AppendData(step);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
