using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Cli;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Http;

/// <summary>The APIs on the host's loopback address: for who has a token, as who the token says.</summary>
public sealed class HostEndpointTests
{
    private static readonly string[] NoPool = ["--pool.created=0", "--pool.preloaded=0"];

    [Fact]
    public async Task It_listens_when_first_asked_and_serves_nobody_without_a_token()
    {
        await using var kernel = await RunningKernel.StartAsync(NoPool);
        Assert.Empty(Listening(kernel.Pid));
        var endpoint = await kernel.Client.EndpointAsync(cancellationToken: Token);
        Assert.Equal(endpoint.Url, (await kernel.Client.EndpointAsync(cancellationToken: Token)).Url);
        Assert.Equal(new Uri(endpoint.Url).Port, Assert.Single(Listening(kernel.Pid)));

        using HttpClient client = new() { BaseAddress = new Uri(endpoint.Url) };
        foreach (var token in (string?[])[null, "sk-mine", endpoint.Token[..^1] + "!"])
        {
            using var refused = await AskAsync(client, token);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
            var error = JsonElement.Parse(await refused.Content.ReadAsStringAsync(Token)).GetProperty("error");
            Assert.Equal("permission_denied", error.GetProperty("code").GetString());
        }

        using var answered = await AskAsync(client, endpoint.Token);
        Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
        var host = (await kernel.Client.LlmAsync(null, Token)).Agents.Single(row => row.Process == ProcessId.None);
        Assert.Equal(1, host.Calls);
        Assert.DoesNotContain(endpoint.Token, kernel.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_of_an_agent_spends_its_budget_until_it_ends()
    {
        await using var kernel = await RunningKernel.StartAsync([.. NoPool, "--endpoint.listen=true"]);
        var agent = await kernel.SpawnShellAsync("sleep 600", spawn => spawn with
        {
            Name = "worker",
            Models = new ModelShare { Budget = new ModelBudget { Tokens = 3_000 } },
        });
        var endpoint = await kernel.Client.EndpointAsync(new Endpoint { Name = "worker" }, Token);
        Assert.Equal(agent.Id, endpoint.Process);
        using HttpClient client = new() { BaseAddress = new Uri(endpoint.Url) };
        using (var answered = await AskAsync(client, endpoint.Token, maxTokens: 500))
        {
            Assert.Equal(HttpStatusCode.OK, answered.StatusCode);
        }

        using (var refused = await AskAsync(client, endpoint.Token, maxTokens: 3_000))
        {
            Assert.Equal(HttpStatusCode.PaymentRequired, refused.StatusCode);
        }

        var row = (await kernel.Client.LlmAsync(null, Token)).Agents.Single(one => one.Process == agent.Id);
        Assert.Equal((1, 1), (row.Calls, row.Refused));
        await kernel.Client.KillAsync(new Kill { Id = agent.Id }, Token);
        using var dead = await AskAsync(client, endpoint.Token);
        Assert.Equal(HttpStatusCode.Conflict, dead.StatusCode);
        var gone = await Assert.ThrowsAsync<SyscallException>(
            () => kernel.Client.EndpointAsync(new Endpoint { Id = agent.Id }, Token));
        Assert.Equal(SysErrorCode.NoSuchProcess, gone.Code);
    }

    [Fact]
    public async Task An_agent_in_the_hosts_network_has_its_own_token_and_no_agent_gets_one_by_asking()
    {
        await using var kernel = await RunningKernel.StartAsync(
            [.. NoPool, "--endpoint.listen=true", "--sandbox.unsandboxed_allowed=true"]);
        const string ask = """
            import json, os, urllib.request
            request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions",
                json.dumps({"messages": [{"role": "user", "content": "Hello?"}]}).encode(),
                {"Authorization": "Bearer " + os.environ["OPENAI_API_KEY"]})
            with urllib.request.urlopen(request) as answer: print(answer.status)
            """;
        foreach (var spawn in (Func<Spawn, Spawn>[])
            [one => one with { Sandboxed = false }, one => one with { Network = true }])
        {
            var agent = await kernel.SpawnPythonAsync(ask, spawn);
            await kernel.WaitAsync(agent);
            Assert.Equal("200\n", await kernel.OutputAsync(agent));
            var rows = (await kernel.Client.LlmAsync(new Llm { All = true }, Token)).Agents;
            Assert.Equal(1, rows.Single(row => row.Process == agent.Id).Calls);
        }

        var asking = await kernel.SpawnPythonAsync("""
            import analemma
            try: analemma.Kernel().endpoint()
            except analemma.PermissionDenied as refused: print(refused.code)
            """);
        await kernel.WaitAsync(asking);
        Assert.Equal("permission_denied\n", await kernel.OutputAsync(asking));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_to_be()
    {
        using System.Net.Sockets.TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var kernel = await RunningKernel.StartAsync([.. NoPool, $"--endpoint.port={port}"]);
        var refused = await Assert.ThrowsAsync<SyscallException>(
            () => kernel.Client.EndpointAsync(cancellationToken: Token));
        Assert.Equal(SysErrorCode.IoFailed, refused.Code);
        Assert.Contains($"{port}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_outlives_the_kernel_and_the_command_prints_it()
    {
        await using var kernel = await RunningKernel.StartAsync(NoPool);
        var before = (await kernel.Client.EndpointAsync(cancellationToken: Token)).Token;
        await kernel.StopAsync();
        await kernel.BeginAsync();
        await using CliProcess cli = new();
        var (code, output, _) = await cli.RunAsync("--socket", kernel.Socket, "endpoint");
        Assert.Equal(0, code);
        Assert.Contains($"export OPENAI_API_KEY={before}\n", output, StringComparison.Ordinal);
        Assert.Matches("export ANTHROPIC_BASE_URL=http://127.0.0.1:[0-9]+\n", output);
    }

    private static Task<HttpResponseMessage> AskAsync(HttpClient client, string? token, int maxTokens = 100)
    {
        HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = new StringContent(
                $$"""{"max_tokens":{{maxTokens}},"messages":[{"role":"user","content":"Hello?"}]}""",
                Encoding.UTF8,
                "application/json"),
        };
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return client.SendAsync(request, Token);
    }

    // Ports of the host that this kernel itself listens on: its sockets' inodes among those of proc_pid_net(5).
    private static IEnumerable<int> Listening(int pid)
    {
        var own = Directory.EnumerateFiles($"/proc/{pid}/fd")
            .Select(file => new FileInfo(file).LinkTarget)
            .Where(link => link?.StartsWith("socket:[", StringComparison.Ordinal) == true)
            .Select(link => link![8..^1])
            .ToHashSet();
        return from line in File.ReadLines($"/proc/{pid}/net/tcp").Skip(1)
               let words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
               where words[3] == "0A" && own.Contains(words[9])
               select Convert.ToInt32(words[1].Split(':')[1], 16);
    }
}
