using System.Text;
using Analemma.Abi.Syscalls;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Network;

/// <summary>The proxy in a sandbox's own network, from programs that know nothing of the kernel.</summary>
public sealed class ProxyTests
{
    private const string Raw =
        """
        import socket
        def raw(text):
            with socket.create_connection(("127.0.0.1", 80), 10) as connection:
                connection.sendall(text.encode("latin-1").replace(b"PORT", URL.rsplit(":", 1)[1].encode()))
                answer = b""
                try:
                    while piece := connection.recv(4096):
                        answer += piece
                        connection.settimeout(2)
                except (ConnectionError, TimeoutError): pass
            print(answer.split(b"\r\n")[0].decode(), "|", answer.split(b"\r\n\r\n", 1)[-1].decode("latin-1"))

        """;

    [Fact]
    public async Task Python_curl_and_node_reach_what_the_rules_allow_with_the_rules_headers()
    {
        await using var stage = await NetworkStage.StartAsync(exchange => exchange.AnswerAsync(
            200,
            $"{exchange.Request.Path} {exchange.Request.Headers["Authorization"]} {exchange.Request.Body.Length}"));

        var (output, end) = await stage.RunAsync(
            """
            import subprocess, urllib.request
            print(urllib.request.urlopen(URL + "/urllib").read().decode())
            request = urllib.request.Request(URL + "/post", data=b"x" * 100_000, headers={"Authorization": "mine"})
            print(urllib.request.urlopen(request).read().decode())
            def run(*argv, **options):
                done = subprocess.run(argv, capture_output=True, text=True, **options)
                print(done.stdout.strip(), done.stderr.strip() if done.returncode else "")
            run("curl", "-sS", URL + "/curl")
            run("curl", "-sS", "-T", "-", "-H", "Transfer-Encoding: chunked", URL + "/chunked", input="y" * 50_000)
            node = '''
              const target = process.argv[1] + "/node";
              require("http").get({ host: "127.0.0.1", port: 80, path: target, headers: { host: new URL(target).host } },
                answer => answer.on("data", piece => process.stdout.write(piece)));'''
            run("node", "-e", node, URL)
            print(sorted(name for name in os.environ if "proxy" in name.lower()))
            """,
            spawn => spawn with { Limits = new ResourceLimits { Memory = 1L << 30 } },
            stage.WithSecret);

        var stars = $"Bearer {new string('*', NetworkStage.Canary.Length)}";
        Assert.Equal(
            [
                $"/urllib {stars} 0", $"/post {stars} 100000", $"/curl {stars} 0", $"/chunked {stars} 50000",
                $"/node {stars} 0",
                "['HTTPS_PROXY', 'HTTP_PROXY', 'NODE_USE_ENV_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', "
                    + "'no_proxy']",
            ],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd()));
        Assert.All(stage.Server.Requests, request =>
        {
            Assert.Equal($"Bearer {NetworkStage.Canary}", request.Headers["Authorization"]);
            Assert.Equal($"{NetworkStage.Host}:{stage.Port}", request.Headers["Host"]);
            Assert.DoesNotContain(
                request.Headers.Keys, name => name.StartsWith("Proxy", StringComparison.OrdinalIgnoreCase));
        });
        Assert.Equal(0, end.Denied);
    }

    [Fact]
    public async Task A_tunnel_carries_tls_that_the_kernel_cannot_read()
    {
        var trusted = Path.GetTempFileName();
        await using TlsServer server = new(NetworkStage.Host, trusted);
        await using var stage = await NetworkStage.StartAsync(exchange => exchange.StallAsync());
        var script =
            $"""
            import ssl, subprocess, urllib.error, urllib.request
            open("/work/ca.pem", "w").write('''{await File.ReadAllTextAsync(trusted, Token)}''')
            context = ssl.create_default_context(cafile="/work/ca.pem")
            url = "https://{NetworkStage.Host}:{server.Port}"
            try:
                print(urllib.request.urlopen(url + "/py", context=context).read().decode())
            except OSError as failed:
                print("failed", failed)
            done = subprocess.run(["curl", "-sS", "--cacert", "/work/ca.pem", url + "/curl"],
                                  capture_output=True, text=True)
            print(done.stdout, done.stderr)
            """;
        NetworkRule rule = new() { Host = NetworkStage.Host, Ports = [server.Port], AllowPrivate = true };

        var (open, _) = await stage.RunAsync(script, rule);
        Assert.Contains("over tls: GET /py HTTP/1.1", open, StringComparison.Ordinal);
        Assert.Contains("over tls: GET /curl HTTP/1.1", open, StringComparison.Ordinal);

        var (refused, end) = await stage.RunAsync(script, rule with { Paths = ["/py"] });
        Assert.DoesNotContain("over tls", refused, StringComparison.Ordinal);
        Assert.Contains("403", refused, StringComparison.Ordinal);
        Assert.Equal(2, end.Denied);
        File.Delete(trusted);
    }

    [Fact]
    public async Task Every_denial_is_a_403_with_a_reason_in_json_and_an_event()
    {
        await using var stage = await NetworkStage.StartAsync(exchange => exchange.AnswerAsync(200, "reached"));
        NetworkRule[] rules =
        [
            stage.Rule with { Methods = ["GET"], Paths = ["/open"] },
            new() { Host = "other.example.com", Scheme = "http", Ports = [stage.Port] },
            new() { Host = "secret.example.com", Headers = stage.WithSecret.Headers },
        ];

        var (output, end) = await stage.RunAsync(
            Raw + """
            close = " HTTP/1.1\r\nConnection: close\r\nHost: "
            raw("GET http://api.example.com:PORT/open" + close + "api.example.com:PORT\r\n\r\n")
            raw("GET http://api.example.com:PORT/shut" + close + "api.example.com:PORT\r\n\r\n")
            raw("DELETE http://api.example.com:PORT/open" + close + "api.example.com:PORT\r\n\r\n")
            raw("GET http://evil.test/" + close + "evil.test\r\n\r\n")
            raw("GET http://other.example.com:PORT/" + close + "other.example.com:PORT\r\n\r\n")
            raw("CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n")
            raw("CONNECT api.example.com:PORT HTTP/1.1\r\n\r\n")
            raw("CONNECT other.example.com:PORT HTTP/1.1\r\n\r\n")
            raw("CONNECT secret.example.com:443 HTTP/1.1\r\n\r\n")
            """,
            rules);

        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("HTTP/1.1 200 OK | reached", lines[0]);
        string[] reasons =
        [
            "no rule allows the path /shut", "no rule allows DELETE", "no rule allows the host evil.test",
            "which is loopback", "no rule allows the host evil.test", "is about methods and paths", "which is loopback",
            "is about headers, which cannot be seen in a tunnel; ask for http://secret.example.com/",
        ];
        for (var i = 0; i < reasons.Length; i++)
        {
            Assert.StartsWith("HTTP/1.1 403", lines[i + 1], StringComparison.Ordinal);
            Assert.Contains("\"code\":\"permission_denied\"", lines[i + 1], StringComparison.Ordinal);
            Assert.Contains("\"hint\":", lines[i + 1], StringComparison.Ordinal);
            Assert.Contains(reasons[i], lines[i + 1], StringComparison.Ordinal);
        }

        Assert.Single(stage.Server.Requests);
        Assert.Equal(reasons.Length, end.Denied);
    }

    /// <summary>What one reader takes for one request and the next for two.</summary>
    [Fact]
    public async Task A_request_that_could_be_two_is_refused_or_written_anew_as_one()
    {
        await using var stage = await NetworkStage.StartAsync(exchange => exchange.AnswerAsync(
            200, $"{exchange.Request.Path} {Encoding.Latin1.GetString(exchange.Request.Body)}"));
        var (output, _) = await stage.RunAsync(
            Raw + """
            def post(headers, body, version="1.1", target="http://api.example.com:PORT/x"):
                raw("POST %s HTTP/%s\r\nHost: api.example.com:PORT\r\n%s\r\n%s" % (target, version, headers, body))
            smuggled = "GET http://api.example.com:PORT/smuggled HTTP/1.1\r\nHost: api.example.com:PORT\r\n\r\n"
            chunks = "5\r\nhello\r\n0\r\n\r\n"
            post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunks + smuggled)
            post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunks)
            post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!")
            post("Content-Length: 5, 6\r\n", "hello!")
            post("Content-Length: -5\r\n", "hello")
            post("Content-Length: +5\r\n", "hello")
            post("Transfer-Encoding: xchunked\r\n", chunks)
            post("Transfer-Encoding: chunked, identity\r\n", chunks)
            post("Transfer-Encoding : chunked\r\n", chunks)
            post("X: a\r\n b\r\nContent-Length: 0\r\n", "")
            post("X\r\nContent-Length: 0\r\n", "")
            post("Content-Length: 0\r\n", "", target="http://evil.test/")
            post("Transfer-Encoding: chunked\r\n", "zz\r\nhello\r\n0\r\n\r\n")
            post("Content-Length: 0\r\n", "", target="http://user@api.example.com:PORT/x")
            post("Content-Length: 0\r\n", "", target="http://api.example.com:PORT/a/..%2fb")
            raw("CONNECT api.example.com:PORT HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello")
            raw("CONNECT api.example.com:PORT HTTP/1.1\r\nX : y\r\n\r\n")
            raw("CONNECT http://api.example.com:PORT/ HTTP/1.1\r\n\r\n")
            raw("CONNECT api.example.com:PORT HTTP/2\r\n\r\n")
            raw("CONNECT " + "x" * 20000 + "\r\n")
            post("Connection: X-Hop\r\nX-Hop: 1\r\nTransfer-Encoding: chunked\r\n", chunks)
            """,
            stage.Rule);

        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // The server's own reader is lenient with a plus; what it read is what is sent, in the one form.
        const int plus = 5;
        Assert.Equal(21, lines.Length);
        Assert.All(
            lines[..^1].Where((_, at) => at != plus),
            line => Assert.StartsWith("HTTP/1.1 4", line, StringComparison.Ordinal));
        Assert.Equal("HTTP/1.1 200 OK | /x hello", lines[plus]);
        Assert.Equal("HTTP/1.1 200 OK | /x hello", lines[^1]);
        Assert.Equal(["/x", "/x"], stage.Server.Requests.Select(request => request.Path));
        Assert.Equal("5", stage.Server.Requests.First().Headers["Content-Length"]);
        Assert.DoesNotContain("X-Hop", stage.Server.Requests.Last().Headers.Keys);
    }

    [Fact]
    public async Task Bytes_of_requests_answers_and_tunnels_are_bounded()
    {
        await using var stage = await NetworkStage.StartAsync(
            exchange => exchange.AnswerAsync(200, new string('x', exchange.Request.Path == "/large" ? 2000 : 10)));
        var (output, end) = await stage.RunAsync(
            Raw + """
            host = "Host: api.example.com:PORT\r\nConnection: close\r\n"
            raw("GET http://api.example.com:PORT/large HTTP/1.1\r\n" + host + "\r\n")
            raw("PUT http://api.example.com:PORT/x HTTP/1.1\r\n" + host + "Content-Length: 501\r\n\r\n" + "y" * 501)
            raw("PUT http://api.example.com:PORT/x HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n"
                + ("64\r\n" + "y" * 100 + "\r\n") * 6 + "0\r\n\r\n")
            tunnel = "CONNECT api.example.com:PORT HTTP/1.1\r\n\r\n"
            raw(tunnel + "GET /small HTTP/1.1\r\n" + "Connection: close\r\n" + "\r\n")
            raw(tunnel + "GET /large HTTP/1.1\r\n\r\n")
            raw(tunnel + "PUT /x HTTP/1.1\r\nContent-Length: 600\r\n\r\n" + "y" * 600)
            """,
            stage.Rule with { RequestBytes = 500, ResponseBytes = 1000 });

        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("HTTP/1.1 413", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 413", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 413", lines[2], StringComparison.Ordinal);
        Assert.Equal(5, end.Denied);
        Assert.DoesNotContain(new string('x', 1001), output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hosts_and_agents_that_vanish_leave_nothing_behind()
    {
        await using var stage = await NetworkStage.StartAsync(async exchange =>
        {
            switch (exchange.Request.Path)
            {
                case "/gone":
                    exchange.Close();
                    break;
                case "/cut":
                    await exchange.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
                    exchange.Close();
                    break;
                default:
                    await exchange.StallAsync();
                    break;
            }
        });
        var (output, _) = await stage.RunAsync(
            Raw + """
            host = " HTTP/1.1\r\nHost: api.example.com:PORT\r\nConnection: close\r\n\r\n"
            raw("GET http://api.example.com:PORT/gone" + host)
            raw("GET http://api.example.com:PORT/cut" + host)
            raw("GET http://nobody.example.com:1/ HTTP/1.1\r\nHost: nobody.example.com:1\r\nConnection: close\r\n\r\n")
            raw("CONNECT nobody.example.com:1 HTTP/1.1\r\n\r\n")
            raw("GET http://127.0.0.1/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            """,
            stage.Rule,
            new NetworkRule { Host = "nobody.example.com", Scheme = "http", Ports = [1] });
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("HTTP/1.1 502", lines[0], StringComparison.Ordinal);
        Assert.Contains("\"code\":\"http_failed\"", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 200", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 502", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 502", lines[3], StringComparison.Ordinal);
        Assert.Contains("The kernel serves process", lines[4], StringComparison.Ordinal);

        foreach (var start in new[]
        {
            "GET http://api.example.com:PORT/stall HTTP/1.1\\r\\nHost: api.example.com:PORT\\r\\n\\r\\n",
            "CONNECT api.example.com:PORT HTTP/1.1\\r\\n\\r\\nGET /stall HTTP/1.1\\r\\n\\r\\n",
        })
        {
            var before = stage.Server.Requests.Count;
            var agent = await stage.Kernel.SpawnPythonAsync(
                $"""
                import socket
                connection = socket.create_connection(("127.0.0.1", 80))
                connection.sendall(b"{start.Replace("PORT", $"{stage.Port}", StringComparison.Ordinal)}")
                print("sent", flush=True)
                connection.recv(100)
                connection.recv(100)
                """,
                spawn => spawn with { Network = Analemma.Abi.NetworkAccess.Allow(stage.Rule) });
            while (stage.Server.Requests.Count == before)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Token);
            }

            await stage.Kernel.Client.KillAsync(new Kill { Id = agent.Id, GraceMs = 0 }, Token);
            await stage.Server.ClientLeft.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Token);
        }

        Assert.DoesNotContain("ended", stage.Kernel.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("found itself wrong", stage.Kernel.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_rules_there_is_no_proxy_to_find_and_what_asks_one_is_denied()
    {
        await using var stage = await NetworkStage.StartAsync(exchange => exchange.AnswerAsync(200, "reached"));
        var (output, end) = await stage.RunAsync(
            Raw + """
            print([name for name in os.environ if "proxy" in name.lower()])
            raw("GET http://api.example.com:PORT/ HTTP/1.1\r\nHost: api.example.com:PORT\r\nConnection: close\r\n\r\n")
            raw("CONNECT api.example.com:PORT HTTP/1.1\r\n\r\n")
            """);

        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("[]", lines[0]);
        Assert.All(lines[1..], line => Assert.Contains("this agent has no network", line, StringComparison.Ordinal));
        Assert.Equal(2, end.Denied);
        Assert.Empty(stage.Server.Requests);
    }
}
