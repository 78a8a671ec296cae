using Analemma.Daemon.Http;
using Analemma.Workflow.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Analemma.Daemon.Workflows.Api.Rest;

/// <summary>
/// The native API of workflows: resources by path, JSON as JSON, a stream of events for each execution. On the same
/// address as the Step Functions API, and by the same operations.
/// </summary>
internal sealed class RestService(StepFunctionsApi api, ExecutionStreams streams, WorkflowOptions options)
{
    private const string Prefix = "/v1/";
    private const string Json = "application/json";

    private static readonly JsonLimits Limits = new(HttpLimits.BodyBytesMax, JsonLimits.Default.DepthMax);

    public static bool Takes(HttpRequest request) =>
        request.Path.Value?.StartsWith(Prefix, StringComparison.Ordinal) is true;

    public static Task RefuseAsync(HttpContext http, ApiAnswer refusal)
    {
        AddHeaders(http);
        return WriteAsync(http, RestError.Of(refusal));
    }

    public async Task ServeAsync(HttpContext http)
    {
        AddHeaders(http);
        var origin = (WorkflowEndpoint)HttpOrigin.Of(http);
        var read = await RequestBody.ReadAsync(http, origin.Budget);
        using var body = read.Value;
        if (body is null)
        {
            await WriteAsync(http, RestError.NotRead(read.Error!));
        }
        else if (origin.Problem(http.Request, body.Bytes.Span) is { } problem)
        {
            await WriteAsync(http, RestError.Of(problem));
        }
        else if (http.Request.Path == RestRoutes.Document && HttpMethods.IsGet(http.Request.Method))
        {
            await WriteAsync(http, 200, OpenApiDocument.Bytes);
        }
        else if (await AnswerAsync(http, body.Bytes) is { } error)
        {
            await WriteAsync(http, error);
        }
    }

    private static void AddHeaders(HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.XContentTypeOptions = "nosniff";
    }

    private async Task<RestError?> AnswerAsync(HttpContext http, ReadOnlyMemory<byte> body)
    {
        // As it was sent: a name may hold what a decoded path would be split at.
        var target = http.Features.Get<IHttpRequestFeature>()!.RawTarget.Split('?')[0];
        var (route, path, wrong) = Find(http.Request.Method, target);
        if (route is null)
        {
            return wrong;
        }

        if (route.IsOwners && options.Credentials is null)
        {
            return RestError.NotSigned(route);
        }

        if (ReadBody(http.Request, route, body, out var members) is { } unreadable)
        {
            return unreadable;
        }

        var (request, error) = RestForms.Request(route, path, http.Request.Query, members, options);
        if (error is not null)
        {
            return error;
        }

        if (route.Operation == RestRoutes.Stream)
        {
            return await streams.ServeAsync(http, request!);
        }

        var answer = await api.CallAsync(
            route.Operation, request!, http.RequestAborted, isOwner: route.IsOwners || route.IsInner);
        if (answer.IsRefused)
        {
            return RestError.Of(answer);
        }

        await WriteAsync(http, route.Status, RestForms.Answer(answer.Output).ToUtf8());
        return null;
    }

    private static (RestRoute? Route, Dictionary<string, string> Path, RestError? Error) Find(
        string method, string target)
    {
        var segments = target.Split('/');
        List<string> allowed = target == RestRoutes.Document ? [HttpMethods.Get] : [];
        foreach (var route in RestRoutes.All)
        {
            if (route.Matches(segments, out var values))
            {
                if (route.Method == method)
                {
                    return (route, values, null);
                }

                allowed.Add(route.Method);
            }
        }

        return (null, [], allowed.Count == 0
            ? RestError.NoRoute(method, target)
            : RestError.NoMethod(method, target, allowed));
    }

    private static RestError? ReadBody(
        HttpRequest request, RestRoute route, ReadOnlyMemory<byte> body, out JsonObject members)
    {
        members = JsonObject.Empty;
        if (body.Length == 0)
        {
            return null;
        }

        if (!route.TakesBody)
        {
            return RestError.Invalid($"{route.Method} {route.Template} takes no body", "leave it out");
        }

        // A form of a page in a browser cannot send this type without asking first.
        if (request.ContentType?.Split(';')[0].Trim().Equals(Json, StringComparison.OrdinalIgnoreCase) is not true)
        {
            return new RestError(
                415, "media_type_not_supported", $"a body of {request.ContentType ?? "no type"} is not read",
                $"send Content-Type: {Json}");
        }

        if (!JsonValue.TryParse(body.Span, Limits, out var value, out var error))
        {
            return RestError.Invalid($"the body is no JSON: {error}", "send a JSON object");
        }

        if (!value.TryGetObject(out var read))
        {
            return RestError.Invalid("the body must be a JSON object", "{\"name\": value, …}");
        }

        members = read;
        return null;
    }

    private static Task WriteAsync(HttpContext http, RestError error)
    {
        if (error.Allowed.Count > 0)
        {
            http.Response.Headers.Allow = string.Join(", ", error.Allowed);
        }

        return WriteAsync(http, error.Status, error.ToJson().ToUtf8());
    }

    private static async Task WriteAsync(HttpContext http, int status, byte[] body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = Json;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }
}

/// <summary>The document in docs/reference, which is part of the program.</summary>
internal static class OpenApiDocument
{
    private static readonly Lazy<byte[]> Read = new(() =>
    {
        using var stream = typeof(OpenApiDocument).Assembly.GetManifestResourceStream("workflows.openapi.json")!;
        using MemoryStream copy = new();
        stream.CopyTo(copy);
        return copy.ToArray();
    });

    public static byte[] Bytes => Read.Value;
}
