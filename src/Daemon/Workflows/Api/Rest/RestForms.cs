using System.Globalization;
using System.Text;
using Analemma.Workflow.Json;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Workflows.Api.Rest;

// The operations are those of the Step Functions API. What its protocol makes texts of (inputs, outputs, definitions)
// is JSON here, times are RFC 3339, and a page's token is its cursor.
/// <summary>Requests and answers of the native API, and those of the operations.</summary>
internal static class RestForms
{
    private static readonly JsonLimits Within = JsonLimits.Widest;

    /// <summary>From 1970, either way: what is further away is no time of an answer.</summary>
    private const double SecondsMax = 60e9;

    /// <summary>The request of an operation; or what is wrong with it.</summary>
    public static (JsonObject? Request, RestError? Error) Request(
        RestRoute route,
        IReadOnlyDictionary<string, string> path,
        IQueryCollection query,
        JsonObject body,
        WorkflowOptions options)
    {
        JsonObjectBuilder made = new(body.Count + path.Count + query.Count);
        foreach (var (name, value) in body)
        {
            if (name == "machine" && value.TryGetString(out var named))
            {
                made.Set("stateMachineArn", Arn("stateMachine", named, options));
            }
            else
            {
                made.Set(name, Sent(name, value));
            }
        }

        foreach (var (name, value) in query)
        {
            if (!route.Query.TryGetValue(name, out var member))
            {
                return (null, RestError.Invalid(
                    $"the query has {name}, which {route.Template} does not know",
                    route.Query.Count == 0 ? "it takes no query" : $"it takes {string.Join(", ", route.Query.Keys)}"));
            }

            if (Queried(name, value.ToString(), options) is not { IsDefined: true } read)
            {
                return (null, RestError.Invalid($"{name} cannot be '{value}'", Wanted(name)));
            }

            made.Set(member, read);
        }

        foreach (var (name, value) in path)
        {
            switch (name)
            {
                case "machine":
                    made.Set("stateMachineArn", Arn("stateMachine", value, options));
                    break;
                case "execution":
                    made.Set("executionArn", Arn("execution", value, options));
                    break;
                default:
                    made.Set("name", value);
                    break;
            }
        }

        if (route.Operation == "CreateStateMachine" && !body.Has("roleArn"))
        {
            made.Set("roleArn", $"arn:aws:iam::{options.Account}:role/analemma");
        }

        return (made.Build(), null);
    }

    /// <summary>An answer of an operation, as this API has it.</summary>
    public static JsonValue Answer(JsonValue answer)
    {
        if (answer.TryGetArray(out var items))
        {
            JsonArrayBuilder list = new(items.Count);
            foreach (var item in items)
            {
                list.Add(Answer(item));
            }

            return list.Build();
        }

        if (!answer.TryGetObject(out var members))
        {
            return answer;
        }

        JsonObjectBuilder made = new(members.Count);
        foreach (var (name, value) in members)
        {
            if (name is "loggingConfiguration" or "tracingConfiguration" or "encryptionConfiguration")
            {
                // As they were sent.
                made.Set(name, value);
            }
            else if (name == "nextToken")
            {
                made.Set("cursor", value);
            }
            else if (name is "input" or "output" or "definition" or "parameters" && value.TryGetString(out var text))
            {
                made.Set(name, Parsed(text));
            }
            else if (value.IsNumber && (name == "timestamp" || name.EndsWith("Date", StringComparison.Ordinal)))
            {
                made.Set(name, Time(value.AsDouble()));
            }
            else
            {
                made.Set(name, name == "definition" ? value : Answer(value));
            }
        }

        return made.Build();
    }

    /// <summary>The ARN of a thing that is named by it or by its name.</summary>
    public static string Arn(string kind, string named, WorkflowOptions options) =>
        named.StartsWith("arn:", StringComparison.Ordinal) ? named : options.Arn(kind, named);

    private static JsonValue Sent(string name, JsonValue value) => name switch
    {
        "input" or "output" => JsonValue.From(value.Payload()),
        "definition" when !value.IsString => JsonValue.From(value.Payload()),
        _ => value,
    };

    private static JsonValue Queried(string name, string value, WorkflowOptions options) => name switch
    {
        "limit" or "after" => long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? JsonValue.From(number) : JsonValue.Undefined,
        "reverse" or "data" => value switch { "true" => true, "false" => false, _ => JsonValue.Undefined },
        "redriven" => value switch
        {
            "true" => "REDRIVEN",
            "false" => "NOT_REDRIVEN",
            _ => JsonValue.Undefined,
        },
        "machine" => Arn("stateMachine", value, options),
        "status" => value.ToUpperInvariant(),
        _ => value,
    };

    private static string Wanted(string name) => name switch
    {
        "limit" => "a whole number, 1 to 1000",
        "after" => "the id of an event",
        _ => "true or false",
    };

    private static JsonValue Parsed(string text) =>
        JsonValue.TryParse(Encoding.UTF8.GetBytes(text), Within, out var value, out _) ? value : JsonValue.From(text);

    private static JsonValue Time(double seconds) => Math.Abs(seconds) > SecondsMax
        ? seconds
        : DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Round(seconds * 1000))
            .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
