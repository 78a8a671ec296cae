using System.Runtime.CompilerServices;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Sockets;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Daemon.Runners;

/// <summary>
/// Sends events to those who subscribed. One who does not take them is left alone until it does; the kernel then says
/// what it was not sent. So nothing waits here, and nobody slow holds up the kernel.
/// </summary>
internal sealed class Subscribers(
    CallTable calls, BackgroundTasks tasks, TimeProvider time, Action<KernelEvent> post)
{
    private readonly ConditionalWeakTable<SyscallCall, Reading> _readings = [];

    /// <summary>What happens, to one that is not behind.</summary>
    public void Start(Publish publish)
    {
        if (calls.Find(publish.Subscriber.Value) is not { } call)
        {
            return;
        }

        var reading = _readings.GetOrCreateValue(call);
        if (!reading.IsBehind && !TrySend(call, reading, publish.Event))
        {
            FallBehind(publish.Subscriber, call, reading);
        }
    }

    /// <summary>What has happened, to one that was behind or wants it from before.</summary>
    public void Start(PublishKept publish)
    {
        if (calls.Find(publish.Subscriber.Value) is not { } call)
        {
            return;
        }

        var reading = _readings.GetOrCreateValue(call);
        reading.IsBehind = false;
        foreach (var happened in publish.Events)
        {
            if (!TrySend(call, reading, happened))
            {
                FallBehind(publish.Subscriber, call, reading);
                return;
            }
        }

        reading.After = publish.Next;
        if (!publish.IsWhole)
        {
            FallBehind(publish.Subscriber, call, reading);
        }
    }

    private static bool TrySend(SyscallCall call, Reading reading, EventView happened)
    {
        if (!call.TrySendEvent(happened))
        {
            return false;
        }

        reading.After = happened.Cursor ?? happened.Until ?? reading.After;
        return true;
    }

    private void FallBehind(CallId id, SyscallCall call, Reading reading)
    {
        reading.IsBehind = true;
        tasks.Run(async stopping =>
        {
            if (await call.WaitForRoomAsync(stopping))
            {
                post(new SubscriberReady(id, reading.After) { At = time.GetUtcNow().UtcTicks });
            }
        });
    }

    /// <summary>How far one has got. Changed only where effects start, one after the other.</summary>
    private sealed class Reading
    {
        public bool IsBehind { get; set; }

        /// <summary>The cursor of the last that was sent; null before the first.</summary>
        public string? After { get; set; }
    }
}
