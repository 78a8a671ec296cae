using Analemma.Abi.Syscalls;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Tools;

/// <summary>The kernel as a server of tools, on the loopback address of a sandbox.</summary>
public sealed class McpEndpointTests(SharedToolKernel shared) : IClassFixture<SharedToolKernel>
{
    private readonly RunningKernel _kernel = shared.Kernel;

    [Fact]
    public async Task The_protocols_own_client_lists_and_calls_what_its_agent_may()
    {
        var modules = NpmPackages.Modules("tool-servers");
        var agent = await _kernel.Client.SpawnAsync(
            new Spawn
            {
                Argv = ["node", "/mnt/client/programs/client.mjs"],
                Tools = ["t/add", "t/picture", "t/progress"],
                Mounts =
                [
                    new MountRequest { Source = modules, Target = "/mnt/client/node_modules" },
                    new MountRequest { Source = ToolKernel.Servers, Target = "/mnt/client/programs" },
                ],
                Limits = new ResourceLimits { Memory = 512L << 20, MaxPids = 64, CpuQuota = 200_000 },
            },
            Token);
        var ended = await _kernel.WaitAsync(agent);
        Assert.Equal(
            """
            server analemma
            tools t__add t__picture t__progress
            sum 5 false
            wrong true invalid_argument: arguments.b is missing; it must be integer; arguments.a must be integer, not "x"
            picture text image resource resource_link
            progress 1/3 step 1, 2/3 step 2, 3/3 step 3 done
            refused -32602 true

            """.ReplaceLineEndings("\n"),
            await _kernel.OutputAsync(agent));
        Assert.Equal(3, ended.ToolCalls);
    }

    [Fact]
    public async Task What_is_no_request_of_the_protocol_is_answered_as_the_protocol_says()
    {
        var agent = await _kernel.SpawnPythonAsync("""
            import json, urllib.request, urllib.error

            def ask(body, method="POST"):
                data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
                headers = {"Content-Type": "application/json"}
                request = urllib.request.Request("http://127.0.0.1/mcp", data, headers, method=method)
                try:
                    with urllib.request.urlopen(request) as answer:
                        text = answer.read()
                        return answer.status, json.loads(text) if text else None
                except urllib.error.HTTPError as refused:
                    text = refused.read()
                    return refused.code, json.loads(text) if text else None

            def code(body):
                status, answer = ask(body)
                return status, answer["error"]["code"]

            print(code(b"{no"), code([]), code({"id": 1}), code({"id": 1, "method": "server/discover"}))
            call = {"id": 1, "method": "tools/call"}
            print(code(call), code({**call, "params": {"name": "t/add"}}))
            print(ask({"method": "notifications/initialized"}), ask(None, "GET")[0])
            print(ask({"id": "x", "method": "ping"}))
            print(ask({"id": 2, "method": "tools/list"})[1]["result"])
            old = ask({"id": 3, "method": "initialize", "params": {"protocolVersion": "1999-01-01"}})[1]["result"]
            print(old["protocolVersion"], code(b"[" * 5000))
            """);
        await _kernel.WaitAsync(agent);
        Assert.Equal(
            """
            (400, -32700) (400, -32600) (400, -32600) (200, -32601)
            (200, -32602) (200, -32602)
            (202, None) 405
            (200, {'jsonrpc': '2.0', 'id': 'x', 'result': {}})
            {'tools': []}
            2025-11-25 (400, -32700)

            """.ReplaceLineEndings("\n"),
            await _kernel.OutputAsync(agent));
    }
}
