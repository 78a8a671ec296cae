using Analemma.Abi.Syscalls;
using Analemma.Kernel.Happenings;

namespace Analemma.Kernel.Syscalls;

/// <summary>SUBSCRIBE: from now on, or from an event of before, until cancelled; or for POLL_EVENTS to take.</summary>
internal static class SubscribeSyscall
{
    public static void Handle(SyscallContext call, Subscribe request)
    {
        if (EventSyscalls.Start(call.State, request.From) is not { } start)
        {
            call.Refuse(EventSyscalls.FromTheFuture(request.From!));
            return;
        }

        if (request.Stream == false)
        {
            Stand(call, request, start);
            return;
        }

        if (call.State.Calls.NoRoomToSubscribe(call.Caller) is { } full)
        {
            call.Refuse(full);
            return;
        }

        var subscriber = new Subscriber(call.Caller, Selection.Of(request), start);
        call.State.Calls.Subscribe(call.Call, subscriber);
        if (request.From is not (null or "now"))
        {
            EventSyscalls.TellKept(
                call.State, call.Call, subscriber, start, tellMissed: request.From != "oldest", call.Effects);
        }
    }

    private static void Stand(SyscallContext call, Subscribe request, Place start)
    {
        var polls = call.State.Polls;
        var standing = polls.StandingOf(call.Caller);
        if (standing is null && polls.StandingCount >= Limits.SubscribersMax)
        {
            call.Refuse(new Abi.SysError(
                Abi.SysErrorCode.TryAgain, $"{Limits.SubscribersMax} subscriptions stand already"));
            return;
        }

        var selection = Selection.Of(request);
        if (standing is { Selection.Types: { } before } && selection.Types is { } added)
        {
            var types = before.Union(added, StringComparer.Ordinal).ToArray();
            if (types.Length > Limits.EventPatternsMax)
            {
                call.Refuse(Abi.SysError.InvalidArgument($"types: at most {Limits.EventPatternsMax} patterns stand"));
                return;
            }

            selection = selection with { Types = types };
        }

        standing ??= new StandingSubscription(selection, start);
        standing.Selection = selection;
        standing.Next = request.From is null ? standing.Next : start;
        polls.Keep(call.Caller, standing);
        call.Answer(new SubscribeReply(selection.Types ?? ["*"], standing.Next.ToString()));
    }
}
