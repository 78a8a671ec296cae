using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http.Tools;

// THE KERNEL AS A SERVER OF TOOLS
//
// Streamable HTTP without sessions, by the Model Context Protocol, specification 2025-11-25 (basic/transports,
// server/tools): each POST has one message; a request is answered with JSON, or with events when it asks for progress;
// a notification with 202. What is offered is what the caller may call, and who calls is known by the connection, so
// that a session would add nothing. There is nothing that the kernel would say unasked: GET is 405.
//
//   tools/list   LISTTOOLS, under the names that models take
//   tools/call   CALLTOOL; a refusal that a model can act upon is a result with isError, as the specification has it

/// <summary>Offers the tools that an agent may call to clients that have never heard of the kernel.</summary>
internal sealed class McpService(HttpSyscalls syscalls) : IHttpService
{
    public const string Path = "/mcp";

    private const string VersionLatest = "2025-11-25";

    private const int ParseError = -32700;
    private const int InvalidRequest = -32600;
    private const int MethodNotFound = -32601;
    private const int InvalidParams = -32602;
    private const int InternalError = -32603;

    private static readonly string[] Versions = ["2025-03-26", "2025-06-18", VersionLatest];

    public bool Takes(HttpRequest request) => request.Path == Path;

    public async Task ServeAsync(HttpContext http)
    {
        if (HttpOrigin.Of(http).CallerOf(http.Request, out var refusal) is not { } caller)
        {
            await PlainErrors.WriteAsync(http, HttpStatus.Of(refusal!.Code), refusal);
            return;
        }

        if (!HttpMethods.IsPost(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            http.Response.Headers.Allow = "POST";
            return;
        }

        var read = await RequestBody.ReadAsync(http, caller.Budget);
        if (read.Error is { } unread)
        {
            await PlainErrors.WriteAsync(http, HttpStatus.Of(unread.Code), unread);
            return;
        }

        using var body = read.Value!;
        await AnswerAsync(http, caller, body.Bytes);
    }

    private async Task AnswerAsync(HttpContext http, HttpCaller caller, ReadOnlyMemory<byte> bytes)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = AbiLimits.JsonDepthMax });
        }
        catch (JsonException wrong)
        {
            await WriteAsync(http, Error(null, ParseError, wrong.Message.Split(" LineNumber:")[0]), isBad: true);
            return;
        }

        using (document)
        {
            var message = document.RootElement;
            if (message.ValueKind != JsonValueKind.Object
                || !message.TryGetProperty("method", out var method) || method.ValueKind != JsonValueKind.String)
            {
                await WriteAsync(
                    http, Error(null, InvalidRequest, "the message must be one request or notification"), isBad: true);
                return;
            }

            if (!message.TryGetProperty("id", out var id) || id.ValueKind == JsonValueKind.Null)
            {
                http.Response.StatusCode = StatusCodes.Status202Accepted;
                return;
            }

            message.TryGetProperty("params", out var given);
            await AnswerAsync(http, caller, new McpRequest(id, method.GetString()!, given));
        }
    }

    private async Task AnswerAsync(HttpContext http, HttpCaller caller, McpRequest request)
    {
        switch (request.Method)
        {
            case "initialize":
                await WriteAsync(http, Result(request, Welcome(request)));
                break;
            case "ping":
                await WriteAsync(http, Result(request, new JsonObject()));
                break;
            case "tools/list":
                await ListAsync(http, caller, request);
                break;
            case "tools/call":
                await CallAsync(http, caller, request);
                break;
            default:
                await WriteAsync(http, Error(request, MethodNotFound, $"there is no method {request.Method}"));
                break;
        }
    }

    private async Task ListAsync(HttpContext http, HttpCaller caller, McpRequest request)
    {
        var offered = await OfferedAsync(http, caller);
        await WriteAsync(http, offered.Error is { } refusal
            ? Error(request, InternalError, Words(refusal))
            : Result(
                request, new JsonObject { ["tools"] = new JsonArray([.. offered.Value!.Tools.Select(Describe)]) }));
    }

    private async Task CallAsync(HttpContext http, HttpCaller caller, McpRequest request)
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
        using var running = syscalls.Begin(caller, call, http.RequestAborted);
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
        ["capabilities"] = new JsonObject { ["tools"] = new JsonObject() },
        ["serverInfo"] = new JsonObject { ["name"] = "analemma", ["version"] = Boot.KernelHost.Version },
    };

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

    private static async Task WriteAsync(HttpContext http, JsonObject answer, bool isBad = false)
    {
        var body = McpEvents.Bytes(answer);
        http.Response.StatusCode = isBad ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK;
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
