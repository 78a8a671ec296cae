using System.Collections.Concurrent;
using Analemma.Abi;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Daemon.Loop;

/// <summary>
/// Runs the kernel's timers on the daemon's clock. A long wait is made of short ones, each by the clock as it is then:
/// schedules keep to a clock that is set, and to a host that slept.
/// </summary>
internal sealed class TimerRunner(TimeProvider time, Action<KernelEvent> post) : IDisposable
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<TimerName, ITimer> _timers = new();

    public void Arm(ArmTimer arm)
    {
        var due = new Due(this, arm.Timer, arm.DueAt);
        var timer = due.Timer = time.CreateTimer(
            static state => ((Due)state!).Elapsed(), due, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Disarm(arm.Timer);
        _timers[arm.Timer] = timer;
        due.Wait();
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

    private long Now => time.GetUtcNow().UtcTicks;

    private void Ring(TimerName name)
    {
        Disarm(name);
        var at = Now;
        post(name.Kind switch
        {
            TimerKind.Grace => new GraceElapsed(new ProcessId(name.Id)) { At = at },
            TimerKind.WallTime => new WallTimeElapsed(new ProcessId(name.Id)) { At = at },
            TimerKind.Shutdown => new ShutdownOverdue { At = at },
            TimerKind.ModelQueue => new ModelQueueElapsed(new CallId(name.Id)) { At = at },
            TimerKind.ModelHedge => new ModelHedgeDue(new CallId(name.Id)) { At = at },
            TimerKind.ModelRetry => new ModelRetryDue(new CallId(name.Id)) { At = at },
            TimerKind.Usage => new UsageDue { At = at },
            TimerKind.ModelWake => new ModelWakeDue(name.Id) { At = at },
            TimerKind.ToolCall => new ToolCallOverdue(new CallId(name.Id)) { At = at },
            TimerKind.Unit => new UnitDue(name.Id) { At = at },
            TimerKind.UnitProbe => new ProbeDue(name.Id) { At = at },
            TimerKind.UnitHeartbeat => new HeartbeatDue(name.Id) { At = at },
            TimerKind.UnitIdle => new IdleDue(name.Id) { At = at },
            TimerKind.Mail => new MailDue { At = at },
            TimerKind.ValueExpiry => new ValueExpiryDue { At = at },
            TimerKind.Call => new CallTimedOut(new CallId(name.Id)) { At = at },
            _ => throw new KernelPanicException($"no event for a {name.Kind} timer"),
        });
    }

    private sealed class Due(TimerRunner runner, TimerName name, long dueAt)
    {
        private bool _isLast;

        public ITimer? Timer { get; set; }

        public void Wait()
        {
            var wait = TimeSpan.FromTicks(Math.Max(0, dueAt - runner.Now));
            _isLast = wait <= WaitMax;
            Timer!.Change(_isLast ? wait : WaitMax, Timeout.InfiniteTimeSpan);
        }

        public void Elapsed()
        {
            if (_isLast)
            {
                runner.Ring(name);
            }
            else
            {
                Wait();
            }
        }
    }
}
