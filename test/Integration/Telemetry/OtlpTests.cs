using System.Diagnostics;
using System.Text;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Telemetry;

/// <summary>Metrics and traces by OTLP, as a collector that reads the protobuf itself sees them.</summary>
public sealed class OtlpTests
{
    private const string Canary = "canary-of-a-prompt";

    [Fact]
    public async Task A_THINK_is_a_trace_of_its_attempts_and_counts_tokens()
    {
        await using var collector = new OtlpCollector();
        await using (var kernel = await StartAsync(collector.Url))
        {
            await kernel.Client.ThinkAsync(
                new Think { Prompt = $"[[sim:503 times=1]] {Canary}", Temperature = 0.5 }, Token);
            await StreamAsync(kernel);
            await Assert.ThrowsAsync<SyscallException>(
                () => kernel.Client.InspectAsync(new Inspect { Name = "nobody" }, Token));
        }

        var thinks = collector.Spans.Where(span => span.Name == "syscall think").ToArray();
        Assert.Equal(2, thinks.Length);
        var attempts = collector.Spans.Where(span => span.Name == "chat sim").ToArray();
        Assert.Equal(3, attempts.Length);
        Assert.All(attempts, attempt => Assert.Contains(thinks, think => (think.Trace, think.Id) == (
            attempt.Trace, attempt.Parent)));
        Assert.All(attempts, attempt => Assert.Equal((3, "chat", "sim", "sim"), (
            attempt.Kind, attempt.Attributes["gen_ai.operation.name"], attempt.Attributes["gen_ai.provider.name"],
            attempt.Attributes["gen_ai.request.model"])));
        var failed = Assert.Single(attempts, attempt => attempt.Attributes.ContainsKey("error.type"));
        Assert.Equal(("overloaded", 2), (failed.Attributes["error.type"], failed.Status));
        var streamed = Assert.Single(attempts, attempt => attempt.Attributes.ContainsKey("gen_ai.request.stream"));
        Assert.True(double.Parse(
            streamed.Attributes["gen_ai.response.time_to_first_chunk"],
            System.Globalization.CultureInfo.InvariantCulture) >= 0);
        Assert.Equal("stop", streamed.Attributes["gen_ai.response.finish_reasons"]);
        var refused = Assert.Single(collector.Spans, span => span.Name == "syscall inspect");
        Assert.Equal(("no_such_process", 2), (refused.Attributes["error.type"], refused.Status));

        var tokens = collector.Metrics["gen_ai.client.token.usage"];
        Assert.Equal(("histogram", "{token}", 2), (tokens.Kind, tokens.Unit, tokens.Points.Count));
        Assert.All(tokens.Points, point => Assert.Equal(2, point.Value));
        Assert.Equal(3, collector.Metrics["gen_ai.client.operation.duration"].Points.Sum(point => point.Value));
        Assert.Equal(
            ["ok", "overloaded"],
            collector.Metrics["analemma.model.attempts"].Points.Select(point => point.Of["outcome"]).Order());
    }

    [Fact]
    public async Task What_comes_by_HTTP_is_a_syscall_like_any_other()
    {
        await using var collector = new OtlpCollector();
        await using (var kernel = await StartAsync(collector.Url))
        {
            var endpoint = await kernel.Client.EndpointAsync(cancellationToken: Token);
            using HttpClient http = new();
            http.DefaultRequestHeaders.Authorization = new("Bearer", endpoint.Token);
            const string Request = """{"model":"sim","messages":[{"role":"user","content":"Hello?"}]}""";
            using StringContent body = new(Request, Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync(new Uri($"{endpoint.Url}/v1/chat/completions"), body, Token);
            Assert.True(answer.IsSuccessStatusCode);
        }

        var think = Assert.Single(collector.Spans, span => span.Name == "syscall think");
        var attempt = Assert.Single(collector.Spans, span => span.Name == "chat sim");
        Assert.Equal((think.Trace, think.Id), (attempt.Trace, attempt.Parent));
        Assert.Equal(1, collector.Metrics["analemma.syscalls"].Points
            .Single(point => point.Of["syscall"] == "think" && point.Of["status"] == "ok").Value);
    }

    [Fact]
    public async Task No_text_of_a_prompt_or_answer_is_sent()
    {
        await using var collector = new OtlpCollector();
        string said;
        await using (var kernel = await StartAsync(collector.Url))
        {
            said = (await kernel.Client.ThinkAsync(
                new Think { Prompt = Canary, SystemInstruction = Canary }, Token)).Content;
        }

        var sent = string.Concat(collector.Bodies.Select(Encoding.UTF8.GetString));
        // The control: it is text in which they would be found.
        Assert.Contains("gen_ai.usage.input_tokens", sent, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, sent, StringComparison.Ordinal);
        Assert.DoesNotContain(said[..Math.Min(20, said.Length)], sent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_standard_variables_name_a_collector_too_and_gauges_are_of_now()
    {
        await using var collector = new OtlpCollector();
        await using var kernel = await RunningKernel.StartWithAsync(
            new Dictionary<string, string>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Url,
                ["OTEL_METRIC_EXPORT_INTERVAL"] = "200",
            },
            "--pool.created=0",
            "--pool.preloaded=0");
        await kernel.SpawnShellAsync("sleep 60");
        await collector.UntilAsync(
            got => got.Metrics.TryGetValue("analemma.agents", out var agents)
                && agents.Points.Any(point => point.Of["state"] == "running" && point.Value == 1),
            Token);
        Assert.Equal("sum", collector.Metrics["analemma.agent.spawns"].Kind);
    }

    [Fact]
    public async Task Nothing_is_sent_where_nobody_is_named()
    {
        await using var collector = new OtlpCollector();
        await using (var kernel = await RunningKernel.StartWithAsync(
            new Dictionary<string, string>
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Url,
                ["OTEL_SDK_DISABLED"] = "true",
            },
            "--pool.created=0",
            "--pool.preloaded=0"))
        {
            await kernel.Client.ThinkAsync(new Think { Prompt = "Hello?" }, Token);
            var loaded = File.ReadAllText($"/proc/{kernel.Pid}/maps");
            Assert.DoesNotContain("OpenTelemetry", loaded, StringComparison.Ordinal);
        }

        Assert.Equal(0, collector.Asked);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_collector_that_stalls_or_is_not_there_holds_up_nothing(bool stalls)
    {
        await using var collector = new OtlpCollector(stalls: true);
        var kernel = await StartAsync(stalls ? collector.Url : "http://127.0.0.1:9");
        await kernel.Client.ThinkAsync(new Think { Prompt = "Hello?" }, Token);
        if (stalls)
        {
            await collector.UntilAsync(got => got.Asked > 0, Token);
        }

        for (var i = 0; i < 200; i++)
        {
            Assert.NotNull(await kernel.Client.StatusAsync(Token).WaitAsync(
                TimeSpan.FromSeconds(5), TimeProvider.System, Token));
        }

        var began = Stopwatch.GetTimestamp();
        await kernel.DisposeAsync();
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(10), "the kernel stops");
    }

    private static Task<RunningKernel> StartAsync(string url) => RunningKernel.StartWithAsync(
        new Dictionary<string, string> { ["OTEL_METRIC_EXPORT_INTERVAL"] = "500" },
        $"--telemetry.otlp={url}",
        "--sim.speed=100",
        "--pool.created=0",
        "--pool.preloaded=0");

    private static async Task StreamAsync(RunningKernel kernel)
    {
        await foreach (var _ in kernel.Client.Think(new Think { Prompt = "Hello?" }).WithCancellation(Token))
        {
        }
    }
}
