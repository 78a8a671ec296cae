using System.Globalization;
using System.Net;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Workflows.Catalog;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;
using HttpCall = Analemma.Abi.Syscalls.Http;

namespace Analemma.Daemon.Workflows.Tasks.Own;

/// <summary>
/// <c>analemma:http</c>, and <c>http:invoke</c> as the service has it
/// (https://docs.aws.amazon.com/step-functions/latest/dg/call-https-apis.html): a request through the kernel, held
/// against the rules of a connection, or of the task. Nothing is sent that no rule allows.
/// </summary>
internal sealed class HttpTaskHandler(KernelCalls kernel, Connections connections) : ITaskHandler
{
    private const int BodyBytesMax = 256 * 1024;
    private const long TimeoutMsDefault = 60_000;

    private static readonly string[] Members =
        ["endpoint", "method", "headers", "query", "body", "network", "connection", "timeout_ms"];

    public bool Takes(TaskResource resource) =>
        (resource.Service == "analemma" && resource.Action == "http")
        || (resource.Service == "http" && resource.Action == "invoke");

    public async Task<TaskOutcome> RunAsync(TaskCall call, CancellationToken cancelled)
    {
        var isOwn = call.Resource.Service == "analemma";
        var asked = isOwn ? Own(call.Input) : Invoke(call.Input);
        if (asked.Problem is { } problem)
        {
            return TaskOutcome.Failed("States.Runtime", problem);
        }

        IReadOnlyList<NetworkRule>? rules = null;
        if (asked.Connection is { } name)
        {
            if (connections.Find(name) is not { } found)
            {
                return TaskOutcome.Failed("Events.ConnectionResource.NotFound", $"Connection '{name}' does not exist.");
            }

            rules = found;
        }
        else if (asked.Network.IsDefined && !Connections.TryRead(asked.Network, out rules, out var wrong))
        {
            return TaskOutcome.Failed("States.Runtime", $"network: {wrong}");
        }

        if (rules is not { Count: > 0 })
        {
            return ServiceAnswers.Refused(SysError.PermissionDenied(
                "no rule allows this request", "give connection, the name of one, or network, a list of rules"));
        }

        var (end, body) = await kernel.FetchAsync(asked.Request! with { Network = rules }, cancelled);
        var outcome = end.Value is HttpReply reply ? Answered(reply, body) : Failed(end.Error!);
        return outcome with { Exchange = HttpTrace.Of(asked.Request!, end.Value as HttpReply, body) };
    }

    private static TaskOutcome Answered(HttpReply reply, byte[] body)
    {
        var isJson = JsonValue.TryParse(body, JsonLimits.Default, out var json, out _);
        var text = Encoding.UTF8.GetString(body);
        if (reply.Status >= 400)
        {
            return TaskOutcome.Failed(
                string.Create(CultureInfo.InvariantCulture, $"States.Http.StatusCode.{reply.Status}"), text);
        }

        JsonObjectBuilder headers = new(reply.Headers.Count);
        foreach (var same in reply.Headers.GroupBy(header => header.Name, StringComparer.Ordinal))
        {
            headers.Set(same.Key, JsonArray.Of([.. same.Select(header => JsonValue.From(header.Value))]));
        }

        return TaskOutcome.Done(JsonObject.Of(
            ("Headers", headers.Build()),
            ("ResponseBody", isJson ? json : JsonValue.From(text)),
            ("StatusCode", reply.Status),
            ("StatusText", ((HttpStatusCode)reply.Status).ToString())));
    }

    private static TaskOutcome Failed(SysError error) => error.Code switch
    {
        SysErrorCode.HttpFailed or SysErrorCode.TimedOut => TaskOutcome.Failed("States.Http.Socket", error.Message),
        SysErrorCode.TooLarge => TaskOutcome.Failed("States.DataLimitExceeded", error.Message),
        _ => ServiceAnswers.Refused(error),
    };

    private static Asked Own(JsonValue input)
    {
        if (!input.TryGetObject(out var members))
        {
            return Asked.Not("the parameters of analemma:http are an object");
        }

        foreach (var (name, _) in members)
        {
            if (!Members.Contains(name))
            {
                return Asked.Not($"analemma:http has no parameter {name}; it has {string.Join(", ", Members)}");
            }
        }

        if (input["timeout_ms"] is { IsDefined: true } timeout && !timeout.TryGetInt64(out _))
        {
            return Asked.Not("timeout_ms is a whole number");
        }

        var asked = Request(
            input.MaybeText("endpoint"), "endpoint", input.MaybeText("method") ?? "GET", input["headers"],
            input["query"], BodyOf(input["body"], input["headers"]));
        return asked with
        {
            Request = asked.Request is { } request && input["timeout_ms"].TryGetInt64(out var wait)
                ? request with { TimeoutMs = wait } : asked.Request,
            Connection = input.MaybeText("connection"),
            Network = input["network"],
        };
    }

    private static Asked Invoke(JsonValue input)
    {
        var arn = input["Authentication"].MaybeText("ConnectionArn");
        if (arn?.Split(':', 6) is not [.., var last] || last.Split('/') is not ["connection", var name, ..])
        {
            return Asked.Not("Authentication.ConnectionArn must be the ARN of a connection");
        }

        if (input.MaybeText("Method") is not { } method)
        {
            return Asked.Not("The field 'Method' is required but was missing");
        }

        var body = input["RequestBody"];
        var transform = input["Transform"];
        var isForm = transform.MaybeText("RequestBodyEncoding") == "URL_ENCODED";
        (string? Text, string? Type) made = isForm && body.TryGetObject(out var fields)
            ? (FormText.Of(fields, transform["RequestEncodingOptions"].MaybeText("ArrayFormat") ?? "INDICES"),
                "application/x-www-form-urlencoded")
            : BodyOf(body, input["Headers"]);
        return Request(
            input.MaybeText("ApiEndpoint"),
            "ApiEndpoint",
            method,
            input["Headers"],
            input["QueryParameters"],
            made) with
        {
            Connection = name,
        };
    }

    private static (string? Text, string? Type) BodyOf(JsonValue body, JsonValue headers) =>
        body.IsUndefined || body.IsNull ? (null, null)
        : body.TryGetString(out var text) && !IsJson(headers) ? (text, "text/plain; charset=utf-8")
        : (body.TryGetString(out text) ? text : body.Payload(), "application/json");

    private static bool IsJson(JsonValue headers)
    {
        if (headers.TryGetObject(out var members))
        {
            foreach (var (name, value) in members)
            {
                if (name.Equals("content-type", StringComparison.OrdinalIgnoreCase))
                {
                    return value.TryGetString(out var type) && type.Contains("json", StringComparison.Ordinal);
                }
            }
        }

        return false;
    }

    private static Asked Request(
        string? url, string field, string method, JsonValue headers, JsonValue query, (string? Text, string? Type) body)
    {
        if (url is null)
        {
            return Asked.Not($"The field '{field}' is required but was missing");
        }

        Dictionary<string, string> sent = new(StringComparer.OrdinalIgnoreCase);
        if (headers.TryGetObject(out var members))
        {
            foreach (var (name, value) in members)
            {
                sent[name] = value.TryGetArray(out var several)
                    ? string.Join(", ", several.Items.ToArray().Select(ServiceAnswers.TextOf))
                    : ServiceAnswers.TextOf(value);
            }
        }

        if (body.Type is { } type)
        {
            sent.TryAdd("Content-Type", type);
        }

        if (query.TryGetObject(out var words) && words.Count > 0)
        {
            url += (url.Contains('?', StringComparison.Ordinal) ? '&' : '?') + FormText.Of(words, "REPEAT");
        }

        return new Asked
        {
            Request = new HttpCall
            {
                Url = url,
                Method = method,
                Headers = sent,
                Body = body.Text,
                TimeoutMs = TimeoutMsDefault,
                MaxBytes = BodyBytesMax,
            },
        };
    }

    /// <summary>What a task asks for, read; or what is wrong with it.</summary>
    private sealed record Asked
    {
        public HttpCall? Request { get; init; }

        public string? Connection { get; init; }

        public JsonValue Network { get; init; }

        public string? Problem { get; private init; }

        public static Asked Not(string problem) => new() { Problem = problem };
    }
}
