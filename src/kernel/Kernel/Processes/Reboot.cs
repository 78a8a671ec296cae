using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Supervision;
using Analemma.Kernel.Tools;

namespace Analemma.Kernel.Processes;

/// <summary>What a kernel start means for processes of the start before.</summary>
internal static class Reboot
{
    public static void Started(KernelState state, KernelStarted started, List<Effect> effects)
    {
        state.Boot++;
        state.Version = started.Version;
        state.Engine = started.Engine;
        state.Options = started.Options;
        state.BootedAt = started.At;
        state.ShuttingDown = false;
        state.Calls.Clear();
        state.Polls.Clear();
        state.Happenings.Reboot();
        state.Pipes.Clear();
        effects.Add(new DropPipes());
        state.Http.Clear();
        state.Models.Reset(started.Options.Models);
        state.Tools.Reset(started.Options.Tools);
        state.ConversationWork.Clear();
        state.Fleets.IsOpen = false;
        state.Fleets.Watchdogs.Clear();
        state.Fleets.Circles.Clear();
        state.Mail.Reset();
        state.Mail.Deadlines.Arm(effects);
        Values.ValueChanges.Started(state, effects);
        effects.Add(new SweepBodies([.. state.Conversations.Bodies]));
        state.Calls.Publish(
            state,
            null,
            new EventView(EventTypes.KernelStarted, new DateTimeOffset(started.At, TimeSpan.Zero)),
            effects);
        Budgets.Leasing.Charge(state, effects);
        foreach (var server in state.Tools.Servers.Where(server => server.Options.StartsAtBoot))
        {
            ToolServing.Need(state, server, effects);
        }
    }

    /// <summary>It ran on while no kernel watched; what was asked of it before is asked again.</summary>
    public static void Adopted(KernelState state, LeftoverAdopted adopted, List<Effect> effects)
    {
        var process = state.Require(adopted.Process);
        Invariant.Holds(process.IsAlive && process.StartedAt is not null, "only what runs can be adopted");
        process.HostPid = adopted.HostPid;
        if (process.State is ProcessState.Stopping)
        {
            ProcessStop.Adopted(process, effects);
        }
        else
        {
            effects.Add(process.State is ProcessState.Paused ? new Freeze(process.Id) : new Thaw(process.Id));
        }

        if (process.State is not ProcessState.Stopping && process.Plan.Limits.WallMs > 0)
        {
            effects.Add(new ArmTimer(
                new TimerName(TimerKind.WallTime, process.Id.Value),
                process.StartedAt!.Value + (process.Plan.Limits.WallMs * TimeSpan.TicksPerMillisecond)));
        }

        UnitStart.Adopted(state, process, effects);
        state.Calls.Publish(state, process, Happening.Of(process, EventTypes.Adopted, adopted.At), effects);
    }

    public static void Reaped(KernelState state, LeftoverReaped reaped, List<Effect> effects)
    {
        var process = state.Require(reaped.Process);
        if (!process.IsAlive)
        {
            return;
        }

        process.Take(process.StartedAt is null ? ProcessEvent.StartFailed : ProcessEvent.Died);
        var cause = process.StopCause ?? ExitCause.KernelShutdown;
        var exit = new ExitStatus(cause) { Detail = process.StopDetail ?? reaped.Detail };
        foreach (var call in state.Calls.TakeAll(process.Id, WaitingFor.Start))
        {
            effects.Add(new Refuse(call.Call, new SysError(SysErrorCode.ShuttingDown, reaped.Detail)));
        }

        ProcessExit.Bury(state, process, exit, reaped.At, effects);
    }
}
