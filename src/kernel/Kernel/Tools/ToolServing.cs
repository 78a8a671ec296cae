using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Tools;

// THE LIFE OF A SERVER
//
//   Idle ──needed, not too soon──► Starting ──► Ready ──► Idle
//                                     │           └─told to end─► Stopping ──► Idle, or Starting if somebody waits
//                                     └─────────► Idle
//
// One that ends without having come to a single result may be started again after a second, then two, four, up to a
// minute; one that has served, at once. Calls that its end leaves without a result are refused, and never made again by
// the kernel: a tool may have done its work before it died.

/// <summary>Starts servers when they are needed, hears what becomes of them, and stops those that hang.</summary>
internal static class ToolServing
{
    private const long BackOffMs = 1_000;
    private const long BackOffMsMax = 60_000;

    /// <summary>Calls in a row whose time ran out, after which a server is taken to hang and is stopped.</summary>
    private const int OverdueMax = 3;

    /// <summary>Starts a server that is needed, unless it is on its way, or about to end.</summary>
    public static void Need(KernelState state, ToolServer server, List<Effect> effects)
    {
        if (server.State is ToolServerState.Idle && !state.ShuttingDown)
        {
            server.State = ToolServerState.Starting;
            server.Starts++;
            server.HasServed = false;
            server.IsFailing = false;
            server.Overdue = 0;
            effects.Add(new StartToolServer(server.Name, server.Starts));
        }
    }

    public static void Ready(KernelState state, ToolServerReady ready, List<Effect> effects)
    {
        if (!IsNow(state, ready.Server, ready.Start, out var server) || server.State is not ToolServerState.Starting)
        {
            return;
        }

        server.State = ToolServerState.Ready;
        server.ReadyAt = state.Now;
        server.Tools = ready.Tools;
        server.Says = ready.Says;
        server.HostPid = ready.HostPid;
        server.LastError = null;
        Tell(state, server, "ready", null, effects);
        foreach (var id in Taken(server))
        {
            if (state.Tools.TryCall(id, out var call) && call.Stage is ToolCallStage.Held)
            {
                ToolAdmission.Admit(state, call, effects);
            }
        }

        ToolListing.CameTo(state, server, effects);
    }

    public static void Changed(KernelState state, ToolServerChanged changed)
    {
        if (IsNow(state, changed.Server, changed.Start, out var server) && server.State is ToolServerState.Ready)
        {
            server.Tools = changed.Tools;
        }
    }

    public static void Ended(KernelState state, ToolServerEnded ended, List<Effect> effects)
    {
        if (!IsNow(state, ended.Server, ended.Start, out var server))
        {
            return;
        }

        var wasAsked = server.State is ToolServerState.Stopping && !server.IsFailing;
        server.State = ToolServerState.Idle;
        server.Tools = [];
        server.HostPid = 0;
        server.LastError = wasAsked ? server.LastError : ended.Reason;
        server.Failures = wasAsked || server.HasServed ? 0 : server.Failures + 1;
        server.NotBefore = server.Failures == 0
            ? 0
            : state.Now + (BackOff(server.Failures) * TimeSpan.TicksPerMillisecond);
        Tell(state, server, wasAsked ? "stopped" : "failed", wasAsked ? null : ended.Reason, effects);
        RefuseAll(state, server, server.Queue.ToArray(), ended.Reason, effects);
        server.Queue.Clear();
        var isWanted = server.Held.Count > 0 || state.Tools.WaitersOf(server.Name).Length > 0;
        if (server.NotBefore == 0 && isWanted && !state.ShuttingDown)
        {
            Need(state, server, effects);
            return;
        }

        RefuseAll(state, server, Taken(server), ended.Reason, effects);
        ToolListing.CameTo(state, server, effects);
    }

    /// <summary>Ends a server: its running calls end with it.</summary>
    public static void Stop(ToolServer server, List<Effect> effects)
    {
        if (server.State is ToolServerState.Starting or ToolServerState.Ready)
        {
            server.State = ToolServerState.Stopping;
            server.Tools = [];
            effects.Add(new StopToolServer(server.Name, server.Starts));
        }
    }

    /// <summary>
    /// A call ended with its server, whose own end is on its way: what comes now waits for the start after it, rather
    /// than to be sent to nobody.
    /// </summary>
    public static void Doubt(ToolServer server, ToolCall call)
    {
        if (server.State is ToolServerState.Ready && server.Starts == call.Start)
        {
            server.State = ToolServerState.Stopping;
            server.IsFailing = true;
        }
    }

    /// <summary>A call ran out of its time. A server to which that happens again and again hangs.</summary>
    public static void Overdue(KernelState state, ToolServer server, List<Effect> effects)
    {
        if (++server.Overdue < OverdueMax || server.State is not ToolServerState.Ready)
        {
            return;
        }

        server.LastError = $"it answered none of {OverdueMax} calls in their time, and was stopped";
        Tell(state, server, "hung", server.LastError, effects);
        Stop(server, effects);
        RefuseAll(state, server, server.Queue.ToArray(), server.LastError, effects);
        server.Queue.Clear();
    }

    private static long BackOff(int failures) => Math.Min(BackOffMsMax, BackOffMs << Math.Min(failures - 1, 10));

    private static bool IsNow(KernelState state, string name, long start, out ToolServer server)
    {
        Invariant.Holds(state.Tools.TryServer(name, out var found), "the daemon speaks of servers that are configured");
        server = found!;
        return server.Starts == start && server.State is not ToolServerState.Idle;
    }

    private static CallId[] Taken(ToolServer server)
    {
        var held = server.Held.ToArray();
        server.Held.Clear();
        return held;
    }

    private static void RefuseAll(
        KernelState state, ToolServer server, IEnumerable<CallId> calls, string why, List<Effect> effects)
    {
        foreach (var id in calls)
        {
            if (state.Tools.TryCall(id, out var call) && call.Stage is ToolCallStage.Held or ToolCallStage.Queued)
            {
                ToolEnd.Refuse(state, call, ToolAdmission.Failed(server, why, server.WaitMs(state.Now)), effects);
            }
        }
    }

    private static void Tell(KernelState state, ToolServer server, string what, string? reason, List<Effect> effects) =>
        state.Calls.Publish(
            state,
            null,
            new EventView(EventTypes.ToolServer, new DateTimeOffset(state.Now, TimeSpan.Zero))
            {
                Kind = server.Name,
                What = what,
                Reason = reason,
            },
            effects);
}
