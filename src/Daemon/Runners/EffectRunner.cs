using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Runners.Conversations;
using Analemma.Daemon.Runners.Network;
using Analemma.Daemon.Runners.Pipes;
using Analemma.Daemon.Runners.Schedules;
using Analemma.Daemon.Runners.Secrets;
using Analemma.Daemon.Runners.Supervision;
using Analemma.Daemon.Runners.Thinking;
using Analemma.Daemon.Runners.Tools;
using Analemma.Daemon.Runners.Values;
using Analemma.Daemon.Sockets;
using Analemma.Daemon.Telemetry;
using Analemma.Daemon.Workflows;
using Analemma.Kernel;
using Analemma.Kernel.Effects;

namespace Analemma.Daemon.Runners;

/// <summary>Sends each effect to its runner. Decides nothing.</summary>
internal sealed class EffectRunner(
    CallTable calls,
    LiveSandboxes live,
    LaunchRunner launches,
    DataRunner data,
    Subscribers subscribers,
    PipeRunner pipes,
    TimerRunner timers,
    StatusRunner status,
    MetricsRunner metrics,
    AuditRunner audit,
    ModelRunner models,
    ConversationRunner conversations,
    EndpointRunner endpoint,
    HttpRunner http,
    SecretRunner secrets,
    ValueRunner values,
    ToolRunner tools,
    WorkflowRunner workflows,
    SupervisionRunner supervision,
    ScheduleRunner schedules,
    BackgroundTasks tasks,
    SandboxFaults faults,
    Action stopped) : IEffectRunner
{
    public void Start(Effect effect)
    {
        switch (effect)
        {
            case Answer answer:
                End(calls.Remove(answer.Call.Value), answer.Reply);
                break;
            case Refuse refuse:
                calls.Remove(refuse.Call.Value)?.Fail(refuse.Error);
                break;
            case Publish publish:
                subscribers.Start(publish);
                break;
            case PublishKept publish:
                subscribers.Start(publish);
                break;
            case Perform perform:
                data.Start(perform);
                break;
            case DescribeKernel describe:
                calls.Remove(describe.Call.Value)?.Reply(status.Complete(describe.Known));
                break;
            case DescribeMetrics describe:
                metrics.Start(describe);
                break;
            case StartModelCall start:
                models.Start(start);
                break;
            case CancelModelCall cancel:
                models.Cancel(cancel);
                break;
            case AnswerModelCall answer:
                models.Answer(answer);
                break;
            case KeepBodies or DropBodies or SweepBodies or ShowMessages or CountTokens:
                conversations.Start(effect);
                break;
            case OpenEndpoint open:
                endpoint.Start(open);
                break;
            case SendHttp send:
                http.Start(send);
                break;
            case PerformSecret secret:
                secrets.Start(secret);
                break;
            case Launch launch:
                launches.Start(launch);
                break;
            case ArmTimer arm:
                timers.Arm(arm);
                break;
            case DisarmTimer disarm:
                timers.Disarm(disarm.Timer);
                break;
            case Forget forget:
                Forget(forget);
                break;
            case StopKernel:
                stopped();
                break;
            case Raise:
                break;
            default:
                StartOther(effect);
                break;
        }
    }

    public void Expect(Launch launch) => launches.Expect(launch);

    private void StartOther(Effect effect)
    {
        switch (effect)
        {
            case KeepValue or DropValues or SweepValues or ReadValue:
                values.Start(effect);
                break;
            case ReadAudit read:
                audit.Start(read);
                break;
            case DropHandle drop:
                calls.Handles.Drop(drop.Number);
                break;
            case UsePipe or ClosePipeEnd or DropPipes:
                pipes.Start(effect);
                break;
            case StartToolServer start:
                tools.Start(start);
                break;
            case StopToolServer stop:
                tools.Stop(stop);
                break;
            case StartToolCall start:
                tools.Call(start);
                break;
            case CancelToolCall cancel:
                tools.Cancel(cancel);
                break;
            case AnswerToolCall answer:
                tools.Answer(answer);
                break;
            case CallWorkflows asked:
                workflows.Start(asked);
                break;
            case TurnFunction turn:
                workflows.Start(turn);
                break;
            case OpenWorkflows open:
                workflows.Start(open);
                break;
            case ProbeUnit probe:
                supervision.Start(probe);
                break;
            case TellEscalation tell:
                supervision.Start(tell);
                break;
            case AskSchedule ask:
                schedules.Start(ask);
                break;
            default:
                Touch(effect);
                break;
        }
    }

    private void Touch(Effect effect)
    {
        var process = effect switch
        {
            SendSignal signal => signal.Process,
            KillAll kill => kill.Process,
            Freeze freeze => freeze.Process,
            Thaw thaw => thaw.Process,
            _ => throw new KernelPanicException($"no runner for {effect.GetType().Name}"),
        };
        if (!live.TryGet(process, out var sandbox) || sandbox.Exited.IsCompleted)
        {
            return;
        }

        faults.Guard(sandbox, () =>
        {
            switch (effect)
            {
                case SendSignal signal:
                    sandbox.Signal(signal.Signal);
                    break;
                case KillAll:
                    sandbox.Kill();
                    break;
                case Freeze:
                    sandbox.Freeze();
                    break;
                case Thaw:
                    sandbox.Thaw();
                    break;
            }
        });
    }

    /// <summary>Ends a call, if its client still waits, with the handles of what it is given.</summary>
    private void End(SyscallCall? call, Reply reply)
    {
        var descriptors = calls.Handles.Take(reply);
        if (call is not null)
        {
            call.ReplyWith(reply, descriptors);
            return;
        }

        foreach (var descriptor in descriptors)
        {
            descriptor.Dispose();
        }
    }

    private void Forget(Forget forget)
    {
        if (live.Remove(forget.Process) is { } sandbox)
        {
            tasks.Run(async _ => await sandbox.DisposeAsync());
        }
    }
}
