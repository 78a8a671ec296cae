using System.Globalization;
using Analemma.Workflow.Intrinsics;
using Analemma.Workflow.Json;
using Analemma.Workflow.Paths;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Definitions;

/// <summary>Reads the fields of one object of a definition; tells every mistake and goes on.</summary>
internal sealed class FieldReader(JsonObject fields, string location, QueryLanguage language, Diagnostics diagnostics)
{
    private const int VariableCharsMax = 80;

    private const string NoPath = "Value must be a valid JSONPath.";

    // What may stand where a text is wanted (Developer Guide, Fail state, CausePath).
    private static readonly HashSet<string> TextCalls = new(StringComparer.Ordinal)
    {
        "States.Format", "States.JsonToString", "States.ArrayGetItem", "States.Base64Encode", "States.Base64Decode",
        "States.Hash", "States.UUID",
    };

    // Within a state, which expressions name their places from: Catch[0]/ before Output.
    private string _within = "";

    public string Location => location;

    public QueryLanguage Language => language;

    public Diagnostics Diagnostics => diagnostics;

    public bool IsJsonata => language is QueryLanguage.Jsonata;

    public JsonValue this[string name] => fields[name];

    public bool Has(string name) => fields.Has(name);

    public string At(string name) => $"{location}/{name}";

    /// <summary>Reads an object in a field of this one, as a thing of its own.</summary>
    public FieldReader Below(JsonObject inner, string name, QueryLanguage? other = null) =>
        new(inner, At(name), other ?? language, diagnostics);

    /// <summary>Reads an object in a field of this one, as a part of this one.</summary>
    public FieldReader Part(JsonObject inner, string name) =>
        new(inner, At(name), language, diagnostics) { _within = $"{_within}{name}/" };

    public void Wrong(string message, string? name = null) =>
        diagnostics.Schema(message, name is null ? location : At(name));

    /// <summary>Fields that must be there; told in one message, in this order.</summary>
    public bool Require(params ReadOnlySpan<string> names)
    {
        List<string> missing = [];
        foreach (var name in names)
        {
            if (!fields.Has(name))
            {
                missing.Add(name);
            }
        }

        if (missing.Count > 0)
        {
            Wrong($"These fields are required: [{string.Join(", ", missing)}]");
        }

        return missing.Count == 0;
    }

    /// <summary>Tells each field that is not among these.</summary>
    /// <param name="names">Those that may be there.</param>
    /// <param name="ofOther">Those that may be there in the other query language.</param>
    public void AllowOnly(IReadOnlySet<string> names, IReadOnlySet<string>? ofOther = null)
    {
        foreach (var name in fields.Names)
        {
            if (!names.Contains(name))
            {
                Unsupported(name, ofOther?.Contains(name) is true);
            }
        }
    }

    /// <summary>Tells of a field that may not be there.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="isOfOther">Whether it may in the other query language.</param>
    public void Unsupported(string name, bool isOfOther = false)
    {
        var (mine, other) = IsJsonata ? ("JSONata", "JSONPath") : ("JSONPath", "JSONata");
        Wrong(isOfOther
            ? $"The QueryLanguage is set to '{mine}', but field '{name}' is only supported for the '{other}' "
                + "QueryLanguage"
            : $"Field '{name}' is not supported");
    }

    public string? Text(string name)
    {
        var value = fields[name];
        if (value.IsUndefined || value.TryGetString(out var text))
        {
            return value.IsUndefined ? null : value.AsString();
        }

        Wrong("Expected value of type String", name);
        return null;
    }

    public bool? Flag(string name)
    {
        var value = fields[name];
        if (value.IsDefined && !value.IsBoolean)
        {
            Wrong("Expected value of type Boolean", name);
        }

        return value.IsBoolean ? value.IsTrue : null;
    }

    /// <summary>A whole number within bounds.</summary>
    public long? Whole(string name, long min, long max)
    {
        var value = fields[name];
        if (value.IsUndefined)
        {
            return null;
        }

        if (!value.TryGetInt64(out var whole))
        {
            Wrong("Expected value of type Integer", name);
            return null;
        }

        if (Bounds.Whole(value, min, max) is not { } wrong)
        {
            return whole;
        }

        Wrong(wrong, name);
        return null;
    }

    public string? OneOf(string name, params ReadOnlySpan<string> values)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        foreach (var value in values)
        {
            if (value == text)
            {
                return text;
            }
        }

        Wrong($"Value should be one of the following: [{string.Join(", ", values)}]", name);
        return null;
    }

    /// <summary>Tells when more than one of these is there, or none of them, when one must be.</summary>
    public bool HasOneOf(bool isRequired, params ReadOnlySpan<string> names)
    {
        var count = 0;
        foreach (var name in names)
        {
            count += fields.Has(name) ? 1 : 0;
        }

        if (count > 1)
        {
            Wrong($"There should only be one of the following fields: [{string.Join(", ", names)}]");
        }
        else if (count == 0 && isRequired)
        {
            Wrong($"This object should have only one of the following fields: [{string.Join(", ", names)}]");
        }

        return count == 1;
    }

    public JsonObject? Object(string name)
    {
        var value = fields[name];
        if (value.IsUndefined || value.TryGetObject(out var inner))
        {
            return value.IsUndefined ? null : value.AsObject();
        }

        Wrong("Expected value of type Object", name);
        return null;
    }

    public JsonArray? Array(string name)
    {
        var value = fields[name];
        if (value.IsUndefined || value.TryGetArray(out var items))
        {
            return value.IsUndefined ? null : value.AsArray();
        }

        Wrong("Expected value of type Array", name);
        return null;
    }

    /// <summary>An array that has something in it.</summary>
    public JsonArray? Filled(string name)
    {
        var items = Array(name);
        if (items is { Count: 0 })
        {
            Wrong("Value cannot be empty", name);
        }

        return items;
    }

    /// <summary>A path, null for nothing, or $ where the field is not there.</summary>
    public PathField Path(string name)
    {
        var value = fields[name];
        if (value.IsUndefined)
        {
            return PathField.Whole;
        }

        if (value.IsNull)
        {
            return new PathField(name, null);
        }

        if (value.TryGetString(out var text) && JsonPath.TryParse(text) is { } path)
        {
            return new PathField(name, path);
        }

        Wrong(value.IsString ? NoPath : "Expected value of type String", name);
        return PathField.Whole;
    }

    /// <summary>A path to write to.</summary>
    public PathField ReferencePath(string name)
    {
        var read = Path(name);
        if (read.Path is { IsReference: false })
        {
            Wrong("Value is not a Reference Path", name);
        }

        return read;
    }

    /// <summary>A payload template of the state's language.</summary>
    public Template? Template(string name)
    {
        var value = fields[name];
        if (value.IsUndefined)
        {
            return null;
        }

        if (!IsJsonata)
        {
            WarnOfStaticPaths(value, At(name));
        }

        return IsJsonata
            ? ExpressionTemplates.Compile(value, _within + name, StatesMemberIn(name), Tell)
            : PathTemplates.Compile(value, (field, what) => Wrong($"The value for the field '{field}' {what}", name));
    }

    /// <summary>Assign, whose names are variables.</summary>
    public Template? Assignments(string name = "Assign")
    {
        if (Object(name) is { } variables)
        {
            foreach (var variable in variables.Names)
            {
                CheckVariable(name, variable);
            }
        }

        return Template(name);
    }

    /// <summary>A field that is a literal, an expression, or under the name with Path behind it a path.</summary>
    public ValueField? Value(
        string name, Func<JsonValue, string?> check, bool pathMayCall = false, bool isReference = false)
    {
        var path = $"{name}Path";
        if (!IsJsonata && fields.Has(path))
        {
            return ReadPath(path, pathMayCall, isReference);
        }

        var value = fields[name];
        if (value.IsUndefined)
        {
            return null;
        }

        if (IsJsonata && ExpressionTemplates.IsExpression(value))
        {
            var compiled = ExpressionTemplates.Compile(value, _within + name, available: null, Tell);
            return new ValueField { Name = name, Expression = compiled };
        }

        if (check(value) is { } wrong)
        {
            Wrong(wrong, name);
        }

        return new ValueField { Name = name, Literal = value };
    }

    // Output and Assign see what came of the state, those of a catcher the error (Developer Guide, $states).
    private string? StatesMemberIn(string name) =>
        name is not ("Output" or "Assign") ? null
        : _within.StartsWith("Catch[", StringComparison.Ordinal) ? "errorOutput"
        : _within.Length == 0 && fields["Type"].TryGetString(out var type) && type is "Task" or "Map" or "Parallel"
            ? "result"
        : null;

    private void WarnOfStaticPaths(JsonValue value, string at)
    {
        if (value.TryGetArray(out var items))
        {
            for (var i = 0; i < items.Count; i++)
            {
                WarnOfStaticPaths(items[i], FormattableString.Invariant($"{at}[{i}]"));
            }
        }
        else if (value.TryGetObject(out var inner))
        {
            foreach (var (name, field) in inner)
            {
                if (!name.EndsWith(".$", StringComparison.Ordinal)
                    && field.TryGetString(out var text) && IsDynamic(text))
                {
                    diagnostics.Warn(
                        DiagnosticCodes.NoDollar,
                        "No '.$' on a field that appears to be a JSONPath or Intrinsic Function.",
                        $"{at}/{name}");
                }

                WarnOfStaticPaths(field, $"{at}/{name}");
            }
        }
    }

    private static bool IsDynamic(string text) => IntrinsicCall.LooksLikeOne(text)
        ? IntrinsicCall.TryParse(text) is not null
        : (text.StartsWith("$.", StringComparison.Ordinal) || text.StartsWith("$$.", StringComparison.Ordinal))
            && JsonPath.TryParse(text) is not null;

    // The place of an expression is named from the state, which is above the parts.
    private void Tell(string where, TemplateProblem problem) => diagnostics.Add(
        problem.Code,
        problem.Message,
        $"{location[..^_within.Length]}/{where}".Replace("//", "/", StringComparison.Ordinal));

    private ValueField? ReadPath(string name, bool mayCall, bool isReference)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (mayCall && IntrinsicCall.LooksLikeOne(text) && IntrinsicCall.TryParse(text) is { } call)
        {
            if (!TextCalls.Contains(call.Name))
            {
                Wrong($"The intrinsic function '{call.Name}' does not return a string", name);
            }

            return new ValueField { Name = name, Call = call };
        }

        if (JsonPath.TryParse(text) is not { } path)
        {
            Wrong(NoPath, name);
            return null;
        }

        if (isReference && (!path.IsDefinite || path.Root is PathRoot.Context))
        {
            Wrong("Value is not a Reference Path", name);
        }

        return new ValueField { Name = name, Path = path };
    }

    // Letters, marks, digits and connectors (Unicode Standard Annex 31, ID_Continue).
    private static bool IsInName(char c) => char.IsLetterOrDigit(c) || char.GetUnicodeCategory(c)
        is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.NonSpacingMark
        or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.LetterNumber;

    private void CheckVariable(string name, string variable)
    {
        var plain = !IsJsonata && variable.EndsWith(".$", StringComparison.Ordinal) ? variable[..^2] : variable;
        var isName = plain.Length is > 0 and <= VariableCharsMax
            && (char.IsLetter(plain[0]) || plain[0] == '_')
            && plain.All(IsInName);
        if (!isName)
        {
            diagnostics.Add(
                DiagnosticCodes.InvalidVariableName,
                $"Invalid variable name '{plain}': the variable name contains invalid characters.",
                At(name));
        }
        else if (plain == "states")
        {
            diagnostics.Add(
                DiagnosticCodes.ReservedVariableName, "Cannot assign to reserved variable '$states'.", At(name));
        }
    }
}
