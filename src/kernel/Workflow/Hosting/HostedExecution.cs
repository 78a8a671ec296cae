using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;

namespace Analemma.Workflow.Hosting;

// ONE EXECUTION AND ITS HOST
//
//   Post ─► inbox ─► Take ─► Apply: a step each ─► the host commits ─┬─ Kept: effects leave, who posted is told
//                                                                    └─ NotKept: fold again; what nobody was told of
//                                                                       waits again, before what came later
//
// The host has the store, the clock, the threads and whoever does effects; what is decided around a step is here, so
// that a simulated host runs the same. One turn at a time: nobody is in an execution while a commit is under way, so
// the state is never ahead of the disk for anyone who looks.
//
// Post, Enter, Take, GoesOn and NotKept touch the inbox: a host with threads lets in one of them at a time. The others
// are for who has taken the turn.
/// <summary>An execution's state, and what waits to happen to it: a machine that a host drives.</summary>
public sealed class HostedExecution(
    StateMachineDefinition definition, ExecutionIdentity identity, DateTimeOffset lastAt)
{
    /// <summary>Steps in one commit.</summary>
    public const int StepsPerTurnMax = 64;

    private readonly Queue<Posting> _inbox = new();
    private bool _isBusy;

    public StateMachineDefinition Definition => definition;

    public ExecutionIdentity Identity => identity;

    public ExecutionState State { get; private set; } = new();

    /// <summary>What it wants done and was not told the end of.</summary>
    public OpenWork Open { get; private set; } = new();

    /// <summary>The parts of its history that are kept, oldest first; empty while it is one.</summary>
    public IReadOnlyList<HistorySegment> Segments { get; private set; } = [];

    /// <summary>The time of its last step: the next is not before it, whatever a clock says.</summary>
    public DateTimeOffset LastAt { get; private set; } = lastAt;

    /// <summary>Puts something there to happen. True when whoever posts is to take a turn: nobody does.</summary>
    public bool Post(Posting posting)
    {
        _inbox.Enqueue(posting);
        return Enter();
    }

    /// <summary>Takes a turn without anything to happen: true when nobody else has it.</summary>
    public bool Enter() => !_isBusy && (_isBusy = true);

    /// <summary>Takes what waits into a turn.</summary>
    public HostTurn Take()
    {
        HostTurn turn = new();
        while (turn.Postings.Count < StepsPerTurnMax && _inbox.TryDequeue(out var posting))
        {
            turn.Postings.Add(posting);
        }

        return turn;
    }

    /// <summary>Lets it happen. The state is then ahead of the disk, until the turn is kept or is not.</summary>
    public void Apply(HostTurn turn, DateTimeOffset now)
    {
        for (var i = 0; i < turn.Postings.Count; i++)
        {
            var @event = turn.Postings[i].Make(now > LastAt ? now : LastAt);
            var result = ExecutionMachine.Step(definition, identity, State, @event);
            var made = result.History.Count > 0 || result.Effects.Count > 0;
            // An end that comes too early is remembered without a word; a timer that comes too late is not.
            if (made || @event is ExecutionEvent.TaskSucceeded or ExecutionEvent.TaskFailed)
            {
                turn.Steps.Add(new HostStep(@event, result));
                Open.Happened(@event, result);
                LastAt = @event.At;
            }

            turn.Made.Add(made || result.IsHeard);
        }
    }

    /// <summary>The turn is over. True when there is more to take; else the next who posts takes the next.</summary>
    public bool GoesOn() => _isBusy = _inbox.Count > 0;

    /// <summary>
    /// The turn is not on disk and has not happened: the state is to be folded again. What nobody was told of waits
    /// again; the others were told that it failed.
    /// </summary>
    public void NotKept(HostTurn turn)
    {
        Posting[] later = [.. _inbox];
        _inbox.Clear();
        foreach (var posting in turn.Postings.Where(posting => posting.Ticket is null).Concat(later))
        {
            _inbox.Enqueue(posting);
        }
    }

    /// <summary>Goes on from what is on disk.</summary>
    public void Restore(ExecutionReplay replay) =>
        (State, Open, LastAt, Segments) = (replay.State, replay.Open, replay.LastAt, replay.Segments);

    /// <summary>Its history goes on in a new segment. As a step, it is ahead of the disk until it is kept.</summary>
    /// <param name="segments">Those that are kept, the new one last.</param>
    public void Roll(IReadOnlyList<HistorySegment> segments)
    {
        Open.ForgetEndedRuns();
        Segments = segments;
    }
}

/// <summary>An execution's state, made again of its events: of all, or of those after a snapshot.</summary>
public sealed class ExecutionReplay
{
    private readonly StateMachineDefinition _definition;
    private readonly ExecutionIdentity _identity;

    /// <summary>Before its first event.</summary>
    /// <param name="definition">What it runs.</param>
    /// <param name="identity">Who it is.</param>
    public ExecutionReplay(StateMachineDefinition definition, ExecutionIdentity identity)
        : this(definition, identity, new ExecutionState(), new OpenWork(), default)
    {
    }

    /// <summary>At a snapshot.</summary>
    internal ExecutionReplay(
        StateMachineDefinition definition,
        ExecutionIdentity identity,
        ExecutionState state,
        OpenWork open,
        DateTimeOffset lastAt) =>
        (_definition, _identity, State, Open, LastAt) = (definition, identity, state, open, lastAt);

    public ExecutionState State { get; }

    /// <summary>What it wanted done and was not told the end of.</summary>
    public OpenWork Open { get; }

    public DateTimeOffset LastAt { get; private set; }

    /// <summary>The parts of its history that are kept, oldest first; empty while it is one.</summary>
    public IReadOnlyList<HistorySegment> Segments { get; internal set; } = [];

    /// <summary>Its history goes on in a new segment.</summary>
    /// <param name="segments">Those that are kept, the new one last.</param>
    public void Roll(IReadOnlyList<HistorySegment> segments)
    {
        Open.ForgetEndedRuns();
        Segments = segments;
    }

    /// <summary>Adds the next event; gives what it gave when it first happened.</summary>
    public StepResult Add(ExecutionEvent @event)
    {
        var result = ExecutionMachine.Step(_definition, _identity, State, @event);
        Open.Happened(@event, result);
        LastAt = @event.At;
        return result;
    }
}

/// <summary>Something that is to happen to an execution.</summary>
/// <param name="Make">The event, at the time that it is given.</param>
/// <param name="Ticket">Who wants to be told what came of it; null for nobody.</param>
public readonly record struct Posting(Func<DateTimeOffset, ExecutionEvent> Make, object? Ticket = null);

/// <summary>A step that a turn made.</summary>
/// <param name="Event">What happened.</param>
/// <param name="Result">What came of it.</param>
public sealed record HostStep(ExecutionEvent Event, StepResult Result);

/// <summary>What goes into one commit.</summary>
public sealed class HostTurn
{
    /// <summary>What was taken.</summary>
    public List<Posting> Postings { get; } = [];

    /// <summary>Whether each of them made a difference, or was heard by the task that it was about.</summary>
    public List<bool> Made { get; } = [];

    /// <summary>What is to be made durable; with nothing there is no commit.</summary>
    public List<HostStep> Steps { get; } = [];

    /// <summary>To be done once that is durable, in order.</summary>
    public IEnumerable<WorkflowEffect> Effects => Steps.SelectMany(step => step.Result.Effects);

    /// <summary>Who wants to be told, and whether it made a difference.</summary>
    public IEnumerable<(object Ticket, bool Made)> Told
    {
        get
        {
            for (var i = 0; i < Postings.Count; i++)
            {
                if (Postings[i].Ticket is { } ticket)
                {
                    yield return (ticket, i < Made.Count && Made[i]);
                }
            }
        }
    }
}
