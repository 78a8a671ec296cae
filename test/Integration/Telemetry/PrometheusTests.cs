using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Analemma.Abi.Syscalls;
using Analemma.Integration.Tests.Kernel;
using Analemma.Unit.Tests.Daemon.Telemetry;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Telemetry;

/// <summary>The endpoint for Prometheus and METRICS, of a kernel that has something to show.</summary>
public sealed partial class PrometheusTests : IAsyncLifetime
{
    private RunningKernel _kernel = null!;
    private IPEndPoint _address = null!;

    public async ValueTask InitializeAsync()
    {
        _kernel = await RunningKernel.StartAsync(
            "--telemetry.prometheus=127.0.0.1:0", "--telemetry.agents_max=1", "--pool.created=0", "--pool.preloaded=0",
            "--models.day_tokens=1000000");
        _address = IPEndPoint.Parse(Address().Match(_kernel.Log).Groups[1].Value);
    }

    public ValueTask DisposeAsync() => _kernel.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_happened_is_counted_in_both_formats(bool openMetrics)
    {
        await _kernel.Client.EchoAsync("x"u8.ToArray(), Token);
        await AskAsync("asker");
        await AskAsync("another");
        await Assert.ThrowsAsync<Analemma.Client.SyscallException>(
            () => _kernel.Client.InspectAsync(new Inspect { Name = "nobody" }, Token));

        var (head, text) = await GetAsync(openMetrics ? "application/openmetrics-text; version=1.0.0" : "*/*");
        Assert.Contains(openMetrics ? "openmetrics-text" : "version=0.0.4", head, StringComparison.Ordinal);
        var read = PrometheusReader.Read(text, openMetrics);
        Assert.Equal(1, Value("analemma_noops_total"));
        Assert.Equal(2, Value("analemma_agent_spawns_total"));
        Assert.Equal(2, Value("analemma_agent_exits_total", ("cause", "exited")));
        Assert.Equal(2, Value("analemma_syscalls_total", ("syscall", "think"), ("status", "ok")));
        Assert.Equal(1, Value("analemma_syscalls_total", ("syscall", "inspect"), ("status", "no_such_process")));
        Assert.Equal(2, Value("analemma_agent_start_duration_seconds_count"));
        Assert.Equal(2, Value("analemma_model_queue_wait_seconds_count"));
        Assert.Equal(16, Value("analemma_model_slots", ("state", "limit")));
        Assert.Equal(2, Value("gen_ai_client_operation_duration_seconds_count", ("gen_ai_provider_name", "sim")));
        Assert.True(Value("analemma_journal_commits_total", ("outcome", "ok")) >= 4);
        // One name is kept apart; the other agent's tokens are there all the same.
        Assert.True(Value("analemma_model_tokens_total", ("agent", "asker")) > 0);
        Assert.True(Value("analemma_model_tokens_total", ("agent", "_other")) > 0);
        Assert.DoesNotContain("another", text, StringComparison.Ordinal);
        Assert.Equal(
            1_000_000 - Value("analemma_model_tokens_total"),
            Value("analemma_budget_left", ("scope", "day"), ("unit", "tokens")));
        if (!openMetrics)
        {
            await CheckWithPromtoolAsync(text);
        }

        double Value(string name, params (string Label, string Value)[] labels) => read.Samples
            .Where(sample => sample.Name == name
                && labels.All(label => sample.Labels.GetValueOrDefault(label.Label) == label.Value))
            .Sum(sample => sample.Value);
    }

    [Fact]
    public async Task METRICS_and_the_command_say_the_same()
    {
        await AskAsync("asker");
        var metrics = await _kernel.Client.MetricsAsync(Token);
        var agents = metrics.Families.Single(family => family.Name == "analemma.agents");
        Assert.Equal(1, agents.Series.Single(series => series.Attributes["state"] == "exited").Value);
        Assert.True(metrics.Machine.MemoryBytes > metrics.Machine.MemoryAvailableBytes);
        Assert.Equal(3, metrics.Machine.LoadAverage.Count);
        Assert.Equal(Environment.ProcessorCount, metrics.Machine.Cpus);
    }

    [Fact]
    public async Task An_agent_sees_its_own_sandbox_in_both_framings()
    {
        await AskAsync("first");
        var agent = await _kernel.SpawnPythonAsync(
            """
            import json, socket, struct, os
            import analemma
            with analemma.Kernel() as kernel:
                mine = kernel.metrics()
                print("mine", mine.machine.memory_bytes, [family.name for family in mine.families])
            old = socket.socket(socket.AF_UNIX)
            old.connect(os.environ["ANALEMMA_SOCKET"])
            old.sendall(struct.pack("<IIBQ", 0x41474E54, 0, 0xC0, 0))
            with old.makefile("rb") as answer:
                size = struct.unpack("<IIBQ", answer.read(17))[3]
                print("old", json.loads(answer.read(size))["metrics"]["memory"]["total"])
            """,
            spawn => spawn with { Limits = new ResourceLimits { Memory = 100 << 20 } });
        Assert.Equal(0, (await _kernel.WaitAsync(agent)).Exit!.Code);
        var output = await _kernel.OutputAsync(agent);
        Assert.Contains("mine 104857600 ['analemma.budget.left']", output, StringComparison.Ordinal);
        Assert.Contains("old 104857600", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", "200")]
    [InlineData("GET /metrics?x=1 HTTP/1.0\r\n\r\n", "200")]
    [InlineData("HEAD /metrics HTTP/1.1\r\nHost: [::1]:9464\r\n\r\n", "200")]
    [InlineData("GET / HTTP/1.1\r\nHost: localhost:9464\r\n\r\n", "404")]
    [InlineData("POST /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", "405")]
    [InlineData("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n", "403")]
    [InlineData("GET /metrics SPDY/9\r\n\r\n", "400")]
    [InlineData("\0\0\0\r\n\r\n", "400")]
    public async Task Requests_are_answered_by_what_they_are(string request, string status)
    {
        var answer = await ExchangeAsync(request);
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Equal(
            request.StartsWith("GET /metrics", StringComparison.Ordinal) && status == "200",
            answer.Contains("analemma_agents", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Those_who_say_nothing_or_too_much_hold_up_nobody_for_long()
    {
        using var silent = await ConnectAsync();
        Assert.StartsWith(
            "HTTP/1.1 400",
            await ExchangeAsync($"GET /metrics HTTP/1.1\r\nX: {new string('x', 9_000)}\r\n\r\n"),
            StringComparison.Ordinal);
        for (var i = 0; i < 30; i++)
        {
            PrometheusReader.Read((await GetAsync("*/*")).Text, openMetrics: false);
        }
    }

    [Fact]
    public async Task An_address_that_is_taken_stops_the_start_and_is_named()
    {
        var failed = await Assert.ThrowsAsync<InvalidOperationException>(
            () => RunningKernel.StartAsync($"--telemetry.prometheus={_address}"));
        Assert.Contains(
            $"telemetry.prometheus: nobody can listen on {_address}", failed.Message, StringComparison.Ordinal);
    }

    private async Task AskAsync(string name)
    {
        var agent = await _kernel.SpawnPythonAsync(
            """
            import analemma
            with analemma.Kernel() as kernel:
                kernel.think("Hello?")
            """,
            spawn => spawn with { Name = name });
        Assert.Equal(0, (await _kernel.WaitAsync(agent)).Exit!.Code);
    }

    private async Task<(string Head, string Text)> GetAsync(string accept)
    {
        var answer = await ExchangeAsync($"GET /metrics HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n");
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return (answer[..end], answer[(end + 4)..]);
    }

    private async Task<string> ExchangeAsync(string request)
    {
        using var socket = await ConnectAsync();
        await socket.SendAsync(Encoding.Latin1.GetBytes(request), SocketFlags.None, Token);
        using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(Token);
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_address, Token);
        return socket;
    }

    /// <summary>Prometheus's own judge, where it is installed.</summary>
    private static async Task CheckWithPromtoolAsync(string text)
    {
        var promtool = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Select(folder => Path.Combine(folder, "promtool")).FirstOrDefault(File.Exists);
        if (promtool is null)
        {
            return;
        }

        using var check = Process.Start(new ProcessStartInfo(promtool, ["check", "metrics"])
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
        })!;
        await check.StandardInput.WriteAsync(text);
        check.StandardInput.Close();
        var said = await check.StandardError.ReadToEndAsync(Token);
        await check.WaitForExitAsync(Token);
        Assert.True(check.ExitCode == 0, said);
    }

    [GeneratedRegex("are at http://([0-9.:]+)/metrics")]
    private static partial Regex Address();
}
