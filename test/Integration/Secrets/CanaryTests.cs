using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Integration.Tests.Cli;
using Analemma.Integration.Tests.Kernel;
using Analemma.Integration.Tests.Models;
using Analemma.Integration.Tests.Models.Wire;
using Analemma.Storage.Sqlite;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Secrets;

/// <summary>
/// Keys from everywhere that a kernel takes them, agents that use them in every way and fail in every way, and then a
/// search of all that there is to see.
/// </summary>
public sealed class CanaryTests
{
    // Characters that base64, URLs and JSON write differently.
    private const string OfEnvironment = "canary+env/4b1d&7e90a2c6";
    private const string OfProvider = "canary+provider/93fe&15c7";
    private const string OfHeader = "canary+header/c20b&8d46f1";

    /// <summary>Thinks, asks hosts and the kernel's own APIs, fails at all of it, and waits to be looked at.</summary>
    private const string Everything =
        """
        import analemma, json, os, subprocess, sys, urllib.error, urllib.request
        kernel = analemma.Kernel()
        def attempt(call, *args, **kwargs):
            try:
                print("did", str(call(*args, **kwargs))[:400])
            except Exception as failed:
                print("failed", type(failed).__name__, failed, getattr(failed, "__dict__", ""))
        for model in ("gemini-test", "openai-test", "nobody"):
            for _ in range(3):
                attempt(kernel.think, "Hello?", model=model, timeout=20)
            attempt(lambda: kernel.think_stream("Hello?", model=model, timeout=20).gather())
        for path in ("/ok", "/echo", "/error", "/cut", "/nonsense", "/denied/x", "/redirect"):
            attempt(lambda: (lambda a: (a.status, a.headers, a.text))(kernel.http(URL + path)))
        attempt(kernel.http, "https://evil.test/")
        attempt(kernel.http, URL + "/stall", timeout=0.3)
        def get(url, **options):
            request = urllib.request.Request(url, **options)
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    return answer.status, answer.headers.items(), answer.read()
            except urllib.error.HTTPError as error:
                return error.code, error.headers.items(), error.read()
        for path in ("/ok", "/echo", "/error", "/denied/x"):
            attempt(get, URL + path)
        attempt(get, "https://api.example.com/")
        for model in ("gemini-test", "openai-test"):
            body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Hello?"}]}).encode()
            attempt(get, os.environ["OPENAI_BASE_URL"] + "/chat/completions", data=body,
                    headers={"content-type": "application/json"})
        attempt(kernel.secret_list)
        attempt(kernel.secret_set, "token", "x")
        attempt(kernel.inspect)
        attempt(kernel.list)
        attempt(kernel.llm)
        attempt(kernel.metrics)
        attempt(kernel.status)
        attempt(kernel.spawn, argv=["/bin/true"], network=[{"host": "a.b", "headers": {"X": "${secret:token}"}}])
        child = kernel.spawn(argv=["/bin/sh", "-c", "env; cat /proc/*/environ; kill -SEGV $$"])
        attempt(kernel.wait, child)
        attempt(kernel.logs(child).gather)
        print("environment", dict(os.environ))
        print("ready to be looked at", flush=True)
        sys.stdin.read()
        import time
        time.sleep(600)
        """;

    [Fact]
    public async Task No_key_is_anywhere_that_anybody_can_look()
    {
        await using var providers = Server();
        await using var kernel = await StartAsync(providers);
        List<EventView> events = [];
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var watching = WatchAsync(kernel, events, enough.Token);

        var agent = await SpawnAsync(kernel, providers, Everything);
        await kernel.UntilPrintedAsync(agent, "ready to be looked at");
        var free = await kernel.SpawnShellAsync("env; echo looked", spawn => spawn with { Sandboxed = false });
        await kernel.WaitAsync(free);
        CanaryHunt hunt = new(OfEnvironment, OfProvider, OfHeader);
        LookIntoSandbox(hunt, agent.Pid);
        await LookAtOutputsAsync(hunt, kernel, agent, free);
        await enough.CancelAsync();
        await watching;
        hunt.InText("events", string.Join('\n', events.Select(told => Json(told, AbiJsonContext.Default.EventView))));

        Assert.True(hunt.Found.Count == 0, string.Join('\n', hunt.Found));
        // It was there to be seen: every key was used, and much was looked through.
        AssertUsed(providers);
        Assert.True(hunt.Looked > 10_000_000, $"only {hunt.Looked} bytes were looked through");
        Assert.True(events.Count > 5, "things happened");
        Assert.Matches("Max core file size +1 +1 ", File.ReadAllText($"/proc/{kernel.Pid}/limits"));
        Assert.Matches("Max core file size +0 +0 ", File.ReadAllText($"/proc/{agent.Pid}/limits"));
    }

    /// <summary>The control: a key that an agent has is found in each place where it puts it.</summary>
    [Fact]
    public async Task A_key_that_is_planted_is_found_wherever_it_is()
    {
        await using var providers = Server();
        await using var kernel = await StartAsync(providers);
        var agent = await SpawnAsync(
            kernel,
            providers,
            """
            import base64, os, time, urllib.parse
            key = os.environ["PLANTED"]
            open("/work/planted", "w").write("x" + base64.b64encode(b"ab" + key.encode() + b"c").decode())
            print(urllib.parse.quote(key, safe=""))
            print("ready to be looked at", flush=True)
            time.sleep(600)
            """,
            new Dictionary<string, string> { ["PLANTED"] = OfEnvironment });
        await kernel.UntilPrintedAsync(agent, "ready to be looked at");
        CanaryHunt hunt = new(OfEnvironment, OfProvider, OfHeader);

        LookIntoSandbox(hunt, agent.Pid);
        await LookAtOutputsAsync(hunt, kernel, agent, agent);

        string[] places = ["/environ", "memory of process", "/work/planted", "output of the agent", "journal record"];
        Assert.All(places, place => Assert.Contains(
            hunt.Found, found => found.Contains(place, StringComparison.Ordinal)));
        Assert.All(hunt.Found, found => Assert.StartsWith(OfEnvironment, found, StringComparison.Ordinal));
    }

    private static LoopbackServer Server()
    {
        var calls = 0;
        return new LoopbackServer(async exchange =>
        {
            var said = string.Join(' ', exchange.Request.Headers.Values);
            switch (exchange.Request.Path)
            {
                case "/ok":
                    await exchange.AnswerAsync(200, "fine");
                    break;
                case "/echo":
                    var coded = Convert.ToBase64String(Encoding.UTF8.GetBytes(said));
                    await exchange.AnswerAsync(200, $"{said} {Uri.EscapeDataString(said)} {coded}");
                    break;
                case "/error":
                    await exchange.AnswerAsync(401, $"{{\"error\":\"bad key {said}\"}}", $"X-Said: {OfHeader}\r\n");
                    break;
                case "/redirect":
                    await exchange.AnswerAsync(
                        302, "", $"Location: http://evil.test/?key={Uri.EscapeDataString(OfHeader)}\r\n");
                    break;
                case "/cut":
                    await exchange.WriteAsync($"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{said}");
                    exchange.Close();
                    break;
                case "/nonsense":
                    await exchange.WriteAsync($"no HTTP {said}\r\n\r\n");
                    exchange.Close();
                    break;
                case "/stall":
                    await exchange.StallAsync();
                    break;
                default:
                    await ProvideAsync(exchange, Interlocked.Increment(ref calls));
                    break;
            }
        });
    }

    /// <summary>A provider that answers, refuses with the key in its words, says no JSON, or hangs up.</summary>
    private static async Task ProvideAsync(Models.Exchange exchange, int call)
    {
        var wire = ProviderWire.Of(exchange.Request.Path.Contains("chat/completions") ? "openai" : "gemini");
        switch (call % 4)
        {
            case 0:
                await new Scene.Answers("Yes.").PlayAsync(wire, exchange);
                break;
            case 1:
                await exchange.AnswerAsync(
                    401, $"{{\"error\":{{\"message\":\"Incorrect key {OfEnvironment} {OfProvider}\",\"code\":401}}}}");
                break;
            case 2:
                await exchange.AnswerAsync(200, $"not json {OfEnvironment} {OfProvider}");
                break;
            default:
                exchange.Close();
                break;
        }
    }

    private static async Task<RunningKernel> StartAsync(LoopbackServer providers)
    {
        var url = providers.Url.AbsoluteUri.TrimEnd('/');
        var kernel = await RunningKernel.StartWithAsync(
            new Dictionary<string, string> { ["GEMINI_API_KEY"] = OfEnvironment, ["GOOGLE_GEMINI_BASE_URL"] = url },
            "--kernel.log_level=debug", "--pool.created=0", "--pool.preloaded=1",
            "--gemini.models=gemini-test", "--openai.models=openai-test", $"--openai.base_url={url}/v1",
            "--openai.key=secret:provider", "--models.prices=gemini-test=0/0, openai-test=0/0",
            "--network.hosts=api.example.com=127.0.0.1", "--network.resolver=false");
        await kernel.Client.SecretSetAsync(new SecretSet { Name = "provider", Value = OfProvider }, Token);
        await kernel.Client.SecretSetAsync(new SecretSet { Name = "token", Value = OfHeader }, Token);
        return kernel;
    }

    private static Task<SpawnReply> SpawnAsync(
        RunningKernel kernel, LoopbackServer server, string script, Dictionary<string, string>? env = null) =>
        kernel.SpawnPythonAsync(
            $"URL = 'http://api.example.com:{server.Url.Port}'\n{script}",
            spawn => spawn with
            {
                Env = env,
                // A warm interpreter is told its variables later, and Linux does not know them as its environment.
                Pool = env is null ? null : "cold",
                Network = NetworkAccess.Allow(new NetworkRule
                {
                    Host = "api.example.com",
                    Scheme = "http",
                    Ports = [server.Url.Port],
                    Paths = ["/ok", "/echo", "/error", "/cut", "/nonsense", "/redirect", "/stall"],
                    Headers = new Dictionary<string, string> { ["Authorization"] = "Bearer ${secret:token}" },
                    AllowPrivate = true,
                }),
            });

    private static void LookIntoSandbox(CanaryHunt hunt, int pid)
    {
        hunt.InProcess(pid);
        foreach (var folder in new[] { "work", "tmp", "run", "etc", "opt", "var", "dev/shm", "mnt" })
        {
            var inside = $"/proc/{pid}/root/{folder}";
            if (Directory.Exists(inside))
            {
                hunt.InFiles(inside);
            }
        }
    }

    private static async Task LookAtOutputsAsync(
        CanaryHunt hunt, RunningKernel kernel, SpawnReply agent, SpawnReply free)
    {
        hunt.InText("output of the agent", await kernel.OutputAsync(agent));
        hunt.InText("output without a sandbox", await kernel.OutputAsync(free));
        hunt.InText("the kernel's log", kernel.Log);
        hunt.InFiles(kernel.StateFolder, file => file.Contains("/root/", StringComparison.Ordinal));
        using (var journal = SqliteJournalReader.Open(Path.Combine(kernel.StateFolder, "journal.db")))
        {
            foreach (var record in journal.Read(1))
            {
                hunt.InBytes($"journal record {record.Sequence} {record.Type}", record.Body.Span);
            }
        }

        var client = kernel.Client;
        hunt.InText("STATUS", Json(await client.StatusAsync(Token), AbiJsonContext.Default.StatusReply));
        hunt.InText("LLM", Json(await client.LlmAsync(new Llm { All = true }, Token), AbiJsonContext.Default.LlmReply));
        hunt.InText("METRICS", Json(await client.MetricsAsync(Token), AbiJsonContext.Default.MetricsReply));
        foreach (var process in await client.ListAsync(new List { All = true }, Token))
        {
            hunt.InText($"record of {process.Id}", Json(process, AbiJsonContext.Default.ProcessView));
        }

        await using CliProcess cli = new();
        foreach (var command in new[]
        {
            "doctor", "doctor --json", $"inspect {agent.Id}", $"inspect {agent.Id} --json", "ps --all --json",
            "secret list", "secret list --json", "llm --json", "kernel status --json",
        })
        {
            var run = await cli.RunAsync(["--socket", kernel.Socket, .. command.Split(' ')]);
            hunt.InText($"analemma {command}", run.Output + run.Error);
        }
    }

    private static void AssertUsed(LoopbackServer providers)
    {
        var headers = providers.Requests.SelectMany(request => request.Headers.Values).ToList();
        Assert.Contains(OfEnvironment, headers);
        Assert.Contains($"Bearer {OfProvider}", headers);
        Assert.Contains($"Bearer {OfHeader}", headers);
    }

    private static string Json<T>(T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        Encoding.UTF8.GetString(AbiJson.Write(value, type));

    private static async Task WatchAsync(RunningKernel kernel, List<EventView> events, CancellationToken until)
    {
        try
        {
            await foreach (var each in kernel.Client.Events(null, until))
            {
                events.Add(each);
            }
        }
        catch (OperationCanceledException)
        {
            // Enough was seen.
        }
    }
}
