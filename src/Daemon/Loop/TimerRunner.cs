using System.Collections.Concurrent;
using Analemma.Abi;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Daemon.Loop;

/// <summary>Runs the kernel's timers on the daemon's clock.</summary>
internal sealed class TimerRunner(TimeProvider time, Action<KernelEvent> post) : IDisposable
{
    private readonly ConcurrentDictionary<TimerName, ITimer> _timers = new();

    public void Arm(ArmTimer arm)
    {
        var wait = Math.Max(0, arm.DueAt - time.GetUtcNow().UtcTicks);
        var timer = time.CreateTimer(
            static state => ((Due)state!).Ring(),
            new Due(this, arm.Timer),
            Timeout.InfiniteTimeSpan,
            Timeout.InfiniteTimeSpan);
        Disarm(arm.Timer);
        _timers[arm.Timer] = timer;
        timer.Change(TimeSpan.FromTicks(wait), Timeout.InfiniteTimeSpan);
    }

    public void Disarm(TimerName name)
    {
        if (_timers.TryRemove(name, out var timer))
        {
            timer.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var name in _timers.Keys)
        {
            Disarm(name);
        }
    }

    private void Ring(TimerName name)
    {
        Disarm(name);
        var at = time.GetUtcNow().UtcTicks;
        post(name.Kind switch
        {
            TimerKind.Grace => new GraceElapsed(new ProcessId(name.Id)) { At = at },
            TimerKind.WallTime => new WallTimeElapsed(new ProcessId(name.Id)) { At = at },
            TimerKind.Shutdown => new ShutdownOverdue { At = at },
            TimerKind.ModelQueue => new ModelQueueElapsed(new CallId(name.Id)) { At = at },
            TimerKind.ModelRetry => new ModelRetryDue(new CallId(name.Id)) { At = at },
            TimerKind.ModelWake => new ModelWakeDue(name.Id) { At = at },
            TimerKind.ToolCall => new ToolCallOverdue(new CallId(name.Id)) { At = at },
            TimerKind.Unit => new UnitDue(name.Id) { At = at },
            TimerKind.UnitProbe => new ProbeDue(name.Id) { At = at },
            TimerKind.UnitHeartbeat => new HeartbeatDue(name.Id) { At = at },
            TimerKind.Call => new CallTimedOut(new CallId(name.Id)) { At = at },
            _ => throw new KernelPanicException($"no event for a {name.Kind} timer"),
        });
    }

    private sealed record Due(TimerRunner Runner, TimerName Name)
    {
        public void Ring() => Runner.Ring(Name);
    }
}
