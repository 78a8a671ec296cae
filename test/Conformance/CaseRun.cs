using System.Text.RegularExpressions;
using Analemma.Workflow.Json;

namespace Analemma.Conformance.Tests;

/// <summary>A step needs what is not here: another service, or a part of the API beside the language.</summary>
internal sealed class NotHereException(string what) : Exception(what);

/// <summary>Does what a case asks, and collects the answers that were recorded of the real service.</summary>
internal sealed partial class CaseRun(RecordedCase recorded)
{
    private readonly VirtualService _service = new();
    private readonly Dictionary<string, JsonValue> _answers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _unique = new(StringComparer.Ordinal);

    public JsonObject Run()
    {
        JsonObjectBuilder made = new();
        foreach (var step in recorded.Steps)
        {
            var fields = step.AsObject();
            var op = fields["op"].AsString();
            if (op == "match")
            {
                made.Set(fields["key"].AsString(), Value(fields["value"]));
            }
            else if (op is not ("await" or "await_events" or "sleep"))
            {
                var answer = Call(op, fields);
                if (answer["Error"].IsDefined != fields["expectError"].IsTrue)
                {
                    throw new InvalidOperationException($"{op}: {answer}");
                }

                _answers[fields["save"].AsString()] = WithText(op, answer);
            }
        }

        return made.Build();
    }

    // As clients print it.
    private static JsonValue WithText(string op, JsonValue answer) => answer["Error"].TryGetObject(out var error)
        ? answer.AsObject().With(
            "str",
            $"An error occurred ({error["Code"].AsString()}) when calling the {op} operation: "
            + error["Message"].AsString())
        : answer;

    private JsonValue Call(string op, JsonObject step)
    {
        if (!step["svc"].TryGetString(out var service) || service != "stepfunctions")
        {
            throw new NotHereException(op);
        }

        var arguments = Value(step["args"]).AsObject();
        return op switch
        {
            "CreateStateMachine" => _service.Create(arguments),
            "StartExecution" => _service.Start(arguments),
            "GetExecutionHistory" => _service.History(arguments["executionArn"].AsString()),
            "ValidateStateMachineDefinition" => VirtualService.Validate(arguments),
            "TestState" => StateTests.Answer(arguments),
            _ => throw new NotHereException(op),
        };
    }

    private JsonValue Value(JsonValue value)
    {
        if (value.TryGetString(out var text))
        {
            return Substitute(text);
        }

        if (value.TryGetArray(out var items))
        {
            JsonArrayBuilder made = new(items.Count);
            foreach (var item in items)
            {
                made.Add(Value(item));
            }

            return made.Build();
        }

        if (!value.TryGetObject(out var fields))
        {
            return value;
        }

        if (fields["$ref"].TryGetString(out var reference))
        {
            return Find(reference);
        }

        if (fields["$extract"].TryGetString(out var path))
        {
            return Extract(path, Find(fields["$from"].AsString()));
        }

        JsonObjectBuilder built = new(fields.Count);
        foreach (var (name, field) in fields)
        {
            built.Set(name, Value(field));
        }

        return built.Build();
    }

    private static JsonValue Extract(string path, JsonValue from)
    {
        if (EventField().Match(path) is { Success: true } field)
        {
            var found = from["events"].AsArray().Items.ToArray()
                .Select(each => each[field.Groups[1].Value][field.Groups[2].Value])
                .Where(each => each.IsDefined)
                .ToArray();
            return found.Length == 1 ? found[0] : JsonArray.Of(found);
        }

        throw new NotHereException(path);
    }

    private JsonValue Find(string reference)
    {
        var parts = reference.Split('.');
        var value = _answers[parts[0]];
        foreach (var part in parts[1..])
        {
            value = value[part];
        }

        return value;
    }

    private JsonValue Substitute(string text)
    {
        if (Whole().Match(text) is { Success: true } whole)
        {
            return Find(whole.Groups[1].Value);
        }

        return Part().Replace(text, match => match.Groups[1].Value switch
        {
            "role" => "arn:aws:iam::000000000000:role/a",
            "account" => "000000000000",
            "region" => "us-east-1",
            ['u', .. var digits] name when digits.All(char.IsAsciiDigit) => Unique(name),
            var reference => Find(reference) is var found && found.TryGetString(out var inner) ? inner : $"{found}",
        });
    }

    private string Unique(string name)
    {
        if (!_unique.TryGetValue(name, out var made))
        {
            made = FormattableString.Invariant($"{_unique.Count + 1:x8}");
            _unique.Add(name, made);
        }

        return made;
    }

    [GeneratedRegex(@"^@@(r\d+(?:\.[\w-]+)*)@@$")]
    private static partial Regex Whole();

    [GeneratedRegex(@"@@([A-Za-z0-9_.-]+)@@")]
    private static partial Regex Part();

    [GeneratedRegex(@"^\$\.events\[\*\]\.(\w+)\.(\w+)$")]
    private static partial Regex EventField();
}
