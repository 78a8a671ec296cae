using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Simulator;

/// <summary>Does what the kernel wants done, in the simulated world. The daemon has one runner per kind.</summary>
internal sealed class SimulatedEffects(World world)
{
    private readonly Dictionary<TimerName, SimulatedClock.Due> _timers = [];

    public void Run(Effect effect)
    {
        switch (effect)
        {
            case Answer answer:
                world.Mail.Answered(answer);
                world.Calls.Answered(answer.Call, answer.Reply);
                break;
            case DropHandle drop:
                world.Mail.HandleLeft(drop.Number);
                break;
            case Refuse refuse:
                Refused(refuse);
                break;
            case Launch launch:
                world.Host.Launch(launch.Process, launch.Plan);
                break;
            case SendSignal signal:
                world.Host.Signal(signal.Process, signal.Signal);
                break;
            case KillAll kill:
                world.Host.KillAll(kill.Process);
                break;
            case Freeze freeze:
                world.Host.Freeze(freeze.Process);
                break;
            case Thaw thaw:
                world.Host.Thaw(thaw.Process);
                break;
            case Perform perform:
                Perform(perform);
                break;
            case KeepBodies or DropBodies or SweepBodies or ShowMessages or CountTokens:
                world.Bodies.Run(effect);
                break;
            case SendHttp send:
                world.Http.Start(send);
                break;
            case PerformSecret secret:
                world.Secrets.Perform(secret);
                break;
            case OpenEndpoint open:
                world.Calls.Answered(open.Call, new EndpointReply("http://127.0.0.1:1", "token", open.Process));
                break;
            case DescribeKernel describe:
                world.Calls.Answered(describe.Call, describe.Known);
                break;
            case DescribeMetrics describe:
                world.Calls.Answered(describe.Call, new MetricsReply(DateTimeOffset.UnixEpoch, []));
                break;
            case Publish or PublishKept:
                world.Watchers.Run(effect);
                break;
            case ArmTimer arm:
                Arm(arm);
                break;
            case DisarmTimer disarm:
                Disarm(disarm.Timer);
                break;
            case Forget forget:
                world.Host.Forget(forget.Process);
                break;
            case Raise:
                break;
            default:
                RunCalls(effect);
                break;
        }
    }

    public void DisarmAll()
    {
        foreach (var timer in _timers.Values)
        {
            timer.Cancel();
        }

        _timers.Clear();
    }

    public void CheckStop()
    {
        var living = world.Host.Living.FirstOrDefault();
        ViolationException.Unless(living is null, "nothing outlives a clean stop", $"process {living?.Id} still runs");
        LeaseInvariants.CheckStop(world.Kernel.State);
        world.Calls.CheckAllAnswered();
    }

    private void Refused(Refuse refuse)
    {
        if (refuse.Error.Code is Abi.SysErrorCode.ModelFailed
            && world.Calls.CallerOf(refuse.Call) is { IsHost: false } caller)
        {
            world.Host.MayGiveUp(caller.Process);
        }

        world.Calls.Refused(refuse.Call, refuse.Error);
    }

    private void RunCalls(Effect effect)
    {
        switch (effect)
        {
            case ReadAudit read:
                world.Calls.Answered(read.Call, new AuditReply([]));
                break;
            case CallWorkflows asked:
                world.Calls.Answered(asked.Call, new WorkflowCallReply(default));
                break;
            case TurnFunction asked:
                world.Calls.Answered(asked.Call, new FunctionNextReply());
                break;
            case OpenWorkflows asked:
                world.Calls.Answered(asked.Call, new WorkflowListenReply("http://127.0.0.1:1", "here", "0"));
                break;
            case KeepValue or DropValues or SweepValues or ReadValue:
                world.Values.Run(effect);
                break;
            case UsePipe or ClosePipeEnd or DropPipes:
                world.Pipes.Run(effect);
                break;
            case StartModelCall start:
                world.Models.Start(start);
                break;
            case CancelModelCall cancel:
                world.Models.Cancel(cancel);
                break;
            case AnswerModelCall answer:
                world.Models.Answer(answer);
                break;
            case StartToolServer start:
                world.Tools.Start(start);
                break;
            case StopToolServer stop:
                world.Tools.Stop(stop);
                break;
            case StartToolCall start:
                world.Tools.Call(start);
                break;
            case CancelToolCall cancel:
                world.Tools.Cancel(cancel);
                break;
            case AnswerToolCall answer:
                world.Tools.Answer(answer);
                break;
            case ProbeUnit probe:
                world.Supervision.Probe(probe);
                break;
            case TellEscalation tell:
                world.Supervision.Tell(tell);
                break;
            case AskSchedule ask:
                world.Supervision.Ask(ask);
                break;
            default:
                throw new ViolationException("every effect has a runner", effect.ToString());
        }
    }

    private void Perform(Perform perform)
    {
        var boot = world.Kernel.Boot;
        world.Clock.After(world.Random.Delay(50, 100_000), () =>
        {
            if (world.Kernel.Boot == boot && world.Kernel.IsUp)
            {
                world.Calls.Answered(perform.Call, new ExecReply(0));
            }
        });
    }

    private void Arm(ArmTimer arm)
    {
        // In this world every kill is carried out in time: a shutdown that needs its last resort is a fault.
        if (arm.Timer.Kind is TimerKind.Shutdown)
        {
            return;
        }

        Disarm(arm.Timer);
        _timers[arm.Timer] = world.Clock.At(arm.DueAt, () =>
        {
            _timers.Remove(arm.Timer);
            world.Kernel.Arrive(EventOf(arm.Timer));
        });
    }

    private void Disarm(TimerName timer)
    {
        if (_timers.Remove(timer, out var due))
        {
            due.Cancel();
        }
    }

    private KernelEvent EventOf(TimerName timer) => timer.Kind switch
    {
        TimerKind.Grace => new GraceElapsed(new Abi.ProcessId(timer.Id)) { At = world.Clock.Ticks },
        TimerKind.WallTime => new WallTimeElapsed(new Abi.ProcessId(timer.Id)) { At = world.Clock.Ticks },
        TimerKind.Call => new CallTimedOut(new CallId(timer.Id)) { At = world.Clock.Ticks },
        TimerKind.ModelQueue => new ModelQueueElapsed(new CallId(timer.Id)) { At = world.Clock.Ticks },
        TimerKind.ModelHedge => new ModelHedgeDue(new CallId(timer.Id)) { At = world.Clock.Ticks },
        TimerKind.ModelRetry => new ModelRetryDue(new CallId(timer.Id)) { At = world.Clock.Ticks },
        TimerKind.Usage => new UsageDue { At = world.Clock.Ticks },
        TimerKind.ModelWake => new ModelWakeDue(timer.Id) { At = world.Clock.Ticks },
        TimerKind.ToolCall => new ToolCallOverdue(new CallId(timer.Id)) { At = world.Clock.Ticks },
        TimerKind.Unit => new UnitDue(timer.Id) { At = world.Clock.Ticks },
        TimerKind.UnitProbe => new ProbeDue(timer.Id) { At = world.Clock.Ticks },
        TimerKind.UnitHeartbeat => new HeartbeatDue(timer.Id) { At = world.Clock.Ticks },
        TimerKind.UnitIdle => new IdleDue(timer.Id) { At = world.Clock.Ticks },
        TimerKind.Mail => new MailDue { At = world.Clock.Ticks },
        TimerKind.ValueExpiry => new ValueExpiryDue { At = world.Clock.Ticks },
        TimerKind.Shutdown => throw new ViolationException("a shutdown needs no last resort", timer.ToString()),
    };
}
