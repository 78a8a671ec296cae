using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Happenings;
using Analemma.Kernel.Policy;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Syscalls;

/// <summary>POLL_EVENTS, UNSUBSCRIBE and EMIT, and what becomes of subscribers.</summary>
internal static class EventSyscalls
{
    private const int MaxDefault = 100;

    public static void Handle(SyscallContext call, Syscall syscall)
    {
        switch (syscall)
        {
            case PollEvents poll:
                Poll(call, poll);
                break;
            case Unsubscribe unsubscribe:
                Unsubscribe(call, unsubscribe);
                break;
            case Emit emit:
                Emit(call, emit);
                break;
        }
    }

    /// <summary>What daemons say of subscribers, and what was emitted to stay.</summary>
    public static void Apply(KernelState state, KernelEvent @event, List<Effect> effects)
    {
        switch (@event)
        {
            case SubscriberReady ready:
                Ready(state, ready, effects);
                break;
            case EventEmitted emitted:
                Emitted(state, emitted, effects);
                break;
        }
    }

    /// <summary>Sends a subscriber what is kept of what it wants after a place.</summary>
    public static void TellKept(
        KernelState state, CallId call, Subscriber subscriber, Place after, bool tellMissed, List<Effect> effects)
    {
        var told = state.Happenings.Read(
            state, subscriber.Caller, subscriber.Selection, after, Limits.EventsPerBatchMax, tellMissed);
        effects.Add(new PublishKept(call, told.Views, told.Next.ToString(), told.IsWhole));
    }

    /// <summary>Where a request wants to begin; null when its cursor is of the future.</summary>
    public static Place? Start(KernelState state, string? from) => from switch
    {
        null or "now" => state.Happenings.Latest,
        "oldest" => default(Place),
        _ => Place.TryParse(from, out var place) && place <= state.Happenings.Latest ? place : null,
    };

    public static SysError FromTheFuture(string from) => SysError.InvalidArgument(
        $"from is {from}, and no event has had that cursor yet: it may be of another kernel",
        "give the cursor of an event of this kernel, oldest or now");

    private static void Poll(SyscallContext call, PollEvents request)
    {
        var (state, polls) = (call.State, call.State.Polls);
        var standing = request.From is null ? polls.StandingOf(call.Caller) : null;
        if (standing is null && request.From is null)
        {
            call.Refuse(new SysError(
                SysErrorCode.WrongState, "there is no subscription to poll", "SUBSCRIBE first, or say from where"));
            return;
        }

        if ((standing?.Next ?? Start(state, request.From)) is not { } after)
        {
            call.Refuse(FromTheFuture(request.From!));
            return;
        }

        var selection = standing?.Selection ?? Selection.Of(request);
        var told = state.Happenings.Read(
            state, call.Caller, selection, after, request.Max ?? MaxDefault, request.From != "oldest");
        if (standing is not null)
        {
            standing.Next = told.Next;
        }

        if (told.Views.Count > 0 || !told.IsWhole || request.TimeoutMs is null or 0)
        {
            call.Answer(new PollEventsReply(told.Views, told.Next.ToString()));
            return;
        }

        if (polls.NoRoom(call.Caller) is { } full)
        {
            call.Refuse(full);
            return;
        }

        polls.Add(new EventPoll(call.Call, call.Caller, selection, standing is not null));
        call.Effects.Add(new ArmTimer(
            new TimerName(TimerKind.Call, call.Call.Value),
            state.Now + (request.TimeoutMs.Value * TimeSpan.TicksPerMillisecond)));
    }

    private static void Unsubscribe(SyscallContext call, Unsubscribe request)
    {
        var polls = call.State.Polls;
        if (request.Types is not { Count: > 0 } types || polls.StandingOf(call.Caller) is not { } standing)
        {
            polls.Keep(call.Caller, null);
            call.Answer(new UnsubscribeReply([]));
            return;
        }

        var left = (standing.Selection.Types ?? ["*"]).Except(types, StringComparer.Ordinal).ToArray();
        standing.Selection = standing.Selection with { Types = left };
        polls.Keep(call.Caller, left.Length > 0 ? standing : null);
        call.Answer(new UnsubscribeReply(left));
    }

    private static void Emit(SyscallContext call, Emit request)
    {
        var state = call.State;
        Process? emitter = null;
        if (!call.Caller.IsHost && !state.Processes.TryGet(call.Caller.Process, out emitter))
        {
            // Its last words were still in the socket when its record went.
            call.Refuse(new SysError(SysErrorCode.WrongState, "a process that has ended cannot emit"));
            return;
        }

        if (Rights.MayEmit(state, call.Caller, request.Type) is { } forbidden)
        {
            call.Deny($"EMIT {request.Type}", forbidden);
            return;
        }

        var cost = request.Durable == true ? Limits.EmitsOfADurable : 1;
        if (emitter is not null && state.Polls.Rates.TryTake(emitter.Id, cost, state.Now) is { } wait)
        {
            call.Refuse(new SysError(
                SysErrorCode.TryAgain,
                $"{Limits.EmitsPerSecond} events a second are what an agent may emit, and a durable one counts as "
                + $"{Limits.EmitsOfADurable}",
                "emit less often, or more in one event")
            {
                RetryAfterMs = wait,
            });
            return;
        }

        var emitted = new EventEmitted(
            call.Call, emitter?.Id ?? ProcessId.None, request.Type, request.To == "everyone")
        {
            At = state.Now,
            Name = emitter?.Name,
            Data = request.Data is { } data ? Compact(data) : null,
        };
        if (request.Durable == true)
        {
            call.Effects.Add(new Raise(emitted));
            return;
        }

        Emitted(state, emitted, call.Effects);
    }

    private static void Emitted(KernelState state, EventEmitted emitted, List<Effect> effects)
    {
        state.Processes.TryGet(emitted.Process, out var emitter);
        var type = $"{emitted.Name ?? EventTypes.HostNamespace}/{emitted.Type}";
        var view = new EventView(type, new DateTimeOffset(emitted.At, TimeSpan.Zero))
        {
            Process = emitted.Process == ProcessId.None ? null : emitted.Process,
            Name = emitted.Name,
            Data = emitted.Data,
        };
        var told = state.Calls.Publish(state, emitter, view, effects, emitted.ForEveryone);
        effects.Add(new Answer(emitted.Call, new EmitReply(type, told.Place.ToString())));
    }

    private static void Ready(KernelState state, SubscriberReady ready, List<Effect> effects)
    {
        if (state.Calls.FindSubscriber(ready.Call) is { } subscriber)
        {
            var after = ready.After is { } text && Place.TryParse(text, out var place) ? place : subscriber.Began;
            TellKept(state, ready.Call, subscriber, after, tellMissed: true, effects);
        }
    }

    /// <summary>As the journal will have it, so that both count the same.</summary>
    private static JsonElement Compact(JsonElement data) =>
        JsonSerializer.SerializeToElement(data, AbiJsonContext.Default.JsonElement);
}
