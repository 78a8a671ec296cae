using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Supervision;

namespace Analemma.Kernel.Processes;

/// <summary>What a launch comes to.</summary>
internal static class ProcessStart
{
    public static void Started(KernelState state, SandboxStarted started, List<Effect> effects)
    {
        var process = state.Require(started.Process);
        Invariant.Holds(process.StartedAt is null, "a process starts once");
        process.Take(ProcessEvent.Started);
        process.StartedAt = started.At;
        process.Key = started.Key;
        process.HostPid = started.HostPid;
        process.Engine = started.Engine;
        process.Tier = started.Tier;
        process.Missing = started.Missing;
        AnswerSpawn(state, process, effects);
        state.Calls.Publish(state, process, Happening.Of(process, EventTypes.Started, started.At), effects);
        UnitStart.Started(state, process, effects);
        if (process.State is ProcessState.Stopping)
        {
            effects.Add(new KillAll(process.Id));
            process.KillSent = true;
            return;
        }

        if (process.Plan.Limits.WallMs > 0)
        {
            effects.Add(new ArmTimer(
                new TimerName(TimerKind.WallTime, process.Id.Value),
                started.At + (process.Plan.Limits.WallMs * TimeSpan.TicksPerMillisecond)));
        }
    }

    public static void Failed(KernelState state, SandboxStartFailed failed, List<Effect> effects)
    {
        var process = state.Require(failed.Process);
        process.Take(ProcessEvent.StartFailed);
        var stopped = process.StopCause is { } cause
            ? new ExitStatus(cause) { Detail = process.StopDetail }
            : new ExitStatus(ExitCause.StartFailed) { Detail = failed.Message };
        foreach (var call in state.Calls.TakeAll(process.Id, WaitingFor.Start))
        {
            effects.Add(new Refuse(call.Call, new SysError(failed.Code, failed.Message, failed.Hint)));
        }

        ProcessExit.Bury(state, process, stopped, failed.At, effects);
    }

    private static void AnswerSpawn(KernelState state, Process process, List<Effect> effects)
    {
        foreach (var call in state.Calls.TakeAll(process.Id, WaitingFor.Start))
        {
            effects.Add(new Answer(call.Call, new SpawnReply(process.Id, process.Name, process.HostPid, "running")
            {
                Tier = process.Tier,
                Engine = process.Engine,
                Missing = process.Missing,
            }));
        }
    }
}
