using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Happenings;

/// <summary>POLL_EVENTS that wait, and the standing subscriptions. Volatile.</summary>
public sealed class EventPolls
{
    private readonly Dictionary<CallId, EventPoll> _waiting = [];
    private readonly Dictionary<Caller, StandingSubscription> _standing = [];
    private readonly CallShares _polling =
        new(Limits.WaitingPollsMax, Limits.WaitingPollsOfAgentsMax, Limits.WaitingPollsPerAgentMax);

    public int WaitingCount => _waiting.Count;

    public int StandingCount => _standing.Count;

    internal EmitRates Rates { get; } = new();

    internal SysError? NoRoom(Caller caller) => _polling.NoRoom(caller, "POLL_EVENTS wait");

    internal StandingSubscription? StandingOf(Caller caller) => _standing.GetValueOrDefault(caller);

    internal void Keep(Caller caller, StandingSubscription? standing)
    {
        if (standing is null)
        {
            _standing.Remove(caller);
        }
        else
        {
            _standing[caller] = standing;
        }
    }

    internal void Add(EventPoll poll)
    {
        _waiting.Add(poll.Call, poll);
        _polling.Add(poll.Caller);
    }

    /// <summary>Answers those who wait for it.</summary>
    internal void Tell(KernelState state, Told told, List<Effect> effects)
    {
        if (_waiting.Count == 0)
        {
            return;
        }

        HashSet<Caller> served = [];
        foreach (var poll in _waiting.Values.ToArray())
        {
            if (!told.IsFor(state, poll.Caller) || !poll.Selection.Takes(told.View)
                || (poll.IsStanding && !served.Add(poll.Caller)))
            {
                continue;
            }

            Take(poll.Call);
            effects.Add(new DisarmTimer(new TimerName(TimerKind.Call, poll.Call.Value)));
            effects.Add(new Answer(poll.Call, new PollEventsReply([told.ToView()], told.Place.ToString())));
            MoveOn(poll, told.Place);
        }
    }

    internal void TimedOut(KernelState state, CallId call, List<Effect> effects)
    {
        if (Take(call) is { } poll)
        {
            effects.Add(new Answer(call, new PollEventsReply([], state.Happenings.Latest.ToString())));
            MoveOn(poll, state.Happenings.Latest);
        }
    }

    internal void Cancelled(CallId call, List<Effect> effects)
    {
        if (Take(call) is not null)
        {
            effects.Add(new DisarmTimer(new TimerName(TimerKind.Call, call.Value)));
        }
    }

    internal void ProcessEnded(ProcessId process)
    {
        Rates.Forget(process);
        foreach (var caller in _standing.Keys.Where(caller => caller.Process == process).ToArray())
        {
            _standing.Remove(caller);
        }
    }

    internal void Clear()
    {
        _waiting.Clear();
        _standing.Clear();
        _polling.Clear();
        Rates.Clear();
    }

    private EventPoll? Take(CallId call)
    {
        if (_waiting.Remove(call, out var poll))
        {
            _polling.Remove(poll.Caller);
        }

        return poll;
    }

    private void MoveOn(EventPoll poll, Place place)
    {
        if (poll.IsStanding && StandingOf(poll.Caller) is { } standing && standing.Next < place)
        {
            standing.Next = place;
        }
    }
}

/// <summary>A POLL_EVENTS that waits for the first event to its liking.</summary>
internal sealed record EventPoll(CallId Call, Caller Caller, Selection Selection, bool IsStanding);

/// <summary>What a caller takes with POLL_EVENTS, and how far it has.</summary>
internal sealed class StandingSubscription(Selection selection, Place next)
{
    public Selection Selection { get; set; } = selection;

    public Place Next { get; set; } = next;
}
