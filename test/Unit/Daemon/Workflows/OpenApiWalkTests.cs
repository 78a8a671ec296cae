using System.Globalization;
using System.Text;
using System.Text.Json;
using Analemma.Daemon.Http;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Runners;
using Analemma.Daemon.Sockets;
using Analemma.Daemon.Workflows;
using Analemma.Daemon.Workflows.Api;
using Analemma.Daemon.Workflows.Api.Rest;
using Analemma.Kernel.Schemas;
using Analemma.Workflow.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Every operation of the document is asked for, signed; what comes back is what the document says.</summary>
public sealed class OpenApiWalkTests : IAsyncDisposable
{
    private const string Url = "http://127.0.0.1:1";
    private const string Work = "arn:aws:states:us-east-1:000000000000:activity:work";

    private static readonly JsonElement Document = JsonElement.Parse(OpenApiDocument.Bytes);
    private static readonly string[] Methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

    private static readonly object Definition = new
    {
        StartAt = "A",
        States = new { A = new { Type = "Task", Resource = Work, End = true } },
    };

    // So many states that they take several commits, each of which may begin a segment.
    private const string Loop = """
        {"StartAt":"N","States":{"N":{"Type":"Pass","Result":0,"ResultPath":"$.n","Next":"Add"},
         "Add":{"Type":"Pass","Parameters":{"n.$":"States.MathAdd($.n, 1)"},"Next":"Enough"},
         "Enough":{"Type":"Choice","Default":"Last","Choices":[{"Variable":"$.n","NumericLessThan":2000,"Next":"Add"}]},
         "Last":{"Type":"Pass","End":true}}}
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-walk-").FullName;
    private readonly BackgroundTasks _background = new(_ => { }, NullLogger.Instance);
    private readonly WorkflowOptions _options;
    private readonly ByteBudget _budget = new(1 << 30);
    private readonly WorkflowHost _host;
    private readonly HashSet<string> _walked = new(StringComparer.Ordinal);

    public OpenApiWalkTests()
    {
        _options = new WorkflowOptions
        {
            Path = Path.Combine(_folder, "workflows.db"),
            PayloadsFolder = Path.Combine(_folder, "payloads"),
            FunctionsFolder = Path.Combine(_folder, "functions"),
            Credentials = new AwsCredentials("key", "secret"),
            Rollover = true,
            SegmentEvents = 20,
            SegmentsKept = 1,
        };
        _host = new WorkflowHost(
            _options,
            new WorkflowKernel(null!, null!, new CallTable()),
            _background,
            TimeProvider.System,
            NullLogger.Instance);
    }

    [Fact]
    public async Task What_is_served_is_what_the_document_says()
    {
        await MachinesAsync();
        await ExecutionsAsync();
        await FunctionsAsync();
        await WalkAsync("DELETE", "/v1/state-machines/m");
        await WalkAsync("GET", "/v1/openapi.json");
        Assert.Empty(Operations().Select(each => $"{each.Method} {each.Path}").Except(_walked));
    }

    [Fact]
    public async Task Who_asks_for_what_is_not_there_is_told_so_in_the_form_of_the_document()
    {
        foreach (var (path, method, _) in Operations().Where(each => each.Path.Contains('{', StringComparison.Ordinal)))
        {
            foreach (var id in (string[])["no", "no:no", "%20", "arn:x", new('x', 3000), "a%2Fb", "%ff"])
            {
                var target = path[..path.IndexOf('{', StringComparison.Ordinal)] + id
                    + path[(path.IndexOf('}', StringComparison.Ordinal) + 1)..];
                var answer = await AskAsync(method, target, method is "POST" or "PUT" ? new { } : null);
                // What is not there can be deleted, as at the service.
                if (answer.Status != 200)
                {
                    Assert.True(answer.Status is >= 400 and < 500, $"{method} {target}: {answer.Status}");
                    AssertRefused(answer, method, target);
                }
            }
        }
    }

    [Fact]
    public async Task A_wrong_method_is_told_which_there_are()
    {
        foreach (var path in Operations().ToLookup(each => each.Path, each => each.Method))
        {
            var target = path.Key.Replace('{', 'x').Replace('}', 'x');
            foreach (var method in Methods.Except(path))
            {
                var answer = await AskAsync(method, target);
                Assert.True(answer.Status == 405, $"{method} {target}: {answer.Status}");
                Assert.Equal(path.Order(), answer.Allow.Split(", ").Order());
                AssertRefused(answer, method, target);
            }
        }
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_not_read_and_one_that_there_is_no_room_for_is_wanted_later()
    {
        var http = Request("POST", "/v1/executions");
        http.Request.ContentLength = HttpLimits.BodyBytesMax + 1L;
        var large = await ServeAsync(http);
        Assert.Equal((413, "request_entity_too_large"), (large.Status, Code(large)));
        AssertRefused(large, "POST", "/v1/executions");

        Assert.True(_budget.TryTake(1 << 30));
        var busy = await AskAsync("POST", "/v1/executions", new { machine = "m" });
        Assert.Equal((429, "try_again"), (busy.Status, Code(busy)));
        AssertRefused(busy, "POST", "/v1/executions");
    }

    [Fact]
    public async Task A_reader_that_has_more_than_there_is_is_told_where_the_end_is()
    {
        await MachinesAsync();
        await StartAsync("e");
        await WalkAsync("POST", "/v1/executions/m:e/stop", new { });
        var answer = await AskAsync("GET", "/v1/executions/m:e/events?after=99");
        Assert.Equal((400, "validation"), (answer.Status, Code(answer)));
        Assert.Contains("event 99 is not there: the last one is 4", answer.Text, StringComparison.Ordinal);
        Assert.Equal(204, (await AskAsync("GET", "/v1/executions/m:e/events?after=4")).Status);
    }

    [Fact]
    public async Task A_reader_whose_last_event_is_not_kept_any_more_is_told_of_the_gap()
    {
        await WalkAsync("POST", "/v1/state-machines", new { name = "m", definition = Loop });
        await StartAsync("e");
        string[] events;
        do
        {
            // To its end; it may have begun before there was a gap.
            var stream = (await AskAsync("GET", "/v1/executions/m:e/events?after=3")).Text;
            events = [.. stream.Split("\n\n").Where(each => each.Contains("event: ", StringComparison.Ordinal))];
        }
        while (!events[0].StartsWith("event: gap\n", StringComparison.Ordinal));

        Assert.StartsWith("event: gap\ndata: {\"from\":4,\"to\":", events[0], StringComparison.Ordinal);
        var last = int.Parse(events[0].Split(':', '}')[^2], CultureInfo.InvariantCulture);
        Assert.InRange(last, 20, 20_000);
        Assert.StartsWith(
            string.Create(CultureInfo.InvariantCulture, $"id: {last + 1}\nevent: history\n"),
            events[1],
            StringComparison.Ordinal);
        Assert.Equal("event: end\ndata: {\"status\":\"SUCCEEDED\"}", events[^1]);
    }

    public async ValueTask DisposeAsync()
    {
        await _background.CancelAsync();
        _host.Dispose();
        await _background.DrainAsync(TimeSpan.FromSeconds(5), TimeProvider.System);
        await _background.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task MachinesAsync()
    {
        await _host.Api.CallAsync(
            "CreateActivity", JsonObject.Of(("name", "work")), TestContext.Current.CancellationToken);
        await WalkAsync("POST", "/v1/state-machines", new { name = "m", definition = Definition });
        await WalkAsync("GET", "/v1/state-machines");
        await WalkAsync("GET", "/v1/state-machines/m");
        await WalkAsync("PUT", "/v1/state-machines/m", new { definition = Definition });
        await WalkAsync("POST", "/v1/state-machines/m/versions", new { description = "first" });
        await WalkAsync("GET", "/v1/state-machines/m/versions");
        await WalkAsync("GET", "/v1/state-machines/m/aliases");
        await WalkAsync("POST", "/v1/definitions/validate", new { definition = Definition });
    }

    private async Task ExecutionsAsync()
    {
        await StartAsync("e");
        await WalkAsync("POST", "/v1/tokens/heartbeat", new { taskToken = await TokenAsync() });
        await WalkAsync("POST", "/v1/tokens/success", new { taskToken = await TokenAsync(), output = 1 });
        foreach (var part in (string[])["", "/definition", "/history", "/events", "/map-runs"])
        {
            await WalkAsync("GET", "/v1/executions/m:e" + part);
        }

        await StartAsync("f");
        await WalkAsync("POST", "/v1/tokens/failure", new { taskToken = await TokenAsync(), error = "E", cause = "c" });
        await WalkAsync("POST", "/v1/executions/m:f/redrive");
        await WalkAsync("POST", "/v1/executions/m:f/stop", new { error = "E" });
        await WalkAsync("GET", "/v1/executions/m:f");
        await WalkAsync("GET", "/v1/executions?machine=m&status=succeeded&limit=1");
    }

    private async Task FunctionsAsync()
    {
        await WalkAsync("PUT", "/v1/functions/f", new { source = "def handler(event, context):\n    return event\n" });
        await WalkAsync("GET", "/v1/functions");
        await WalkAsync("DELETE", "/v1/functions/f");
    }

    private Task<Answer> StartAsync(string name) =>
        WalkAsync("POST", "/v1/executions", new { machine = "m", name, input = new { id = 7 } });

    private async Task<string> TokenAsync()
    {
        var tasks = (await WalkAsync("GET", "/v1/tokens")).Json.GetProperty("tasks");
        return Assert.Single(tasks.EnumerateArray()).GetProperty("taskToken").GetString()!;
    }

    // Asks, and holds the answer to what the document says of the operation.
    private async Task<Answer> WalkAsync(string method, string target, object? body = null)
    {
        var segments = target.Split('?')[0].Split('/');
        var (path, _, operation) = Operations().Single(each => each.Method == method && Is(each.Path, segments));
        _walked.Add($"{method} {path}");
        var answer = await AskAsync(method, target, body);
        var status = answer.Status.ToString("D", null);
        Assert.True(
            operation.GetProperty("responses").TryGetProperty(status, out var response),
            $"{method} {target}: {answer.Status} {answer.Text}");
        var content = response.GetProperty("content").GetProperty(answer.Type);
        if (answer.Type == "application/json")
        {
            AssertIs(content.GetProperty("schema"), answer, $"{method} {target}");
        }

        return answer;
    }

    private static bool Is(string template, string[] segments) => template.Split('/') is var parts
        && parts.Length == segments.Length
        && parts.Zip(segments).All(each => each.First.StartsWith('{') || each.First == each.Second);

    private static void AssertRefused(Answer answer, string method, string target)
    {
        if (method == "HEAD")
        {
            return;
        }

        AssertIs(JsonElement.Parse("""{"$ref":"#/components/schemas/Error"}"""), answer, $"{method} {target}");
    }

    private static void AssertIs(JsonElement schema, Answer answer, string what)
    {
        var schemas = Document.GetProperty("components").GetProperty("schemas");
        Assert.True(AnswerSchema.TryCompile(
            JsonElement.Parse("{\"allOf\":[" + schema + "],\"components\":{\"schemas\":" + schemas + "}}"),
            out var compiled,
            out _));
        var flaws = compiled.Check(answer.Json);
        Assert.True(flaws.Count == 0, $"{what}: {string.Join(", ", flaws)} in {answer.Text}");
    }

    private static string? Code(Answer answer) => answer.Json.GetProperty("code").GetString();

    private async Task<Answer> AskAsync(string method, string target, object? body = null)
    {
        var http = Request(method, target);
        var bytes = body is null ? [] : JsonSerializer.SerializeToUtf8Bytes(body);
        http.Request.Body = new MemoryStream(bytes);
        http.Request.ContentType = body is null ? null : "application/json";
        http.Request.ContentLength = bytes.Length;
        using HttpRequestMessage signed = new(new HttpMethod(method), Url + target);
        AwsSigning.Sign(signed, bytes, _options.Credentials!, "us-east-1", "states", TimeProvider.System.GetUtcNow());
        foreach (var (name, values) in signed.Headers.NonValidated)
        {
            http.Request.Headers[name] = values.ToString();
        }

        return await ServeAsync(http);
    }

    private DefaultHttpContext Request(string method, string target)
    {
        DefaultHttpContext http = new();
        http.Features.Set<HttpOrigin>(new WorkflowEndpoint(null!, null!, _budget, _options, TimeProvider.System));
        http.Features.Get<IHttpRequestFeature>()!.RawTarget = target;
        http.Request.Method = method;
        http.Request.Host = new HostString(Url["http://".Length..]);
        http.Request.Path = target.Split('?')[0];
        http.Request.QueryString = target.Split('?') is [_, var query] ? new QueryString("?" + query) : default;
        http.Response.Body = new MemoryStream();
        return http;
    }

    private async Task<Answer> ServeAsync(DefaultHttpContext http)
    {
        await _host.Http.ServeAsync(http);
        return new Answer(
            http.Response.StatusCode,
            http.Response.ContentType ?? "",
            http.Response.Headers.Allow.ToString(),
            Encoding.UTF8.GetString(((MemoryStream)http.Response.Body).ToArray()));
    }

    private static IEnumerable<(string Path, string Method, JsonElement Operation)> Operations() =>
        from path in Document.GetProperty("paths").EnumerateObject()
        from method in path.Value.EnumerateObject()
        select (path.Name, method.Name.ToUpperInvariant(), method.Value);

    private sealed record Answer(int Status, string Type, string Allow, string Text)
    {
        public JsonElement Json => JsonElement.Parse(Text);
    }
}
