using System.Collections.Frozen;
using System.Text;
using Analemma.Abi;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Api.Rest;

/// <summary>A refusal of the native API.</summary>
/// <param name="Status">Of HTTP.</param>
/// <param name="Code">Stable, in snake case.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Hint">What to do.</param>
internal sealed record RestError(int Status, string Code, string Message, string Hint)
{
    private static readonly FrozenDictionary<string, (int Status, string Hint)> Known =
        new Dictionary<string, (int, string)>(StringComparer.Ordinal)
        {
            ["validation"] = (400, "the message names the member and what it must be"),
            ["serialization"] = (400, "send JSON, with the members and types of GET /v1/openapi.json"),
            ["invalid_definition"] = (400, "POST /v1/definitions/validate tells every mistake with its place"),
            ["invalid_execution_input"] = (400, "input is a JSON value"),
            ["invalid_token"] = (400, "a cursor or token is used as it was given, and only there"),
            ["state_machine_does_not_exist"] = (404, "GET /v1/state-machines lists those that do"),
            ["execution_does_not_exist"] = (404, "GET /v1/executions lists those that do"),
            ["resource_not_found"] = (404, "list what there is"),
            ["state_machine_already_exists"] = (409, "PUT /v1/state-machines/NAME changes it"),
            ["execution_already_exists"] = (409, "another name, or none: then it is given one"),
            ["execution_not_redrivable"] = (409, "only an execution that failed, was stopped or timed out goes on"),
            ["conflict"] = (409, "look at what there is, and try again"),
            ["task_timed_out"] = (410, "the task has ended, by this token or otherwise: a token counts once"),
            ["task_does_not_exist"] = (410, "the task has ended, by this token or otherwise: a token counts once"),
            ["access_denied"] = (403, "ask from a program on this host, not from a page"),
            ["missing_authentication_token"] = (401, "sign the request (Signature Version 4, service states)"),
            ["unrecognized_client"] = (401, "sign with the key of workflows.access_key_id"),
            ["invalid_signature"] = (401, "sign with the key of workflows.access_key_id, with the time of now"),
            ["request_entity_too_large"] = (413, "send less"),
            ["service_unavailable"] = (503, "the kernel's log says what is wrong with its store; try again later"),
            ["internal_failure"] = (500, "the kernel's log says why"),
        }.ToFrozenDictionary(StringComparer.Ordinal);

    public static RestError NoRoute(string method, string path) => new(
        404, "no_such_path", $"nothing is served at {method} {path}", "GET /v1/openapi.json says what is");

    public static RestError NoMethod(string method, string path, IReadOnlyList<string> allowed) => new(
        405,
        "method_not_allowed",
        $"{path} does not know {method}",
        $"it knows {string.Join(", ", allowed)}")
    {
        Allowed = allowed,
    };

    /// <summary>Its body is too long, or there is no room for it now.</summary>
    public static RestError NotRead(SysError why) => why.Code is SysErrorCode.TooLarge
        ? new(413, "request_entity_too_large", why.Message, "refer to what is larger, in place of sending it")
        : new(429, "try_again", why.Message, why.Hint ?? "try again later");

    public static RestError Invalid(string message, string hint) => new(400, "validation", message, hint);

    public static RestError NotSigned(RestRoute route) => new(
        403,
        "not_allowed",
        $"{route.Method} {route.Template} is the owner's, and who asks is not known",
        "set workflows.access_key_id and sign requests, or use `analemma sm`");

    /// <summary>Methods that there are, when it was the wrong one.</summary>
    public IReadOnlyList<string> Allowed { get; private init; } = [];

    /// <summary>A refusal of the Step Functions API, in the words of this one.</summary>
    public static RestError Of(ApiAnswer answer)
    {
        var code = Snake(answer.Error!);
        var (status, hint) = Known.TryGetValue(code, out var known)
            ? known
            : code.Contains("limit", StringComparison.Ordinal) || code.Contains("throttl", StringComparison.Ordinal)
                ? (429, "less at once, or later")
                : (answer.HttpStatus, "GET /v1/openapi.json says what is allowed");
        return new RestError(status, code, answer.Message!, hint);
    }

    public JsonValue ToJson() => JsonObject.Of(("code", Code), ("message", Message), ("hint", Hint));

    private static string Snake(string name)
    {
        var plain = name.EndsWith("Exception", StringComparison.Ordinal) ? name[..^"Exception".Length] : name;
        StringBuilder made = new(plain.Length + 8);
        foreach (var c in plain)
        {
            if (char.IsAsciiLetterUpper(c) && made.Length > 0)
            {
                made.Append('_');
            }

            made.Append(char.ToLowerInvariant(c));
        }

        return made.ToString();
    }
}
