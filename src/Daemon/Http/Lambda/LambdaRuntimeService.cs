using System.Globalization;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Workflows;
using Analemma.Daemon.Workflows.Functions;
using Analemma.Workflow.Json;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http.Lambda;

/// <summary>
/// The Lambda Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), for programs that are the
/// environment of a function: each request is a FUNCTIONNEXT of that agent.
/// </summary>
internal sealed class LambdaRuntimeService(HttpSyscalls syscalls) : IHttpService
{
    private const string Root = "/2018-06-01/runtime";

    /// <summary>Bytes of a result, as at the service.</summary>
    private const int ResponseBytesMax = 6_291_556;

    public bool Takes(HttpRequest request) => request.Path.StartsWithSegments(Root);

    public async Task ServeAsync(HttpContext http)
    {
        if (HttpOrigin.Of(http).CallerOf(http.Request, out var refusal) is not { } caller)
        {
            await RefuseAsync(http, StatusCodes.Status403Forbidden, "InvalidStateTransition", refusal!.Message);
            return;
        }

        var isPost = HttpMethods.IsPost(http.Request.Method);
        var parts = http.Request.Path.Value![Root.Length..].Trim('/').Split('/');
        switch (parts)
        {
            case ["invocation", "next"] when HttpMethods.IsGet(http.Request.Method):
                await NextAsync(http, caller);
                break;
            case ["invocation", var id, "response"] when isPost:
                await AnswerAsync(http, caller, id, isError: false);
                break;
            case ["invocation", var id, "error"] when isPost:
                await AnswerAsync(http, caller, id, isError: true);
                break;
            case ["init", "error"] when isPost:
                await AnswerAsync(http, caller, id: null, isError: true);
                break;
            default:
                await RefuseAsync(
                    http,
                    StatusCodes.Status404NotFound,
                    "InvalidRequest",
                    $"the Lambda Runtime API has no {http.Request.Method} {http.Request.Path}");
                break;
        }
    }

    private async Task NextAsync(HttpContext http, HttpCaller caller)
    {
        using var begun = syscalls.Begin(caller, new FunctionNext(), http.RequestAborted);
        var end = await begun.Call.End;
        if (end.Value is not FunctionNextReply { RequestId: { } request } next)
        {
            await RefuseAsync(
                http,
                StatusCodes.Status403Forbidden,
                "InvalidStateTransition",
                end.Error?.Message ?? "there is no event");
            return;
        }

        var deadline = next.DeadlineMs!.Value;
        var headers = http.Response.Headers;
        headers["Lambda-Runtime-Aws-Request-Id"] = request;
        headers["Lambda-Runtime-Deadline-Ms"] = deadline.ToString(CultureInfo.InvariantCulture);
        headers["Lambda-Runtime-Invoked-Function-Arn"] = next.FunctionArn;
        headers["Lambda-Runtime-Trace-Id"] = next.TraceId ?? string.Create(
            CultureInfo.InvariantCulture,
            $"Root=1-{deadline / 1000:x8}-{request.Replace("-", "", StringComparison.Ordinal)[..24]};Sampled=0");
        if (next.ClientContext is { } context)
        {
            headers["Lambda-Runtime-Client-Context"] = FunctionPrograms.Ascii(context);
        }

        await WriteAsync(http, StatusCodes.Status200OK, next.Event!.Json);
    }

    private async Task AnswerAsync(HttpContext http, HttpCaller caller, string? id, bool isError)
    {
        var read = await RequestBody.ReadAsync(http, caller.Budget);
        using var body = read.Value;
        var isTooLarge = body is null || body.Bytes.Length > ResponseBytesMax;
        var answer = isTooLarge ? TooLarge(id)
            : isError ? ErrorOf(http, id, body!.Bytes.Span)
            : new FunctionAnswer { RequestId = id, Result = Encoding.UTF8.GetString(body!.Bytes.Span) };
        using var begun = syscalls.Begin(
            caller, new FunctionNext { Answer = answer, Wait = false }, http.RequestAborted);
        var end = await begun.Call.End;
        if (end.Error is { } wrong)
        {
            var isUnknown = wrong.Code is SysErrorCode.WrongState && id is not null;
            await RefuseAsync(
                http,
                isUnknown ? StatusCodes.Status400BadRequest : StatusCodes.Status403Forbidden,
                isUnknown ? "InvalidRequestID" : "InvalidStateTransition",
                wrong.Message);
        }
        else if (isTooLarge)
        {
            await RefuseAsync(
                http, StatusCodes.Status413PayloadTooLarge, "RequestEntityTooLarge", answer.ErrorType!);
        }
        else
        {
            await WriteAsync(http, StatusCodes.Status202Accepted, "{\"status\":\"OK\"}\n"u8.ToArray());
        }
    }

    private static FunctionAnswer ErrorOf(HttpContext http, string? id, ReadOnlySpan<byte> body)
    {
        var isJson = JsonValue.TryParse(body, JsonLimits.Default, out var told, out _) && told.IsObject;
        var type = (isJson ? told.MaybeText("errorType") : null)
            ?? (http.Request.Headers["Lambda-Runtime-Function-Error-Type"].ToString() is { Length: > 0 } header
                ? header : "Lambda.Unknown");
        return new FunctionAnswer
        {
            RequestId = id,
            ErrorType = type,
            Error = isJson ? told.Payload() : JsonValue.From(JsonObject.Of(
                ("errorType", type), ("errorMessage", Encoding.UTF8.GetString(body)))).ToString(),
        };
    }

    private static FunctionAnswer TooLarge(string? id)
    {
        const string Type = "Function.ResponseSizeTooLarge";
        var message = string.Create(
            CultureInfo.InvariantCulture,
            $"Response payload size exceeded maximum allowed payload size ({ResponseBytesMax} bytes).");
        return new FunctionAnswer
        {
            RequestId = id,
            ErrorType = Type,
            Error = JsonValue.From(JsonObject.Of(("errorType", Type), ("errorMessage", message))).ToString(),
        };
    }

    private static Task RefuseAsync(HttpContext http, int status, string type, string message) => WriteAsync(
        http,
        status,
        JsonValue.From(JsonObject.Of(("errorMessage", message), ("errorType", type))).ToUtf8());

    private static async Task WriteAsync(HttpContext http, int status, ReadOnlyMemory<byte> body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }
}
