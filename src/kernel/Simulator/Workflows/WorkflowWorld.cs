using Analemma.Workflow.Definitions;

namespace Analemma.Simulator.Workflows;

/// <summary>A state machine that a world has.</summary>
internal sealed record WorkflowMachine(string Name, StateMachineDefinition Definition);

/// <summary>How bad a world of executions is; chances in ten thousand.</summary>
internal sealed record WorkflowOptions
{
    /// <summary>Of a kill, each time that something happens.</summary>
    public int Crash { get; private init; }

    /// <summary>Of a kill just after a commit that wants a Map's items stopped, before anybody has done it.</summary>
    public int CrashBeforeStop { get; private init; }

    public int FailedCommit { get; private init; }

    public int SlowDisk { get; private init; }

    /// <summary>Of a task's failure.</summary>
    public int FailedTask { get; private init; }

    /// <summary>Of a task that never says anything.</summary>
    public int LostTask { get; private init; }

    /// <summary>Of an answer that comes twice.</summary>
    public int Twice { get; private init; }

    public int Executions { get; private init; }

    public static WorkflowOptions Draw(SeededRandom random) => new()
    {
        Crash = random.Pick([0, 20, 100, 300]),
        CrashBeforeStop = random.Pick([0, 1_000, 5_000]),
        FailedCommit = random.Pick([0, 0, 100, 1_000]),
        SlowDisk = random.Pick([0, 50, 500]),
        FailedTask = random.Pick([500, 2_000, 6_000]),
        LostTask = random.Pick([0, 500, 2_000]),
        Twice = random.Pick([0, 1_000, 5_000]),
        Executions = 5 + random.Below(25),
    };
}

/// <summary>Executions, their store, whoever does their tasks, and time: from one seed.</summary>
internal sealed class WorkflowWorld
{
    public WorkflowWorld(long seed, WorkflowSabotage sabotage)
    {
        Random = new SeededRandom(seed);
        Options = WorkflowOptions.Draw(Random);
        Clock = new SimulatedClock(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Trace = new Trace(Clock);
        Sabotage = sabotage;
        MachineMaker maker = new(Random);
        Machines = [.. Enumerable.Range(0, 4).Select(i => new WorkflowMachine($"m{i}", maker.Make()))];
        Store = new SimulatedExecutions(this);
        Tasks = new SimulatedTasks(this);
        Maps = new SimulatedMaps(this);
        Host = new SimulatedWorkflowHost(this);
        Clients = new SimulatedStarters(this);
    }

    public SeededRandom Random { get; }

    public WorkflowOptions Options { get; }

    public SimulatedClock Clock { get; }

    public Trace Trace { get; }

    public WorkflowSabotage Sabotage { get; }

    public IReadOnlyList<WorkflowMachine> Machines { get; }

    public SimulatedExecutions Store { get; }

    public SimulatedTasks Tasks { get; }

    public SimulatedMaps Maps { get; }

    public SimulatedWorkflowHost Host { get; }

    public SimulatedStarters Clients { get; }

    /// <summary>Set while a world is brought to its end: nothing goes wrong any more.</summary>
    public bool IsCalm { get; set; }
}

/// <summary>A host that is broken on purpose: the invariants must notice.</summary>
public class WorkflowSabotage
{
    /// <summary>Whether effects leave before the commit.</summary>
    public virtual bool ActsEarly => false;

    /// <summary>Whether a turn that was not kept is as if it had been.</summary>
    public virtual bool KeepsState => false;

    /// <summary>Whether what waited for a turn that was not kept is lost.</summary>
    public virtual bool LosesUnkept => false;

    /// <summary>Whether a token is good for all who have it.</summary>
    public virtual bool SharesTokens => false;

    /// <summary>Whether a timer rings before it is due.</summary>
    public virtual bool RingsEarly => false;

    /// <summary>Whether what an execution waited for stays there when it does not wait for it any more.</summary>
    public virtual bool KeepsWaits => false;

    /// <summary>Whether items of a Map that was stopped go on under the next kernel.</summary>
    public virtual bool KeepsOrphans => false;

    /// <summary>What of an effect a host does, again or for the first time.</summary>
    public virtual int Times(Analemma.Workflow.Executions.WorkflowEffect effect, bool again) => 1;
}
