using System.Runtime.CompilerServices;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;

namespace Analemma.Daemon.Runners;

/// <summary>Sends events to those who subscribed; one who does not keep up is told how many it missed.</summary>
internal static class Subscribers
{
    private static readonly ConditionalWeakTable<SyscallCall, StrongBox<long>> Missed = [];

    public static void Send(SyscallCall subscriber, EventView happened)
    {
        var missed = Missed.GetOrCreateValue(subscriber);
        if (missed.Value > 0)
        {
            if (!subscriber.TrySendEvent(new EventView(EventTypes.Missed, happened.At) { Count = missed.Value }))
            {
                missed.Value++;
                return;
            }

            missed.Value = 0;
        }

        if (!subscriber.TrySendEvent(happened))
        {
            missed.Value++;
        }
    }
}
