using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Policy;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Syscalls;

namespace Analemma.Kernel.Tools;

/// <summary>A call's way to its tool: right, room, server, tool, arguments, record, turn; or its refusal.</summary>
internal static class ToolAdmission
{
    private static readonly JsonElement NoArguments = JsonDocument.Parse("{}").RootElement;

    public static void Arrive(SyscallContext context, Process? caller, CallTool request)
    {
        var state = context.State;
        ToolPattern.TrySplit(request.Name, out var server, out var tool);
        if (caller is not null && !ToolPattern.Covers(caller.Plan.Tools, server, tool))
        {
            context.Deny($"CALLTOOL {request.Name}", NotPermitted(caller, request.Name));
            return;
        }

        if (!state.Tools.TryServer(server, out var found))
        {
            context.Refuse(NoSuchServer(state.Tools, server));
            return;
        }

        if (state.Tools.NoRoom(context.Caller) is { } full)
        {
            context.Refuse(full);
            return;
        }

        if (found.State is ToolServerState.Idle && found.WaitMs(state.Now) is { } wait)
        {
            context.Refuse(Failed(found, found.LastError ?? "it has ended", wait));
            return;
        }

        var call = new ToolCall(context.Call, context.Caller, found, tool, request);
        state.Tools.Add(call);
        var dueAt = state.Now + ((request.TimeoutMs ?? found.Options.TimeoutMs) * TimeSpan.TicksPerMillisecond);
        context.Effects.Add(new ArmTimer(new TimerName(TimerKind.ToolCall, call.Id.Value), dueAt));
        if (found.State is ToolServerState.Ready)
        {
            Admit(state, call, context.Effects);
            return;
        }

        call.Stage = ToolCallStage.Held;
        found.Held.Add(call.Id);
        ToolServing.Need(state, found, context.Effects);
    }

    /// <summary>Its server is up: is there such a tool, and does it take these arguments?</summary>
    public static void Admit(KernelState state, ToolCall call, List<Effect> effects)
    {
        var described = call.Server.Tools.FirstOrDefault(tool => tool.Name == call.Tool);
        if (described is null)
        {
            ToolEnd.Refuse(state, call, NoSuchTool(call), effects);
            return;
        }

        var arguments = Arguments(call.Request);
        var problems = SchemaCheck.Problems(described.Parameters, arguments, "arguments");
        if (problems.Count > 0)
        {
            ToolEnd.Refuse(
                state,
                call,
                SysError.InvalidArgument(
                    string.Join("; ", problems), $"LISTTOOLS has the schema of {call.Request.Name}"),
                effects);
            return;
        }

        call.Stage = ToolCallStage.Recorded;
        var bytes = call.Request.Arguments is { } given ? given.GetRawText().Length : 0;
        effects.Add(new Raise(
            new ToolCallBegun(call.Id, call.Caller.Process, call.Request.Name, bytes) { At = state.Now }));
    }

    /// <summary>The record is on disk.</summary>
    public static void Begun(KernelState state, ToolCallBegun begun, List<Effect> effects)
    {
        // Durable: from the record alone.
        if (state.Processes.TryGet(begun.Process, out var process))
        {
            process.ToolCalls++;
        }

        if (!state.Tools.TryCall(begun.Call, out var call) || call.Stage is not ToolCallStage.Recorded)
        {
            return;
        }

        if (call.IsAbandoned)
        {
            state.Tools.Remove(call);
            return;
        }

        if (call.Server.State is not ToolServerState.Ready)
        {
            var why = call.Server.LastError ?? "its server was stopped";
            ToolEnd.Refuse(state, call, Failed(call.Server, why, call.Server.WaitMs(state.Now)), effects);
            return;
        }

        call.Stage = ToolCallStage.Queued;
        call.Server.Queue.Enqueue(call.Id);
        GiveTurns(state, call.Server, effects);
    }

    public static void GiveTurns(KernelState state, ToolServer server, List<Effect> effects)
    {
        while (server.State is ToolServerState.Ready && server.Running < server.Options.CallsMax
            && server.Queue.TryDequeue(out var id))
        {
            if (!state.Tools.TryCall(id, out var call) || call.Stage is not ToolCallStage.Queued)
            {
                continue;
            }

            call.Stage = ToolCallStage.Running;
            call.RunsSince = state.Now;
            call.Start = server.Starts;
            server.Running++;
            effects.Add(new StartToolCall(id, server.Name, server.Starts, call.Tool, Arguments(call.Request))
            {
                Process = call.Caller.Process,
                Progress = call.Request.Progress == true,
            });
        }
    }

    public static SysError Failed(ToolServer server, string why, long? waitMs) => new(
        SysErrorCode.ToolFailed,
        $"{server.Name}: {why}",
        waitMs is null ? "try again: its server is started anew" : "try again after the wait: it is started anew then")
    {
        RetryAfterMs = waitMs,
    };

    public static SysError NoSuchServer(ToolRegistry tools, string server)
    {
        var names = string.Join(", ", tools.Servers.Select(known => known.Name));
        return new SysError(
            SysErrorCode.NoSuchTool,
            $"there is no server of tools {SyscallRules.Quote(server)}; "
            + (names.Length == 0 ? "none is configured" : $"there are {names}"),
            "configure it as [tools.NAME]");
    }

    private static JsonElement Arguments(CallTool request) =>
        request.Arguments is { ValueKind: JsonValueKind.Object } given ? given : NoArguments;

    private static SysError NotPermitted(Process caller, string name) => SysError.PermissionDenied(
        $"process {caller.Id} may not call {name}",
        caller.Plan.Tools.Count == 0
            ? "its spawner gave it no tools; SPAWN takes them as `tools`"
            : $"it may call {string.Join(", ", caller.Plan.Tools.Take(10))}");

    private static SysError NoSuchTool(ToolCall call)
    {
        var names = call.Server.Tools.Select(tool => tool.Name).Order(StringComparer.Ordinal).Take(20).ToArray();
        return new SysError(
            SysErrorCode.NoSuchTool,
            $"{call.Server.Name} has no tool {SyscallRules.Quote(call.Tool)}; "
            + (names.Length == 0 ? "it has none" : $"it has {string.Join(", ", names)}"),
            "LISTTOOLS names all");
    }
}
