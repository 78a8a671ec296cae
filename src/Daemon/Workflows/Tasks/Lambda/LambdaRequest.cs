using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks.Lambda;

/// <summary>How a function is called (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html).</summary>
internal enum InvocationType
{
    /// <summary>The caller waits for the result.</summary>
    RequestResponse,

    /// <summary>The caller waits for nothing.</summary>
    Event,

    /// <summary>Nothing is called: whether it could be is all that is asked.</summary>
    DryRun,
}

/// <summary>A call of a function, read of a task.</summary>
/// <param name="FunctionName">As the task has it: a name or an ARN, with a qualifier behind it or not.</param>
/// <param name="Name">The function's own name.</param>
/// <param name="Payload">The event.</param>
internal sealed partial record LambdaRequest(string FunctionName, string Name, JsonValue Payload)
{
    public const string Latest = "$LATEST";

    /// <summary>Characters of a client's context in base64.</summary>
    private const int ContextCharsMax = 3583;

    private const int NameCharsMax = 170;
    private const int QualifierCharsMax = 128;

    private const string NameText =
        @"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?"
        + @"([a-zA-Z0-9-_\.]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?";

    private const string QualifierText = @"(|[a-zA-Z0-9$_-]+)";

    // What a definition names is read once for each definition, not for each task.
    private static readonly ConditionalWeakTable<TaskResource, LambdaRequest> ByResource = new();

    /// <summary>The version or alias that is wanted; null for none.</summary>
    public string? Qualifier { get; private init; }

    /// <summary>The qualifier that the task has beside the function's name; null for none.</summary>
    public string? OwnQualifier { get; private init; }

    public InvocationType Type { get; private init; }

    /// <summary>Whether the end of the log comes with the answer.</summary>
    public bool WantsLog { get; private init; }

    /// <summary>The client's context, JSON as text; null for none.</summary>
    public string? Context { get; private init; }

    /// <summary>What a function of the kernel's own is told that it is.</summary>
    public string? InvokedAs => Qualifier is null ? null : $":{Qualifier}";

    /// <summary>Reads it of a task, whose fields have the kinds that they must have.</summary>
    /// <exception cref="LambdaRefusedException">The service would refuse it.</exception>
    public static LambdaRequest Of(TaskCall call)
    {
        if (call.Resource.Kind is ResourceKind.Function)
        {
            return ByResource.GetValue(
                call.Resource, static resource => Named(resource.Arn, null, JsonObject.Empty)) with
            {
                Payload = call.Input,
            };
        }

        var input = call.Input;
        var type = Word(input, "InvocationType", "RequestResponse", "Event", "DryRun") ?? "RequestResponse";
        var log = Word(input, "LogType", "None", "Tail");
        var made = Named(
            input["FunctionName"].AsString(), input.MaybeText("Qualifier"), PayloadOf(call.Resource, input["Payload"]));
        return made with
        {
            Type = Enum.Parse<InvocationType>(type),
            WantsLog = log == "Tail",
            Context = ContextOf(input["ClientContext"]),
        };
    }

    /// <summary>What a server is asked for it.</summary>
    public string PathAndQuery => $"/2015-03-31/functions/{Uri.EscapeDataString(FunctionName)}/invocations"
        + (OwnQualifier is null ? "" : $"?Qualifier={Uri.EscapeDataString(OwnQualifier)}");

    public IEnumerable<(string Name, string Value)> Headers()
    {
        if (Type is not InvocationType.RequestResponse)
        {
            yield return ("X-Amz-Invocation-Type", Type.ToString());
        }

        if (WantsLog)
        {
            yield return ("X-Amz-Log-Type", "Tail");
        }

        if (Context is not null)
        {
            yield return ("X-Amz-Client-Context", Convert.ToBase64String(Encoding.UTF8.GetBytes(Context)));
        }
    }

    private static LambdaRequest Named(string named, string? qualifier, JsonValue payload)
    {
        if (named.Length > NameCharsMax || !NamePattern().IsMatch(named))
        {
            throw Constraint(named, "functionName", named.Length > NameCharsMax
                ? string.Create(
                    CultureInfo.InvariantCulture, $"Member must have length less than or equal to {NameCharsMax}")
                : $"Member must satisfy regular expression pattern: {NameText}");
        }

        if (qualifier is not null && (qualifier.Length > QualifierCharsMax || !QualifierPattern().IsMatch(qualifier)))
        {
            throw Constraint(qualifier, "qualifier", qualifier.Length > QualifierCharsMax
                ? string.Create(
                    CultureInfo.InvariantCulture, $"Member must have length less than or equal to {QualifierCharsMax}")
                : $"Member must satisfy regular expression pattern: {QualifierText}");
        }

        var parts = named.Split(':');
        var at = Array.IndexOf(parts, "function") + 1;
        var behind = at + 1 < parts.Length ? parts[at + 1] : null;
        if (qualifier is { Length: > 0 } && behind is not null && qualifier != behind)
        {
            throw new LambdaRefusedException(
                400,
                "InvalidParameterValueException",
                "The derived qualifier from the function name does not match the specified qualifier.");
        }

        var own = qualifier is { Length: > 0 } ? qualifier : null;
        return new LambdaRequest(named, parts[at], payload) { Qualifier = own ?? behind, OwnQualifier = own };
    }

    // The integration hands a payload to the client of Lambda, whose payload is a text: one that is JSON goes as it is,
    // and none comes to the function as an empty object.
    private static JsonValue PayloadOf(TaskResource resource, JsonValue given)
    {
        if (given.IsUndefined || given.IsNull)
        {
            return JsonObject.Empty;
        }

        if (!given.TryGetString(out var text))
        {
            return given;
        }

        if (JsonValue.TryParse(Encoding.UTF8.GetBytes(text), JsonLimits.Payload, out var parsed, out var wrong))
        {
            return parsed;
        }

        // What calls the API itself hands on the text as it is; the optimized integration makes JSON of it.
        return resource.Kind is ResourceKind.Sdk
            ? throw new LambdaRefusedException(
                400, "InvalidRequestContentException", $"Could not parse request body into json: {wrong}")
            : given;
    }

    // In base64, as clients of the service write it; whoever writes JSON into a definition means the same.
    private static string? ContextOf(JsonValue given)
    {
        if (given.IsUndefined || given.IsNull)
        {
            return null;
        }

        if (!given.TryGetString(out var text))
        {
            return given.Payload();
        }

        if (text.Length > ContextCharsMax)
        {
            throw new LambdaRefusedException(
                400,
                "InvalidRequestContentException",
                string.Create(
                    CultureInfo.InvariantCulture, $"Client context must be no more than {ContextCharsMax} bytes."));
        }

        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var count)
            && JsonValue.TryParse(bytes.AsSpan(0, count), JsonLimits.Default, out var context, out _)
            && context.TryGetObject(out _)
                ? context.Payload()
                : throw new LambdaRefusedException(
                    400,
                    "InvalidRequestContentException",
                    "Client context must be a valid Base64-encoded JSON object.");
    }

    private static string? Word(JsonValue input, string field, params string[] words)
    {
        var word = input.MaybeText(field);
        return word is null || words.Contains(word)
            ? word
            : throw Constraint(
                word,
                char.ToLowerInvariant(field[0]) + field[1..],
                $"Member must satisfy enum value set: [{string.Join(", ", words)}]");
    }

    private static LambdaRefusedException Constraint(string value, string member, string constraint) => new(
        400,
        "ValidationException",
        $"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}");

    [GeneratedRegex("^(?:" + NameText + ")$", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    [GeneratedRegex("^(?:" + QualifierText + ")$", RegexOptions.CultureInvariant)]
    private static partial Regex QualifierPattern();
}

/// <summary>The service would refuse the call, with this status, code and message.</summary>
internal sealed class LambdaRefusedException(int status, string code, string message) : Exception(message)
{
    /// <summary>As if a server had answered it.</summary>
    public AwsAnswer Answer { get; } = new(
        status,
        JsonValue.From(JsonObject.Of(("__type", code), ("message", message))).ToUtf8(),
        new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["x-amzn-RequestId"] = Guid.NewGuid().ToString(),
        },
        null);
}
