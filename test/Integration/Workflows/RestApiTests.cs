using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Workflows;

/// <summary>The native API of workflows, against a kernel.</summary>
public sealed class RestApiTests
{
    private const int Senders = 100;

    private static readonly string[] Flags = ["--pool.created=0", "--pool.preloaded=0"];

    [Fact]
    public async Task An_execution_is_made_followed_as_it_happens_and_ended_by_one_of_a_hundred_senders()
    {
        await using var kernel = await RunningKernel.StartAsync(Flags);
        using var client = await ClientOfAsync(kernel);
        var activity = (await AwsAsync(client, "CreateActivity", new { name = "work" }))
            .GetProperty("activityArn").GetString()!;
        await PostAsync(client, "/v1/state-machines", new
        {
            name = "waits",
            definition = new
            {
                StartAt = "A",
                States = new { A = new { Type = "Task", Resource = activity, End = true } },
            },
        }, HttpStatusCode.Created);
        await PostAsync(
            client,
            "/v1/executions",
            new { machine = "waits", name = "e", input = new { id = 7 } },
            HttpStatusCode.Created);

        using var stream = await EventStream.OpenAsync(client, "/v1/executions/waits:e/events");
        Assert.Equal(["1", "2", "3"], (await stream.ReadAsync(3)).Select(each => each.Id));

        var token = (await AwsAsync(client, "GetActivityTask", new { activityArn = activity }))
            .GetProperty("taskToken").GetString()!;
        var answers = await Task.WhenAll(Enumerable.Range(0, Senders).Select(async number =>
        {
            using var answer = await client.PostAsJsonAsync(
                "/v1/tokens/success", new { taskToken = token, output = number }, Token);
            return (answer.StatusCode, Code: await CodeOfAsync(answer), number);
        }));
        var winner = Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.All(
            answers.Where(answer => answer != winner),
            answer => Assert.Equal((HttpStatusCode.Gone, "task_timed_out"), (answer.StatusCode, answer.Code)));

        var rest = await stream.ReadAllAsync();
        Assert.Equal("end", rest[^1].Name);
        Assert.Equal("SUCCEEDED", rest[^1].Data.GetProperty("status").GetString());
        var execution = await GetAsync(client, "/v1/executions/waits:e");
        Assert.Equal(7, execution.GetProperty("input").GetProperty("id").GetInt32());
        Assert.Equal(winner.number, execution.GetProperty("output").GetInt32());

        // Who comes back gets what came since; who has it all is told not to come again.
        using var again = await EventStream.OpenAsync(client, "/v1/executions/waits:e/events", lastId: "3");
        Assert.Equal(rest.Select(each => each.Id), (await again.ReadAllAsync()).Select(each => each.Id));
        using var none = await client.GetAsync($"/v1/executions/waits:e/events?after={rest[^2].Id}", Token);
        Assert.Equal(HttpStatusCode.NoContent, none.StatusCode);
    }

    [Fact]
    public async Task A_reader_that_does_not_read_holds_up_nobody_and_misses_nothing()
    {
        await using var kernel = await RunningKernel.StartAsync(Flags);
        using var client = await ClientOfAsync(kernel);
        await PostAsync(
            client, "/v1/state-machines", new { name = "long", definition = Long() }, HttpStatusCode.Created);
        await PostAsync(
            client,
            "/v1/executions",
            new { machine = "long", name = "e", input = new { text = new string('x', 20_000), items = new int[250] } },
            HttpStatusCode.Created);

        using TcpClient slow = new();
        await slow.ConnectAsync(IPAddress.Loopback, client.BaseAddress!.Port, Token);
        await slow.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            "GET /v1/executions/long:e/events HTTP/1.1\r\nHost: localhost\r\n\r\n"), Token);

        using var fast = await EventStream.OpenAsync(client, "/v1/executions/long:e/events");
        var all = await fast.ReadAllAsync();
        Assert.Equal("SUCCEEDED", all[^1].Data.GetProperty("status").GetString());
        var ids = all.Where(each => each.Id is not null).Select(each => each.Id).ToArray();
        Assert.Equal(Enumerable.Range(1, ids.Length).Select(id => id.ToString("D", null)), ids);
        Assert.True(ids.Length > 1000, $"{ids.Length} events");

        // It read nothing of some 20 MB, and wherever it was cut off, the rest is there for it.
        using var later = await EventStream.OpenAsync(client, "/v1/executions/long:e/events", lastId: "10");
        var rest = (await later.ReadAllAsync()).Where(each => each.Id is not null).Select(each => each.Id);
        Assert.Equal(ids[10..], rest);
    }

    [Theory]
    [InlineData("GET", "/v1/executions?colour=red", null, 400, "validation")]
    [InlineData("GET", "/v1/executions?limit=many", null, 400, "validation")]
    [InlineData("GET", "/v1/executions/no:no", null, 404, "execution_does_not_exist")]
    [InlineData("GET", "/v1/nothing", null, 404, "no_such_path")]
    [InlineData("PATCH", "/v1/executions", null, 405, "method_not_allowed")]
    [InlineData("POST", "/v1/executions", "{", 400, "validation")]
    [InlineData("POST", "/v1/executions", "[]", 400, "validation")]
    [InlineData("POST", "/v1/state-machines", """{"name":"a b","definition":{}}""", 400, "invalid_name")]
    [InlineData("POST", "/v1/state-machines", """{"name":"a","definition":{}}""", 400, "invalid_definition")]
    [InlineData("POST", "/v1/tokens/success", """{"taskToken":"x","output":1}""", 400, "invalid_token")]
    [InlineData("GET", "/v1/tokens", null, 403, "not_allowed")]
    [InlineData("PUT", "/v1/functions/f", """{"source":"x"}""", 403, "not_allowed")]
    public async Task A_refusal_has_a_code_a_message_and_a_hint(
        string method, string path, string? body, int status, string code)
    {
        await using var kernel = await RunningKernel.StartAsync(Flags);
        using var client = await ClientOfAsync(kernel);
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        using var answer = await client.SendAsync(request, Token);
        var error = JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync(Token));
        Assert.Equal((status, code), ((int)answer.StatusCode, error.GetProperty("code").GetString()));
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        Assert.NotEmpty(error.GetProperty("hint").GetString()!);
    }

    [Theory]
    [InlineData("Host", "attacker.example")]
    [InlineData("Origin", "http://127.0.0.1")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    public async Task A_page_in_a_browser_is_refused_by_both_protocols(string header, string value)
    {
        await using var kernel = await RunningKernel.StartAsync(Flags);
        using var client = await ClientOfAsync(kernel);
        foreach (var path in (string[])["/v1/executions", "/"])
        {
            using HttpRequestMessage request = new(HttpMethod.Post, path);
            request.Headers.Add(header, value);
            request.Headers.Add("X-Amz-Target", "AWSStepFunctions.ListStateMachines");
            using var answer = await client.SendAsync(request, Token);
            Assert.False(answer.IsSuccessStatusCode);
            Assert.Contains(
                "ccess", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_form_of_a_page_starts_nothing()
    {
        await using var kernel = await RunningKernel.StartAsync(Flags);
        using var client = await ClientOfAsync(kernel);
        using StringContent form = new("""{"machine":"m"}""", Encoding.UTF8, "text/plain");
        using var answer = await client.PostAsync("/v1/executions", form, Token);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
    }

    private static object Long() => new
    {
        StartAt = "M",
        States = new
        {
            M = new
            {
                Type = "Map",
                MaxConcurrency = 1,
                ItemsPath = "$.items",
                ItemSelector = new Dictionary<string, object> { ["text.$"] = "$.text" },
                ItemProcessor = new { StartAt = "P", States = new { P = new { Type = "Pass", End = true } } },
                ResultPath = (string?)null,
                End = true,
            },
        },
    };

    private static async Task<HttpClient> ClientOfAsync(RunningKernel kernel) => new()
    {
        BaseAddress = new Uri((await kernel.Client.WorkflowListenAsync(Token)).Url),
    };

    private static async Task<JsonElement> AwsAsync(HttpClient client, string operation, object body)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/") { Content = JsonContent.Create(body) };
        request.Headers.Add("X-Amz-Target", $"AWSStepFunctions.{operation}");
        using var answer = await client.SendAsync(request, Token);
        var text = await answer.Content.ReadAsStringAsync(Token);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }

    private static async Task PostAsync(HttpClient client, string path, object body, HttpStatusCode expected)
    {
        using StringContent json = new(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(path, json, Token);
        Assert.True(answer.StatusCode == expected, await answer.Content.ReadAsStringAsync(Token));
    }

    private static async Task<JsonElement> GetAsync(HttpClient client, string path) =>
        JsonElement.Parse(await client.GetByteArrayAsync(path, Token));

    private static async Task<string?> CodeOfAsync(HttpResponseMessage answer) =>
        JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync(Token)).TryGetProperty("code", out var code)
            ? code.GetString() : null;

    private sealed record StreamEvent(string? Id, string? Name, JsonElement Data);

    /// <summary>Server-sent events, as a client reads them.</summary>
    private sealed class EventStream(HttpResponseMessage response, StreamReader reader) : IDisposable
    {
        public static async Task<EventStream> OpenAsync(HttpClient client, string path, string? lastId = null)
        {
            using HttpRequestMessage request = new(HttpMethod.Get, path);
            if (lastId is not null)
            {
                request.Headers.Add("Last-Event-ID", lastId);
            }

            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
            Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
            return new EventStream(response, new StreamReader(await response.Content.ReadAsStreamAsync(Token)));
        }

        public async Task<List<StreamEvent>> ReadAsync(int count)
        {
            List<StreamEvent> read = [];
            while (read.Count < count && await NextAsync() is { } one)
            {
                read.Add(one);
            }

            return read;
        }

        public Task<List<StreamEvent>> ReadAllAsync() => ReadAsync(int.MaxValue);

        public void Dispose()
        {
            reader.Dispose();
            response.Dispose();
        }

        private async Task<StreamEvent?> NextAsync()
        {
            string? id = null, name = null, data = null;
            while (await reader.ReadLineAsync(Token) is { } line)
            {
                if (line.Length > 0)
                {
                    var (field, value) = line.Split(": ", 2) is [var one, var two] ? (one, two) : (line, "");
                    (id, name, data) = field switch
                    {
                        "id" => (value, name, data),
                        "event" => (id, value, data),
                        "data" => (id, name, value),
                        _ => (id, name, data),
                    };
                }
                else if (data is not null)
                {
                    return new StreamEvent(id, name, JsonElement.Parse(data));
                }
            }

            return null;
        }
    }
}
