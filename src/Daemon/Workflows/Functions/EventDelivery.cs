using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;

namespace Analemma.Daemon.Workflows.Functions;

/// <summary>An event on its way to the environment that was chosen for it.</summary>
internal readonly record struct EventDelivery(SyscallCall Call, FunctionNextReply Event)
{
    /// <summary>A larger event is written by another thread than the kernel's.</summary>
    private const int AtOnceBytesMax = 64 * 1024;

    /// <summary>Whether others could overtake it.</summary>
    public static bool IsLarge(FunctionNextReply @event) => @event.Event!.Length > AtOnceBytesMax;

    /// <summary>Hands it over.</summary>
    public void Send()
    {
        if (!IsLarge(Event))
        {
            Call.Reply(Event);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static delivery => delivery.Call.Reply(delivery.Event), this, preferLocal: false);
        }
    }
}
