using System.Globalization;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>What a member of a request must be (Smithy 2.0, constraint traits).</summary>
internal abstract record RequestShape
{
    /// <summary>The operation that the request is of has a limit of its own for payloads.</summary>
    public bool IsPayload { get; init; }

    /// <summary>Refusals do not repeat it.</summary>
    public bool IsSensitive { get; init; }

    /// <summary>Between quotes, as refusals show a value.</summary>
    public virtual string Shown(JsonValue value) =>
        value.TryGetString(out var text) ? text : value.ToString(JsonWriteOptions.Service);

    /// <summary>What is not even of its type; null when it is.</summary>
    public abstract string? Mistyped(JsonValue value);

    /// <summary>Tells each constraint that it does not keep, of this and of what is in it.</summary>
    public abstract void Check(JsonValue value, string path, RequestProblems problems);

    /// <summary>In the words of the service's parser.</summary>
    protected static string Unreadable(JsonValue value, string wanted) => value.Kind switch
    {
        JsonKind.Object => "Start of structure or map found where not expected.",
        JsonKind.Array => "Start of list found where not expected",
        JsonKind.Boolean => $"{(value.IsTrue ? "TRUE" : "FALSE")}_VALUE can not be converted to {wanted}",
        JsonKind.String => $"STRING_VALUE can not be converted to {wanted}",
        _ => $"NUMBER_VALUE can not be converted to {wanted}",
    };
}

/// <summary>Text of some length; of a pattern, or one of some words.</summary>
internal sealed record TextShape(int Min = 0, int Max = int.MaxValue) : RequestShape
{
    /// <summary>As refusals show it.</summary>
    public string? Pattern { get; init; }

    /// <summary>Whether a text is of the pattern.</summary>
    public Func<string, bool> Matches { get; init; } = _ => true;

    /// <summary>Those that there are, in the order that refusals have them.</summary>
    public IReadOnlyList<string>? Words { get; init; }

    public override string? Mistyped(JsonValue value) => value.IsString ? null : Unreadable(value, "a String");

    public override void Check(JsonValue value, string path, RequestProblems problems)
    {
        var text = value.AsString();
        if (Words?.Contains(text, StringComparer.Ordinal) is false)
        {
            problems.Tell(this, value, path, $"Member must satisfy enum value set: [{string.Join(", ", Words)}]");
        }

        problems.CheckLength(this, value, path, text.Length, Min, IsPayload ? problems.PayloadMax : Max);
        if (!Matches(text))
        {
            problems.Tell(this, value, path, $"Member must satisfy regular expression pattern: {Pattern}");
        }
    }
}

/// <summary>A number between bounds.</summary>
internal sealed record NumberShape(double Min, double Max = double.MaxValue, bool IsWhole = true) : RequestShape
{
    public override string? Mistyped(JsonValue value) =>
        IsWhole ? value.TryGetInt64(out _) ? null : Unreadable(value, "an Integer")
        : value.IsNumber ? null : Unreadable(value, "a Float");

    public override void Check(JsonValue value, string path, RequestProblems problems)
    {
        var number = value.AsDouble();
        if (number < Min || number > Max)
        {
            problems.TellBound(this, value, path, "value", isLess: number < Min, number < Min ? Min : Max);
        }
    }
}

/// <summary>True or false.</summary>
internal sealed record FlagShape : RequestShape
{
    public override string? Mistyped(JsonValue value) => value.IsBoolean ? null : Unreadable(value, "a Boolean");

    public override void Check(JsonValue value, string path, RequestProblems problems)
    {
    }
}

/// <summary>A list.</summary>
internal sealed record ListShape(RequestShape Item, int Min = 0, int Max = int.MaxValue) : RequestShape
{
    public override string Shown(JsonValue value) =>
        $"[{string.Join(", ", value.AsArray().Items.ToArray().Select(Item.Shown))}]";

    public override string? Mistyped(JsonValue value)
    {
        if (!value.TryGetArray(out var items))
        {
            return "Unrecognized collection type";
        }

        foreach (var item in items)
        {
            if (Item.Mistyped(item) is { } wrong)
            {
                return wrong;
            }
        }

        return null;
    }

    public override void Check(JsonValue value, string path, RequestProblems problems)
    {
        var items = value.AsArray();
        problems.CheckLength(this, value, path, items.Count, Min, Max);
        for (var i = 0; i < items.Count; i++)
        {
            Item.Check(items[i], string.Create(CultureInfo.InvariantCulture, $"{path}.{i + 1}.member"), problems);
        }
    }
}

/// <summary>An object; members whose name ends in ! must be there.</summary>
internal sealed record ObjectShape : RequestShape
{
    private readonly (string Name, RequestShape Shape, bool IsRequired)[] _members;
    private readonly string _name;

    public ObjectShape(string name, params ReadOnlySpan<(string Name, RequestShape Shape)> members)
    {
        _name = name;
        _members = [.. members.ToArray().Select(
            member => (member.Name.TrimEnd('!'), member.Shape, member.Name.EndsWith('!')))];
    }

    /// <summary>As Java prints it.</summary>
    public override string Shown(JsonValue value) => $"{_name}({string.Join(
        ", ",
        _members.Where(member => value[member.Name] is { IsDefined: true, IsNull: false })
            .Select(member => $"{member.Name}={member.Shape.Shown(value[member.Name])}"))})";

    public override string? Mistyped(JsonValue value)
    {
        if (!value.TryGetObject(out var fields))
        {
            return "Unexpected field type";
        }

        return _members
            .Where(member => fields[member.Name] is { IsDefined: true, IsNull: false })
            .Select(member => member.Shape.Mistyped(fields[member.Name]))
            .FirstOrDefault(wrong => wrong is not null);
    }

    public override void Check(JsonValue value, string path, RequestProblems problems)
    {
        foreach (var (name, shape, isRequired) in _members)
        {
            var at = path.Length == 0 ? name : $"{path}.{name}";
            if (value[name] is { IsDefined: true, IsNull: false } field)
            {
                shape.Check(field, at, problems);
            }
            else if (isRequired)
            {
                problems.TellMissing(at);
            }
        }
    }
}

/// <summary>What is wrong with a request: all of it, in one refusal.</summary>
internal sealed class RequestProblems(int payloadMax)
{
    private readonly List<string> _told = [];

    public int PayloadMax => payloadMax;

    public void Tell(RequestShape shape, JsonValue value, string path, string constraint)
    {
        var shown = shape.IsSensitive ? "" : $" '{shape.Shown(value)}'";
        _told.Add($"Value{shown} at '{path}' failed to satisfy constraint: {constraint}");
    }

    public void TellMissing(string path) =>
        _told.Add($"Value null at '{path}' failed to satisfy constraint: Member must not be null");

    public void CheckLength(RequestShape shape, JsonValue value, string path, int length, int min, int max)
    {
        if (length < min || length > max)
        {
            TellBound(shape, value, path, "length", isLess: length < min, length < min ? min : max);
        }
    }

    public void TellBound(
        RequestShape shape, JsonValue value, string path, string what, bool isLess, double bound) => Tell(
        shape, value, path, string.Create(
            CultureInfo.InvariantCulture,
            $"Member must have {what} {(isLess ? "greater" : "less")} than or equal to {bound}"));

    /// <summary>Refuses the request, if anything was told.</summary>
    public void Throw()
    {
        if (_told.Count > 0)
        {
            throw ApiRefusedException.Invalid(string.Create(
                CultureInfo.InvariantCulture,
                $"{_told.Count} validation error{(_told.Count == 1 ? "" : "s")} detected: {string.Join("; ", _told)}"));
        }
    }
}
