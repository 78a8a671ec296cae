using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Tools;

namespace Analemma.Unit.Tests.Kernel.Tools;

/// <summary>A kernel on the bench with two servers of tools, one of which takes two calls at once.</summary>
internal sealed class ToolBench
{
    public static readonly ToolDescription Add = new("add", Json(
        """{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}"""));

    public KernelBench Kernel { get; } = new(new KernelOptions
    {
        Tools = new ToolOptions
        {
            Servers = [new ToolServerOptions("fs") { CallsMax = 2, TimeoutMs = 5_000 }, new ToolServerOptions("web")],
        },
    });

    public static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    /// <summary>Spawns an agent that may call these.</summary>
    public ProcessId Agent(params string[] tools) =>
        Kernel.Run(new Spawn { Argv = ["true"], Tools = tools.Length > 0 ? tools : null });

    /// <summary>Calls, and gives the call's number; its record is written when it can be.</summary>
    public long Call(string name = "fs/add", string arguments = """{"a":1}""", ProcessId caller = default)
    {
        Kernel.Call(new CallTool { Name = name, Arguments = Json(arguments) }, caller.Value);
        Kernel.Settle();
        return Kernel.CallId;
    }

    public void Ready(string server = "fs", long start = 1)
    {
        Kernel.Apply(new ToolServerReady(server, start, [Add, new ToolDescription("any", Json("{}"))]) { At = 0 });
        Kernel.Settle();
    }

    public void Ended(string server = "fs", long start = 1, string reason = "it exited with code 3")
    {
        Kernel.Apply(new ToolServerEnded(server, start, reason) { At = 0 });
        Kernel.Settle();
    }

    public void End(long call, ToolFailureKind? failure = null)
    {
        var failed = failure is { } kind ? new ToolFailure(kind, "no luck") : null;
        Kernel.Apply(new ToolCallEnded(new CallId(call), failed) { At = 0 });
        Kernel.Settle();
    }

    /// <summary>A server that is up, by a call that it has answered.</summary>
    public void Serve()
    {
        var call = Call();
        Ready();
        End(call);
    }

    public ToolServerView View(string server = "fs")
    {
        Kernel.Call(new ToolServers());
        return Assert.IsType<ToolServersReply>(Kernel.One<Answer>().Reply).Servers.Single(one => one.Name == server);
    }
}
