using System.Diagnostics.CodeAnalysis;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Happenings;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel;

// Volatile: they go with their connections. So what is durable must not depend on how many there are: a KILL beyond the
// bound is carried out all the same, and only its answer does not wait. The call of a SPAWN waits for a process that
// starts, and those are bounded by ProcessesMax. Agents have a share, each and together, so that no agent can keep the
// host's clients, or another agent, from waiting.

/// <summary>Calls that wait in the kernel for something to happen.</summary>
public sealed class WaitingCalls
{
    private readonly Dictionary<CallId, WaitingCall> _byCall = [];
    private readonly Dictionary<ProcessId, List<CallId>> _byProcess = [];
    private readonly Dictionary<CallId, Subscriber> _subscribers = [];
    private readonly CallShares _waiting =
        new(Limits.WaitingCallsMax, Limits.WaitingCallsOfAgentsMax, Limits.WaitingCallsPerAgentMax);

    private readonly CallShares _subscribed =
        new(Limits.SubscribersMax, Limits.SubscribersOfAgentsMax, Limits.SubscribersPerAgentMax);

    public int Count => _byCall.Count + _subscribers.Count;

    /// <summary>Those that wait for an end: a WAIT or a KILL.</summary>
    public int WaitingForEnds => _waiting.Count;

    public int SubscriberCount => _subscribers.Count;

    /// <summary>Why one more call of this caller may not wait for an end, or null.</summary>
    internal SysError? NoRoomToWait(Caller caller) => _waiting.NoRoom(caller, "calls wait");

    /// <summary>Why this caller may not subscribe once more, or null.</summary>
    internal SysError? NoRoomToSubscribe(Caller caller) => _subscribed.NoRoom(caller, "subscriptions are open");

    /// <summary>A process has a WAIT or KILL under way.</summary>
    internal bool IsWaiting(ProcessId caller) => _waiting.Has(caller);

    /// <summary>Processes whose end a process waits for.</summary>
    internal IEnumerable<ProcessId> WaitsOf(ProcessId caller) => !_waiting.Has(caller) ? [] : _byCall.Values
        .Where(call => call.Caller.Process == caller && call.For is WaitingFor.ExitForWait)
        .Select(call => call.Process).Distinct();

    /// <summary>Lets a call wait for a process to start or end.</summary>
    internal void Add(WaitingCall call)
    {
        _byCall.Add(call.Call, call);
        if (call.For is not WaitingFor.Start)
        {
            _waiting.Add(call.Caller);
        }

        if (!_byProcess.TryGetValue(call.Process, out var calls))
        {
            _byProcess.Add(call.Process, calls = []);
        }

        calls.Add(call.Call);
    }

    internal void Subscribe(CallId call, Subscriber subscriber)
    {
        _subscribers.Add(call, subscriber);
        _subscribed.Add(subscriber.Caller);
    }

    /// <summary>The connections of an earlier kernel start are gone, and its call ids begin anew.</summary>
    internal void Clear()
    {
        _byCall.Clear();
        _byProcess.Clear();
        _subscribers.Clear();
        _waiting.Clear();
        _subscribed.Clear();
    }

    /// <summary>The client took it back or has gone: forget it without an answer.</summary>
    internal void Remove(CallId call, List<Effect> effects)
    {
        if (_subscribers.Remove(call, out var subscriber))
        {
            _subscribed.Remove(subscriber.Caller);
        }

        if (Take(call, out var waiting) && waiting.HasTimer)
        {
            effects.Add(new DisarmTimer(new TimerName(TimerKind.Call, call.Value)));
        }
    }

    internal void TimeOut(CallId call, List<Effect> effects)
    {
        if (Take(call, out var waiting))
        {
            effects.Add(new Refuse(
                call, new SysError(SysErrorCode.TimedOut, $"process {waiting.Process} has not ended yet")));
        }
    }

    /// <summary>Takes out those that wait for one thing to happen to one process.</summary>
    internal List<WaitingCall> TakeAll(ProcessId process, WaitingFor waitingFor)
    {
        List<WaitingCall> taken = [];
        if (!_byProcess.TryGetValue(process, out var calls))
        {
            return taken;
        }

        foreach (var id in calls.ToArray())
        {
            if (_byCall[id].For == waitingFor)
            {
                Take(id, out var call);
                taken.Add(call!);
            }
        }

        return taken;
    }

    /// <summary>The subscriber whose call it is, if it still is one.</summary>
    internal Subscriber? FindSubscriber(CallId call) => _subscribers.GetValueOrDefault(call);

    /// <summary>Keeps an event, and hands it to everybody who may see it and wants it.</summary>
    internal Told Publish(
        KernelState state, Process? about, EventView @event, List<Effect> effects, bool forEveryone = false)
    {
        var told = state.Happenings.Add(state, about, @event, forEveryone);
        EventView? view = null;
        foreach (var (call, subscriber) in _subscribers)
        {
            if (told.IsFor(state, subscriber.Caller) && subscriber.Selection.Takes(@event))
            {
                effects.Add(new Publish(call, view ??= told.ToView()));
            }
        }

        state.Polls.Tell(state, told, effects);
        return told;
    }

    private bool Take(CallId call, [NotNullWhen(true)] out WaitingCall? waiting)
    {
        if (!_byCall.Remove(call, out waiting))
        {
            return false;
        }

        if (waiting.For is not WaitingFor.Start)
        {
            _waiting.Remove(waiting.Caller);
        }

        var calls = _byProcess[waiting.Process];
        calls.Remove(call);
        if (calls.Count == 0)
        {
            _byProcess.Remove(waiting.Process);
        }

        return true;
    }
}

internal enum WaitingFor
{
    Start,
    ExitForWait,
    ExitForKill,
}

internal sealed record WaitingCall(
    CallId Call, Caller Caller, ProcessId Process, WaitingFor For, bool HasTimer = false);

internal sealed record Subscriber(Caller Caller, Selection Selection, Place Began);
