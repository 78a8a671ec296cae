using Analemma.Abi.Syscalls;
using Analemma.Integration.Tests.Kernel;

namespace Analemma.Integration.Tests.Http;

/// <summary>The endpoints as Python's own library and plain sockets see them, and what becomes of the calls.</summary>
public sealed class ModelEndpointTests(SharedKernel shared) : IClassFixture<SharedKernel>
{
    private const string Library = """
        import http.client, json, os, socket, urllib.error, urllib.request
        def post(path, body, method="POST"):
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            request = urllib.request.Request(os.environ["ANALEMMA_URL"] + path, data, method=method)
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    return answer.status, answer.headers, answer.read()
            except urllib.error.HTTPError as error:
                return error.code, error.headers, error.read()
        def code(answer):
            return answer[0], json.loads(answer[2]).get("error", {}).get("code")
        def hello(**more):
            return {"messages": [{"role": "user", "content": "Hello?"}], **more}
        CHAT = "/v1/chat/completions"

        """;

    private readonly RunningKernel _kernel = shared.Kernel;

    [Fact]
    public async Task A_program_without_any_client_gets_answers_whole_and_streamed()
    {
        Assert.Equal(
            [
                "200 sim true",
                "True True True",
                "200 application/json; charset=utf-8 True",
            ],
            await RunAsync("""
                status, headers, body = post(CHAT, hello())
                whole = json.loads(body)
                print(status, whole["model"], headers["x-analemma-simulated"])
                status, headers, body = post(CHAT, hello(stream=True))
                events = [json.loads(line[6:]) for line in body.decode().split("\n\n") if line[6:].startswith("{")]
                text = "".join(event["choices"][0]["delta"].get("content", "") for event in events)
                print(text == whole["choices"][0]["message"]["content"], len(events) > 5,
                    body.endswith(b"data: [DONE]\n\n"))
                contents = {"contents": [{"parts": [{"text": "Hello?"}]}]}
                status, headers, body = post("/v1beta/models/sim:streamGenerateContent", contents)
                pieces = json.loads(body)
                print(status, headers["content-type"], len(pieces) > 5)
                """));
    }

    [Fact]
    public async Task Whatever_is_wrong_is_said_in_the_APIs_words_and_the_kernel_goes_on()
    {
        Assert.Equal(
            [
                "(400, 'invalid_argument')",
                "(400, 'invalid_argument')",
                "(400, 'invalid_argument')",
                "(400, 'invalid_argument')",
                "(404, 'no_such_model')",
                "(405, 'invalid_argument') POST",
                "404 invalid_argument",
                "(413, 'too_large')",
                "(413, 'too_large')",
                "NOT_FOUND",
                "not_found_error",
                "200",
            ],
            await RunAsync("""
                print(code(post(CHAT, b"{")))
                print(code(post(CHAT, b"\xff\xfe")))
                print(code(post(CHAT, b"[" * 400_000)))
                print(code(post(CHAT, b"3")))
                print(code(post(CHAT, hello(model="nobody"))))
                wrong = post(CHAT, hello(), method="PUT")
                print(code(wrong), wrong[1]["allow"])
                status, _, body = post("/v1/wishes", {})
                print(status, json.loads(body)["code"])
                large = http.client.HTTPConnection("127.0.0.1", timeout=10)
                large.putrequest("POST", CHAT)
                large.putheader("Content-Length", "40000000")
                large.endheaders()
                answer = large.getresponse()
                print(code((answer.status, None, answer.read())))
                print(code(post(CHAT, hello(messages=[{"role": "user", "content": "word " * 2_000_000}]))))
                contents = {"contents": [{"parts": [{"text": "x"}]}]}
                print(json.loads(post("/v1beta/models/nobody:generateContent", contents)[2])["error"]["status"])
                nobody = {"model": "nobody", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}
                print(json.loads(post("/v1/messages", nobody)[2])["error"]["type"])
                print(post(CHAT, hello())[0])
                """));
    }

    [Fact]
    public async Task A_budget_that_is_used_up_is_402_and_nothing_to_try_again()
    {
        Assert.Equal(
            ["(402, 'budget_exhausted') false None"],
            await RunAsync(
                """
                refused = post(CHAT, hello(max_tokens=1000))
                print(code(refused), refused[1]["x-should-retry"], refused[1]["retry-after"])
                """,
                spawn => spawn with { Models = new ModelShare { Budget = new ModelBudget { Tokens = 100 } } }));
    }

    [Fact]
    public async Task A_full_queue_is_429_with_the_wait_to_expect()
    {
        await using var kernel = await RunningKernel.StartAsync(
            "--sim.requests_per_minute=1", "--models.queue_timeout_ms=50", "--pool.created=0", "--pool.preloaded=0");
        var agent = await kernel.SpawnPythonAsync(Library + """
            print(post(CHAT, hello())[0])
            later = post(CHAT, hello(messages=[{"role": "user", "content": "And?"}]))
            print(code(later), later[1]["x-should-retry"], int(later[1]["retry-after"]) > 0)
            """);
        await kernel.WaitAsync(agent);
        Assert.Equal("200\n(429, 'try_again') true True\n", await kernel.OutputAsync(agent));
    }

    [Fact]
    public async Task A_client_that_hangs_up_takes_its_call_back()
    {
        await using var kernel = await RunningKernel.StartAsync(
            "--sim.slots=1", "--pool.created=0", "--pool.preloaded=0");
        var agent = await kernel.SpawnPythonAsync(Library + """
            def begin(stream):
                body = json.dumps(hello(stream=stream, messages=[
                    {"role": "user", "content": f"[[sim:stall after=2]] {stream}"}])).encode()
                left = socket.create_connection(("127.0.0.1", 80), 10)
                left.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\n" % CHAT.encode())
                left.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)
                return left
            streamed = begin(True)
            while b"This" not in streamed.recv(65536): pass
            streamed.close()
            # The one slot is free again, or this would never be answered.
            print(post(CHAT, hello())[0])
            whole = begin(False)
            whole.close()
            print(post(CHAT, hello(messages=[{"role": "user", "content": "Still there?"}]))[0])
            """);
        Assert.Equal(0, (await kernel.WaitAsync(agent)).Exit?.Code);
        Assert.Equal("200\n200\n", await kernel.OutputAsync(agent));
    }

    [Fact]
    public async Task The_variables_are_there_and_those_of_the_spawn_win()
    {
        Assert.Equal(
            [
                "http://127.0.0.1/v1 http://127.0.0.1 mine",
                "placeholder placeholder own",
            ],
            await RunAsync(
                """
                env = os.environ
                print(env["OPENAI_BASE_URL"], env["GOOGLE_GEMINI_BASE_URL"], env["ANTHROPIC_BASE_URL"])
                keys = [env["OPENAI_API_KEY"], env["GEMINI_API_KEY"], env["ANTHROPIC_API_KEY"]]
                print(*("placeholder" if "placeholder" in key else key for key in keys))
                """,
                spawn => spawn with
                {
                    Env = new Dictionary<string, string>
                    {
                        ["ANTHROPIC_BASE_URL"] = "mine",
                        ["ANTHROPIC_API_KEY"] = "own",
                    },
                }));
    }

    private async Task<string[]> RunAsync(string script, Func<Spawn, Spawn>? with = null)
    {
        var agent = await _kernel.SpawnPythonAsync(Library + script, with);
        await _kernel.WaitAsync(agent);
        return (await _kernel.OutputAsync(agent)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
