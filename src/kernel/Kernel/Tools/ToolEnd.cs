using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Tools;

/// <summary>
/// How calls of tools end: with what the tool said, with a refusal, or because nobody waits any more.
/// </summary>
internal static class ToolEnd
{
    public static void Ended(KernelState state, ToolCallEnded ended, List<Effect> effects)
    {
        if (!state.Tools.TryCall(ended.Call, out var call) || call.Stage is not ToolCallStage.Running)
        {
            return;
        }

        var server = call.Server;
        server.Running--;
        state.Tools.Remove(call);
        if (ended.Failure is null or { Kind: not (ToolFailureKind.Server or ToolFailureKind.Cancelled) })
        {
            server.HasServed = true;
            server.Failures = 0;
            server.Overdue = 0;
        }

        server.Calls += ended.Failure is null ? 1 : 0;
        if (ended.Failure?.Kind is ToolFailureKind.Server)
        {
            ToolServing.Doubt(server, call);
        }

        if (!call.IsAbandoned)
        {
            Answer(state, call, ended, effects);
        }

        ToolAdmission.GiveTurns(state, server, effects);
    }

    public static void Overdue(KernelState state, ToolCallOverdue overdue, List<Effect> effects)
    {
        if (!state.Tools.TryCall(overdue.Call, out var call) || call.IsAbandoned)
        {
            return;
        }

        var hasRun = call.Stage is ToolCallStage.Running;
        var what = call.Stage switch
        {
            ToolCallStage.Held => $"{call.Server.Name} was not up in time",
            ToolCallStage.Running => $"{call.Request.Name} did not come to a result in time",
            _ => $"{call.Request.Name} had no turn in time",
        };
        Tell(state, call, "timed_out", effects);
        effects.Add(new Refuse(
            call.Id, new SysError(SysErrorCode.TimedOut, what, "give it longer by timeout_ms, or ask for less")));
        Abandon(state, call, effects, isDue: true);
        if (hasRun)
        {
            ToolServing.Overdue(state, call.Server, effects);
        }
    }

    /// <summary>Ends a call that does not run.</summary>
    public static void Refuse(KernelState state, ToolCall call, SysError error, List<Effect> effects)
    {
        state.Tools.Remove(call);
        if (call.IsAbandoned)
        {
            return;
        }

        Disarm(call, effects);
        Tell(state, call, error.CodeName, effects);
        effects.Add(new Refuse(call.Id, error));
    }

    /// <summary>The client took it back or has gone.</summary>
    public static void Cancelled(KernelState state, CallId id, List<Effect> effects)
    {
        if (state.Tools.TryCall(id, out var call))
        {
            Abandon(state, call, effects);
        }

        state.Tools.Remove(id, out _);
    }

    public static void ProcessEnded(KernelState state, Process process, List<Effect> effects)
    {
        foreach (var call in state.Tools.CallsOf(process.Id))
        {
            Abandon(state, call, effects);
        }

        foreach (var waiter in state.Tools.WaitersOf(process.Id))
        {
            state.Tools.Remove(waiter.Call, out _);
        }
    }

    public static void ShuttingDown(KernelState state, List<Effect> effects)
    {
        var error = new SysError(SysErrorCode.ShuttingDown, "the kernel is stopping");
        foreach (
            var call in state.Tools.Calls.Where(call => !call.IsAbandoned).OrderBy(call => call.Id.Value).ToArray())
        {
            effects.Add(new Refuse(call.Id, error));
            Abandon(state, call, effects);
        }

        foreach (var server in state.Tools.Servers)
        {
            foreach (var waiter in state.Tools.WaitersOf(server.Name))
            {
                state.Tools.Remove(waiter.Call, out _);
                effects.Add(new Refuse(waiter.Call, error));
            }
        }
    }

    private static void Answer(KernelState state, ToolCall call, ToolCallEnded ended, List<Effect> effects)
    {
        Disarm(call, effects);
        if (ended.Failure is { } failure)
        {
            var error = Error(call, failure);
            Tell(state, call, error.CodeName, effects);
            effects.Add(new Refuse(call.Id, error));
            return;
        }

        Tell(state, call, ended.IsError ? "error" : "ok", effects);
        var ranMs = (state.Now - call.RunsSince) / TimeSpan.TicksPerMillisecond;
        effects.Add(new AnswerToolCall(call.Id, new CallToolReply("") { IsError = ended.IsError, RanMs = ranMs }));
    }

    private static SysError Error(ToolCall call, ToolFailure failure) => failure.Kind switch
    {
        ToolFailureKind.Server => ToolAdmission.Failed(call.Server, failure.Message, null),
        ToolFailureKind.Nonsense => new SysError(
            SysErrorCode.ToolFailed, $"{call.Request.Name}: {failure.Message}", "the tool's server is at fault"),
        ToolFailureKind.Refused => new SysError(
            SysErrorCode.ToolFailed, $"{call.Request.Name}: {failure.Message}", "LISTTOOLS has its schema"),
        ToolFailureKind.TooLarge => new SysError(
            SysErrorCode.TooLarge, $"{call.Request.Name}: {failure.Message}", "ask the tool for less at once"),
        ToolFailureKind.Cancelled => new SysError(SysErrorCode.Cancelled, $"{call.Request.Name}: {failure.Message}"),
    };

    /// <summary>What waits leaves at once; what runs is taken back, and leaves when its end has come.</summary>
    private static void Abandon(KernelState state, ToolCall call, List<Effect> effects, bool isDue = false)
    {
        if (call.IsAbandoned)
        {
            return;
        }

        call.IsAbandoned = true;
        if (!isDue)
        {
            Disarm(call, effects);
        }

        switch (call.Stage)
        {
            case ToolCallStage.Running:
                effects.Add(new CancelToolCall(call.Id));
                return;
            case ToolCallStage.Recorded:
                return;
            case ToolCallStage.Held:
                call.Server.Held.Remove(call.Id);
                break;
        }

        state.Tools.Remove(call);
    }

    private static void Disarm(ToolCall call, List<Effect> effects) =>
        effects.Add(new DisarmTimer(new TimerName(TimerKind.ToolCall, call.Id.Value)));

    private static void Tell(KernelState state, ToolCall call, string outcome, List<Effect> effects)
    {
        var at = new DateTimeOffset(state.Now, TimeSpan.Zero);
        state.Processes.TryGet(call.Caller.Process, out var process);
        var happened = process is null
            ? new EventView(EventTypes.ToolCalled, at)
            : Happening.Of(process, EventTypes.ToolCalled, state.Now);
        state.Calls.Publish(
            state,
            process,
            happened with { Kind = call.Server.Name, What = call.Request.Name, Reason = outcome },
            effects);
    }
}
