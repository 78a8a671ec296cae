using System.Text.Json;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Syscalls;

namespace Analemma.Kernel.Tools;

/// <summary>LISTTOOLS and RESTARTTOOLS: wait until the servers in question are up, or are known not to be.</summary>
internal static class ToolListing
{
    public static void List(SyscallContext context, Process? caller, ListTools request)
    {
        var state = context.State;
        if (request.Server is { } asked && !state.Tools.TryServer(asked, out _))
        {
            context.Refuse(ToolAdmission.NoSuchServer(state.Tools, asked));
            return;
        }

        var servers = Asked(state, caller, request).ToArray();
        Wait(context, request, servers.Where(server => server.State is not ToolServerState.Ready
            && !(server.State is ToolServerState.Idle && server.WaitMs(state.Now) is not null)));
    }

    public static void Restart(SyscallContext context, ToolServer server, RestartTools request)
    {
        server.NotBefore = 0;
        server.Failures = 0;
        server.LastError = null;
        ToolServing.Stop(server, context.Effects);
        Wait(context, request, [server]);
    }

    /// <summary>A server is up, or has ended: whoever waited for it alone is answered.</summary>
    public static void CameTo(KernelState state, ToolServer server, List<Effect> effects)
    {
        foreach (var waiter in state.Tools.WaitersOf(server.Name))
        {
            waiter.Missing.Remove(server.Name);
            if (waiter.Missing.Count == 0 && state.Tools.Remove(waiter.Call, out _))
            {
                Answer(state, waiter, effects);
            }
        }
    }

    private static void Wait(SyscallContext context, Syscall request, IEnumerable<ToolServer> servers)
    {
        var state = context.State;
        var waiter = new ToolWaiter(context.Call, context.Caller, request);
        var missing = servers.ToArray();
        if (missing.Length == 0)
        {
            Answer(state, waiter, context.Effects);
            return;
        }

        if (state.Tools.NoRoom(context.Caller) is { } full)
        {
            context.Refuse(full);
            return;
        }

        waiter.Missing.UnionWith(missing.Select(server => server.Name));
        state.Tools.Add(waiter);
        foreach (var server in missing)
        {
            ToolServing.Need(state, server, context.Effects);
        }
    }

    private static void Answer(KernelState state, ToolWaiter waiter, List<Effect> effects)
    {
        if (waiter.Request is RestartTools restart)
        {
            state.Tools.TryServer(restart.Server, out var server);
            effects.Add(server!.State is ToolServerState.Ready
                ? new Answer(waiter.Call, server.View(state.Now, state.Tools.Waiting(server.Name), isHost: true))
                : new Refuse(waiter.Call, ToolAdmission.Failed(
                    server, server.LastError ?? "it was stopped", server.WaitMs(state.Now))));
            return;
        }

        Process? caller = null;
        if (!waiter.Caller.IsHost && !state.Processes.TryGet(waiter.Caller.Process, out caller))
        {
            return;
        }

        effects.Add(new Answer(waiter.Call, Reply(state, caller, (ListTools)waiter.Request)));
    }

    private static ListToolsReply Reply(KernelState state, Process? caller, ListTools request)
    {
        List<ToolView> views = [];
        List<UnavailableTools> unavailable = [];
        HashSet<string> functions = new(StringComparer.Ordinal);
        foreach (var server in Asked(state, caller, request))
        {
            if (server.State is not ToolServerState.Ready)
            {
                unavailable.Add(new UnavailableTools(server.Name, server.LastError ?? "it is not up"));
                continue;
            }

            views.AddRange(server.Tools
                .Where(tool => caller is null || ToolPattern.Covers(caller.Plan.Tools, server.Name, tool.Name))
                .OrderBy(tool => tool.Name, StringComparer.Ordinal)
                .Select(tool => View(server.Name, tool, functions)));
        }

        return new ListToolsReply(views) { Unavailable = unavailable.Count > 0 ? unavailable : null };
    }

    private static IEnumerable<ToolServer> Asked(KernelState state, Process? caller, ListTools request) =>
        state.Tools.Servers
            .Where(server => request.Server is null || request.Server == server.Name)
            .Where(server => caller is null || ToolPattern.Concerns(caller.Plan.Tools, server.Name));

    private static ToolView View(string server, ToolDescription tool, HashSet<string> functions) =>
        new($"{server}/{tool.Name}", FunctionNames.Of(server, tool.Name, functions))
        {
            Description = tool.Description,
            Title = tool.Title,
            Parameters = tool.Parameters,
            Result = tool.Result is { ValueKind: JsonValueKind.Object } result ? result : null,
            ReadOnly = tool.ReadOnly,
        };
}
