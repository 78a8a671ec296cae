using System.Collections.Frozen;
using System.Globalization;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Testing.Answers;

namespace Analemma.Workflow.Testing;

// WHAT SERVICES ANSWER
//
// The result of a mocked Task is compared with what the service's API says it answers (the output shapes of its model):
// a field that is there has its type; in STRICT mode a field that is always answered is there. Of a service or call
// that is not in Answers, nothing is asked. A job that is waited for answers as what tells how it stands does
// (Developer Guide, TestState); what comes back with a token is nobody's answer.
//
//   text   Name:type, Name:type …   ! after a name: always answered    ~N~M after a number: at least N, at most M
//   type   s text · n number · b boolean · {…} object · [type] list · <type> object of any names · * anything
/// <summary>Compares mocked results with what services answer.</summary>
internal static class MockShapes
{
    private static readonly FrozenDictionary<string, string> Shapes =
        Read(DataAnswers.Text).Concat(Read(WorkAnswers.Text)).ToFrozenDictionary(StringComparer.Ordinal);

    // The names of services where calls of the SDK have another one.
    private static readonly FrozenDictionary<string, string> Names = new Dictionary<string, string>
    {
        ["events"] = "eventbridge",
        ["states"] = "sfn",
        ["elasticmapreduce"] = "emr",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Null when it could be an answer.</summary>
    public static StateTestRefusal? Check(TaskResource resource, JsonValue result, bool isStrict)
    {
        if (resource.Kind is not (ResourceKind.Service or ResourceKind.Sdk)
            || resource.Pattern is TaskPattern.WaitForTaskToken)
        {
            return null;
        }

        if (resource.Pattern is TaskPattern.Sync or TaskPattern.Sync2)
        {
            return resource is { Service: "states", Action: "startExecution" }
                ? Check(Shapes["sfn:describeExecution"], result, isStrict)
                : null;
        }

        const string Sdk = "aws-sdk:";
        var service = resource.Service.StartsWith(Sdk, StringComparison.Ordinal)
            ? resource.Service[Sdk.Length..]
            : resource.Service;
        return Shapes.TryGetValue($"{Names.GetValueOrDefault(service, service)}:{resource.Action}", out var shape)
            ? Check(shape, result, isStrict)
            : null;
    }

    // Name, blank, shape; what begins with a blank goes on with the line before it.
    private static IEnumerable<KeyValuePair<string, string>> Read(string text) =>
        text.Replace("\n ", "", StringComparison.Ordinal).Split('\n').Select(line => line.Split(' '))
            .Select(parts => KeyValuePair.Create(parts[0], parts[1]));

    private static StateTestRefusal? Check(string shape, JsonValue result, bool isStrict) =>
        new ShapeCheck(shape, isStrict).Check(result) is { } wrong
            ? StateTestRefusal.Invalid($"Mock result schema validation error: {wrong}")
            : null;
}

/// <summary>Walks a shape and a value together.</summary>
internal sealed class ShapeCheck(string shape, bool isStrict)
{
    private int _at;
    private string? _wrong;

    /// <summary>The first thing that is wrong; null when nothing is.</summary>
    public string? Check(JsonValue value)
    {
        Type(value, name: null);
        return _wrong;
    }

    // An undefined value is walked past.
    private void Type(JsonValue value, string? name)
    {
        switch (shape[_at++])
        {
            case 's':
                Expect(value.IsString, value, name, "must be a string");
                break;
            case 'b':
                Expect(value.IsBoolean, value, name, "must be a boolean");
                break;
            case 'n':
                Number(value, name);
                break;
            case '[' or '<':
                Many(value, name);
                break;
            case '{':
                Object(value, name);
                break;
        }
    }

    private void Number(JsonValue value, string? name)
    {
        Expect(value.IsNumber, value, name, "must be a number");
        var (min, max) = (Bound(), Bound());
        Expect(!(value.IsNumber && value.AsDouble() < min), value, name, "is less than the minimum value");
        Expect(!(value.IsNumber && value.AsDouble() > max), value, name, "is greater than the maximum value");
    }

    // Null where there is none.
    private double? Bound()
    {
        if (_at >= shape.Length || shape[_at] != '~')
        {
            return null;
        }

        var from = ++_at;
        while (_at < shape.Length && shape[_at] is '-' or '.' or (>= '0' and <= '9'))
        {
            _at++;
        }

        return _at == from ? null : double.Parse(shape.AsSpan(from, _at - from), CultureInfo.InvariantCulture);
    }

    private void Many(JsonValue value, string? name)
    {
        var isList = shape[_at - 1] == '[';
        Expect(isList ? value.IsArray : value.IsObject, value, name, isList ? "must be an array" : "must be an object");
        var start = _at;
        Type(default, name);
        var end = _at;
        foreach (var (inner, item) in isList ? Items(value, name) : Fields(value))
        {
            _at = start;
            Type(item, inner);
        }

        _at = end + 1;
    }

    private static IEnumerable<(string? Name, JsonValue Value)> Items(JsonValue value, string? name) =>
        value.TryGetArray(out var items) ? items.Items.ToArray().Select(item => (name, item)) : [];

    private static IEnumerable<(string? Name, JsonValue Value)> Fields(JsonValue value)
    {
        foreach (var (name, field) in value.TryGetObject(out var fields) ? fields : JsonObject.Empty)
        {
            yield return (name, field);
        }
    }

    private void Object(JsonValue value, string? name)
    {
        Expect(value.IsObject, value, name, "must be an object");
        while (shape[_at] != '}')
        {
            var from = _at;
            while (shape[_at] is not (':' or '!'))
            {
                _at++;
            }

            var field = shape[from.._at];
            var isRequired = shape[_at] == '!';
            _at += isRequired ? 2 : 1;
            if (isRequired && isStrict && value.IsObject && value[field].IsUndefined)
            {
                _wrong ??= $"Required field '{field}' is missing";
            }

            Type(value[field], field);
            _at += shape[_at] == ',' ? 1 : 0;
        }

        _at++;
    }

    private void Expect(bool holds, JsonValue value, string? name, string what)
    {
        if (!holds && value.IsDefined && !value.IsNull)
        {
            _wrong ??= name is null ? $"The result {what}" : $"Field '{name}' {what}";
        }
    }
}
