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
    public async Task A_session_is_told_when_its_tools_are_others_takes_calls_back_and_ends()
    {
        var agent = await _kernel.SpawnPythonAsync(
            """
            import http.client, json, threading

            def ask(verb, session=None, **message):
                connection = http.client.HTTPConnection("127.0.0.1")
                headers = {"Content-Type": "application/json", **({"Mcp-Session-Id": session} if session else {})}
                connection.request(verb, "/mcp", json.dumps(message) if message else None, headers)
                answer = connection.getresponse()
                text = answer.read()
                return answer, json.loads(text) if text else None

            def call(method, **params):
                return ask("POST", session, id=7, method=method, params=params)[1]["result"]

            def names():
                return {tool["name"] for tool in call("tools/list")["tools"]}

            answer, welcome = ask("POST", id=1, method="initialize", params={"protocolVersion": "2025-11-25"})
            session = answer.getheader("Mcp-Session-Id")
            print(welcome["result"]["capabilities"], len(session))
            before = names()
            stream = http.client.HTTPConnection("127.0.0.1")
            stream.request("GET", "/mcp", headers={"Mcp-Session-Id": session, "Accept": "text/event-stream"})
            events = stream.getresponse()
            print(events.status, events.getheader("Content-Type"), ask("GET", session)[0].status)

            def told():
                while not (line := events.readline()).startswith(b"data: "):
                    if not line:
                        return "the end"
                return json.loads(line[6:])["method"]

            call("tools/call", name="u__write", arguments={})
            print(told(), len(names() - before))
            hanging = threading.Thread(target=lambda: print("back", ask(
                "POST", session, id="c1", method="tools/call", params={"name": "u__hang"})[1]["result"]["isError"]))
            hanging.start()
            while hanging.is_alive():
                ask("POST", session, method="notifications/cancelled", params={"requestId": "c1"})
            print(ask("DELETE", session)[0].status, told(), ask("POST", session, id=2, method="ping")[0].status)
            print(ask("POST", "0" * 32, id=2, method="ping")[0].status, ask("DELETE")[0].status)
            """,
            spawn => spawn with { Tools = ["u/*"] });
        await _kernel.WaitAsync(agent);
        Assert.Equal(
            """
            {'tools': {'listChanged': True}} 32
            200 text/event-stream 409
            notifications/tools/list_changed 1
            back True
            204 the end 404
            404 405

            """.ReplaceLineEndings("\n"),
            await _kernel.OutputAsync(agent));
    }

    [Fact]
    public async Task What_is_no_request_of_the_protocol_is_answered_as_the_protocol_says()
    {
        var agent = await _kernel.SpawnPythonAsync("""
            import json, urllib.request, urllib.error

            def ask(body, method="POST", **more):
                data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
                headers = {"Content-Type": "application/json", **more}
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
            ping = {"id": 4, "method": "ping"}
            print(*(ask(ping, **{"Mcp-Protocol-Version": version})[0] for version in ("2025-06-18", "1999-01-01")))
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
            200 400

            """.ReplaceLineEndings("\n"),
            await _kernel.OutputAsync(agent));
    }
}
