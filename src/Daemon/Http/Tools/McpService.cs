using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Runners.Tools;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http.Tools;

// THE KERNEL AS A SERVER OF TOOLS
//
// Streamable HTTP, by the Model Context Protocol, specification 2025-11-25 (basic/transports, server/tools): each POST
// has one message; a request is answered with JSON, or with events when it asks for progress; a notification with 202.
// What is offered is what the caller may call, and who calls is known by the connection. initialize begins a session;
// who names none is served all the same, without what needs one:
//
//   tools/list   LISTTOOLS, under the names that models take
//   tools/call   CALLTOOL; a refusal that a model can act upon is a result with isError, as the specification has it
//   GET          of a session: a stream, on which tools/list_changed is told when what the client has listed is no
//                longer what it may call
//   cancelled    of a session: takes the call back
//   DELETE       ends the session, its calls and its stream

/// <summary>Offers the tools that an agent may call to clients that have never heard of the kernel.</summary>
internal sealed class McpService(HttpSyscalls syscalls, ToolNews news, TimeProvider time) : IHttpService
{
    public const string Path = "/mcp";

    private const string VersionLatest = "2025-11-25";

    private const string SessionHeader = "Mcp-Session-Id";
    private const string VersionHeader = "MCP-Protocol-Version";

    private const int BadRequest = StatusCodes.Status400BadRequest;

    private const int ParseError = -32700;
    private const int InvalidRequest = -32600;
    private const int MethodNotFound = -32601;
    private const int InvalidParams = -32602;
    private const int InternalError = -32603;

    private static readonly string[] Versions = ["2025-03-26", "2025-06-18", VersionLatest];

    private readonly McpSessions _sessions = new();

    public bool Takes(HttpRequest request) => request.Path == Path;

    public async Task ServeAsync(HttpContext http)
    {
        if (HttpOrigin.Of(http).CallerOf(http.Request, out var refusal) is not { } caller)
        {
            await PlainErrors.WriteAsync(http, HttpStatus.Of(refusal!.Code), refusal);
            return;
        }

        if (http.Request.Headers[VersionHeader].ToString() is { Length: > 0 } version && !Versions.Contains(version))
        {
            await WriteAsync(
                http,
                Error(null, InvalidRequest, $"{VersionHeader} is none of {string.Join(", ", Versions)}"),
                BadRequest);
            return;
        }

        McpSession? session = null;
        if (http.Request.Headers[SessionHeader].ToString() is { Length: > 0 } named
            && !_sessions.TryGet(named, caller.Identity.Process, out session))
        {
            await WriteAsync(
                http,
                Error(null, InvalidRequest, "there is no such session, or no longer: initialize begins another"),
                StatusCodes.Status404NotFound);
            return;
        }

        if (!HttpMethods.IsPost(http.Request.Method))
        {
            await ServeSessionAsync(http, caller, session);
            return;
        }

        var read = await RequestBody.ReadAsync(http, caller.Budget);
        if (read.Error is { } unread)
        {
            await PlainErrors.WriteAsync(http, HttpStatus.Of(unread.Code), unread);
            return;
        }

        using var body = read.Value!;
        await AnswerAsync(http, caller, session, body.Bytes);
    }

    /// <summary>What is no POST: the stream of a session, or its end.</summary>
    private async Task ServeSessionAsync(HttpContext http, HttpCaller caller, McpSession? session)
    {
        if (session is not null && HttpMethods.IsDelete(http.Request.Method))
        {
            _sessions.End(session);
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        }
        else if (session is null || !HttpMethods.IsGet(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            http.Response.Headers.Allow = session is null ? "POST" : "GET, POST, DELETE";
        }
        else if (!session.TryStream())
        {
            http.Response.StatusCode = StatusCodes.Status409Conflict;
        }
        else
        {
            try
            {
                await TellAsync(http, caller, session);
            }
            finally
            {
                session.LeaveStream();
            }
        }
    }

    /// <summary>Tells a client when its tools are others, until it goes or ends its session.</summary>
    private async Task TellAsync(HttpContext http, HttpCaller caller, McpSession session)
    {
        var gone = http.RequestAborted;
        McpEvents events = new(http, null);
        await events.KeepAliveAsync();
        while (!gone.IsCancellationRequested && !session.Over.IsCompleted)
        {
            var next = news.Next;
            if (session.Told is { } told && (await OfferedAsync(http, caller)).Value is { } offered
                && Fingerprint(offered) is var now && now != told)
            {
                session.Told = now;
                await events.WriteAsync(new JsonObject
                {
                    ["jsonrpc"] = "2.0",
                    ["method"] = "notifications/tools/list_changed",
                });
            }

            await WaitAsync(events, Task.WhenAny(next, session.Over), gone);
        }
    }

    private async Task WaitAsync(McpEvents events, Task news, CancellationToken gone)
    {
        while (!news.IsCompleted && !gone.IsCancellationRequested)
        {
            await Task.WhenAny(news, Task.Delay(HttpLimits.StreamKeepAlive, time, gone));
            if (!news.IsCompleted && !gone.IsCancellationRequested)
            {
                await events.KeepAliveAsync();
            }
        }
    }

    private async Task AnswerAsync(
        HttpContext http, HttpCaller caller, McpSession? session, ReadOnlyMemory<byte> bytes)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = AbiLimits.JsonDepthMax });
        }
        catch (JsonException wrong)
        {
            await WriteAsync(http, Error(null, ParseError, wrong.Message.Split(" LineNumber:")[0]), BadRequest);
            return;
        }

        using (document)
        {
            var message = document.RootElement;
            if (message.ValueKind != JsonValueKind.Object
                || !message.TryGetProperty("method", out var method) || method.ValueKind != JsonValueKind.String)
            {
                await WriteAsync(
                    http, Error(null, InvalidRequest, "the message must be one request or notification"), BadRequest);
                return;
            }

            message.TryGetProperty("params", out var given);
            message.TryGetProperty("id", out var id);
            McpRequest request = new(id, method.GetString()!, given);
            if (id.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            {
                http.Response.StatusCode = StatusCodes.Status202Accepted;
                await HearAsync(session, request);
                return;
            }

            await AnswerAsync(http, caller, session, request);
        }
    }

    private static Task HearAsync(McpSession? session, McpRequest notice) =>
        session is not null && notice.Method == "notifications/cancelled"
            && notice.Field("requestId") is { ValueKind: JsonValueKind.String or JsonValueKind.Number } call
                ? session.TakeBackAsync(call.GetRawText())
                : Task.CompletedTask;

    private async Task AnswerAsync(HttpContext http, HttpCaller caller, McpSession? session, McpRequest request)
    {
        switch (request.Method)
        {
            case "initialize":
                http.Response.Headers[SessionHeader] = _sessions.Begin(caller.Identity.Process).Id;
                await WriteAsync(http, Result(request, Welcome(request)));
                break;
            case "ping":
                await WriteAsync(http, Result(request, new JsonObject()));
                break;
            case "tools/list":
                await ListAsync(http, caller, session, request);
                break;
            case "tools/call":
                await CallAsync(http, caller, session, request);
                break;
            default:
                await WriteAsync(http, Error(request, MethodNotFound, $"there is no method {request.Method}"));
                break;
        }
    }

    private async Task ListAsync(HttpContext http, HttpCaller caller, McpSession? session, McpRequest request)
    {
        var offered = await OfferedAsync(http, caller);
        if (session is not null && offered.Value is { } shown)
        {
            session.Told = Fingerprint(shown);
        }

        await WriteAsync(http, offered.Error is { } refusal
            ? Error(request, InternalError, Words(refusal))
            : Result(
                request, new JsonObject { ["tools"] = new JsonArray([.. offered.Value!.Tools.Select(Describe)]) }));
    }

    private async Task CallAsync(HttpContext http, HttpCaller caller, McpSession? session, McpRequest request)
    {
        var id = request.Id.GetRawText();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(
            http.RequestAborted, session?.Calls(id) ?? CancellationToken.None);
        try
        {
            await CallAsync(http, caller, request, either.Token);
        }
        finally
        {
            session?.Called(id);
        }
    }

    private async Task CallAsync(HttpContext http, HttpCaller caller, McpRequest request, CancellationToken taken)
    {
        if (request.Text("name") is not { } name || request.Field("arguments") is
            { ValueKind: not (JsonValueKind.Object or JsonValueKind.Null or JsonValueKind.Undefined) })
        {
            await WriteAsync(
                http, Error(request, InvalidParams, "a call has a name, and arguments that are an object"));
            return;
        }

        var offered = await OfferedAsync(http, caller);
        var tool = offered.Value?.Tools.FirstOrDefault(each => each.Function == name || each.Name == name);
        if (tool is null)
        {
            await WriteAsync(http, Error(request, InvalidParams, offered.Error is { } refusal
                ? Words(refusal)
                : $"there is no tool {name} that this agent may call"));
            return;
        }

        var arguments = request.Field("arguments");
        CallTool call = new()
        {
            Name = tool.Name,
            Arguments = arguments.ValueKind == JsonValueKind.Object ? arguments.Clone() : null,
            Progress = request.ProgressToken is null ? null : true,
        };
        using var running = syscalls.Begin(caller, call, taken);
        McpEvents? events = request.ProgressToken is { } token ? new McpEvents(http, token) : null;
        await foreach (var piece in running.Call.Pieces.ReadAllAsync(http.RequestAborted))
        {
            if (events is not null)
            {
                await events.ProgressAsync(piece);
            }
        }

        var end = await running.Call.End;
        var answer = Result(
            request, end.Error is { } failed ? McpResults.Of(failed) : McpResults.Of((CallToolReply)end.Value!));
        await (events is { HasBegun: true } ? events.WriteAsync(answer) : WriteAsync(http, answer));
    }

    private async Task<SysResult<ListToolsReply>> OfferedAsync(HttpContext http, HttpCaller caller)
    {
        using var listing = syscalls.Begin(caller, new ListTools(), http.RequestAborted);
        var end = await listing.Call.End;
        return end.Error is { } refusal ? refusal : (ListToolsReply)end.Value!;
    }

    private static JsonObject Welcome(McpRequest request) => new()
    {
        ["protocolVersion"] = request.Text("protocolVersion") is { } asked && Versions.Contains(asked)
            ? asked
            : VersionLatest,
        ["capabilities"] = new JsonObject { ["tools"] = new JsonObject { ["listChanged"] = true } },
        ["serverInfo"] = new JsonObject { ["name"] = "analemma", ["version"] = Boot.KernelHost.Version },
    };

    /// <summary>The same for lists that a client would take for the same.</summary>
    private static string Fingerprint(ListToolsReply offered) => Convert.ToHexString(SHA256.HashData(
        McpEvents.Bytes(new JsonArray([.. offered.Tools.Select(Describe)]))));

    private static JsonNode Describe(ToolView tool)
    {
        JsonObject described = new()
        {
            ["name"] = tool.Function,
            ["title"] = tool.Title ?? tool.Name,
            ["description"] = tool.Description,
            ["inputSchema"] = Schema(tool.Parameters),
        };
        if (tool.Result is { } result)
        {
            described["outputSchema"] = JsonNode.Parse(result.GetRawText());
        }

        if (tool.ReadOnly is { } readOnly)
        {
            described["annotations"] = new JsonObject { ["readOnlyHint"] = readOnly };
        }

        return described;
    }

    /// <summary>Clients want an object's schema, whatever the server said.</summary>
    private static JsonObject Schema(JsonElement schema)
    {
        var fields = JsonNode.Parse(schema.GetRawText()) as JsonObject ?? [];
        fields["type"] ??= "object";
        return fields;
    }

    private static JsonObject Result(McpRequest request, JsonNode result) =>
        new() { ["jsonrpc"] = "2.0", ["id"] = request.IdNode, ["result"] = result };

    private static JsonObject Error(McpRequest? request, int code, string message) => new()
    {
        ["jsonrpc"] = "2.0",
        ["id"] = request?.IdNode,
        ["error"] = new JsonObject { ["code"] = code, ["message"] = message },
    };

    private static string Words(SysError error) =>
        error.Hint is { } hint ? $"{error.Message}; {hint}" : error.Message;

    private static async Task WriteAsync(
        HttpContext http, JsonObject answer, int status = StatusCodes.Status200OK)
    {
        var body = McpEvents.Bytes(answer);
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }
}

/// <summary>One request of the protocol.</summary>
internal sealed record McpRequest(JsonElement Id, string Method, JsonElement Params)
{
    public JsonNode? IdNode => JsonNode.Parse(Id.GetRawText());

    public JsonNode? ProgressToken =>
        Field("_meta") is { ValueKind: JsonValueKind.Object } meta && meta.TryGetProperty(
            "progressToken", out var token)
            && token.ValueKind is JsonValueKind.String or JsonValueKind.Number
                ? JsonNode.Parse(token.GetRawText())
                : null;

    public JsonElement Field(string name) =>
        Params.ValueKind == JsonValueKind.Object && Params.TryGetProperty(name, out var field) ? field : default;

    public string? Text(string name) =>
        Field(name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;
}
