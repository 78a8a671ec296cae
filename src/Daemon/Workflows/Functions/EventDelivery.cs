using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;

namespace Analemma.Daemon.Workflows.Functions;

/// <summary>An event on its way to the environment that was chosen for it.</summary>
internal readonly record struct EventDelivery(SyscallCall Call, FunctionNextReply Event)
{
    /// <summary>A larger event is written by another thread than the kernel's.</summary>
    private const int AtOnceBytesMax = 64 * 1024;

    /// <summary>Hands it over. Outside the pool's gate: it is a system call, and wakes a process.</summary>
    public void Send()
    {
        if (Event.Event!.Length <= AtOnceBytesMax)
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
