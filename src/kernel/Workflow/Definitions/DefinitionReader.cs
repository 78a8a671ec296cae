using System.Collections.Immutable;
using System.Text;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Definitions;

// FROM TEXT TO A COMPILED DEFINITION
//
//   text ─► JSON ─► states, each by the reader of its type ─► transitions ─► StateMachineDefinition, or diagnostics
//
// All mistakes are told at once, with the codes, words and places of ValidateStateMachineDefinition. Paths, calls and
// expressions are compiled here, once.
/// <summary>Reads definitions in the States Language.</summary>
public static class DefinitionReader
{
    private static readonly HashSet<string> Fields = new(StringComparer.Ordinal)
    {
        "Comment", "StartAt", "States", "TimeoutSeconds", "Version", "QueryLanguage", "ProcessorConfig",
    };

    // The language is that of the whole, or of one state: not of a machine within a state.
    private static readonly HashSet<string> InnerFields = new(Fields.Except(["QueryLanguage"]), StringComparer.Ordinal);

    private static readonly JsonLimits Limits = new(DefinitionLimits.BytesMax, JsonLimits.Default.DepthMax);

    /// <summary>Reads and compiles a definition.</summary>
    /// <param name="text">As it was sent.</param>
    /// <param name="isExpress">Whether it is of an EXPRESS machine, which may do less.</param>
    public static DefinitionReading Read(string text, bool isExpress = false)
    {
        Diagnostics diagnostics = new();
        if (string.IsNullOrWhiteSpace(text)
            || !JsonValue.TryParse(Encoding.UTF8.GetBytes(text), Limits, out var json, out _))
        {
            diagnostics.Add(
                DiagnosticCodes.SchemaValidationFailed, "Definition must be a valid JSON object", location: null);
            return new DefinitionReading(null, diagnostics.Found);
        }

        return Read(json, isExpress);
    }

    /// <summary>Compiles a definition that is JSON already.</summary>
    public static DefinitionReading Read(JsonValue json, bool isExpress = false)
    {
        Diagnostics diagnostics = new();
        if (!json.TryGetObject(out var fields))
        {
            diagnostics.Add(
                DiagnosticCodes.SchemaValidationFailed, "Definition must be a valid JSON object", location: null);
            return new DefinitionReading(null, diagnostics.Found);
        }

        var languageAtTop = LanguageOf(fields, QueryLanguage.JsonPath);
        ReadingContext context = new(isExpress, languageAtTop, new HashSet<string>(StringComparer.Ordinal));
        FieldReader reader = new(fields, "", languageAtTop, diagnostics);
        var machine = ReadMachine(reader, context, depth: 0);
        return new DefinitionReading(
            diagnostics.Found.Any(found => found.IsError) ? null : machine, diagnostics.Found)
        {
            Readable = machine,
        };
    }

    /// <summary>Compiles one state alone, as TestState has it.</summary>
    public static StateReading ReadState(JsonValue json, string name)
    {
        Diagnostics diagnostics = new();
        if (!json.TryGetObject(out var fields))
        {
            diagnostics.Add(
                DiagnosticCodes.SchemaValidationFailed, "Definition must be a valid JSON object", location: null);
            return new StateReading(null, diagnostics.Found);
        }

        ReadingContext context = new(
            IsExpress: false, QueryLanguage.JsonPath, new HashSet<string>(StringComparer.Ordinal));
        var reader = new FieldReader(fields, "", LanguageOf(fields, QueryLanguage.JsonPath), diagnostics);
        var state = StateReader.Read(reader, name, context, depth: 0);
        return new StateReading(diagnostics.Found.Any(found => found.IsError) ? null : state, diagnostics.Found);
    }

    internal static StateMachineDefinition? ReadMachine(FieldReader reader, ReadingContext context, int depth)
    {
        if (depth > DefinitionLimits.NestingMax)
        {
            reader.Diagnostics.Add(
                DiagnosticCodes.TooDeeplyNested, "The states are too deeply nested", reader.Location);
            return null;
        }

        var isWhole = reader.Require("States", "StartAt");
        reader.AllowOnly(depth == 0 ? Fields : InnerFields);
        if (depth == 0)
        {
            reader.OneOf("QueryLanguage", "JSONPath", "JSONata");
        }

        reader.OneOf("Version", "1.0");
        var timeout = reader.Whole("TimeoutSeconds", 0, DefinitionLimits.SecondsMax);
        var startAt = reader.Text("StartAt");
        if (reader.Object("States") is not { } states || startAt is null)
        {
            return null;
        }

        var inStates = reader.Below(states, "States");
        CheckAssigned(inStates, states, context);
        var inner = context with { Assigned = context.Assigned.Union(AssignedIn(states).Select(each => each.Name)) };
        var read = ReadStates(inStates, states, inner, depth);
        if (states.Count == 0)
        {
            reader.Wrong("Value cannot be empty", "States");
        }

        StateMachineDefinition machine = new()
        {
            Location = reader.Location,
            Comment = reader.Text("Comment"),
            StartAt = startAt,
            States = read,
            Language = reader.Language,
            // Zero is taken, and stands for none.
            TimeoutSeconds = timeout is 0 ? null : timeout,
        };
        TransitionCheck.Check(machine, states, reader.Diagnostics);
        return isWhole ? machine : null;
    }

    // Whatever is there and is not JSONPath counts as JSONata, at the service too; that it is wrong is told apart.
    internal static QueryLanguage LanguageOf(JsonObject fields, QueryLanguage inherited) =>
        fields["QueryLanguage"] is not { IsDefined: true } given ? inherited
        : given.TryGetString(out var text) && text == "JSONPath" ? QueryLanguage.JsonPath
        : QueryLanguage.Jsonata;

    private static Dictionary<string, StateDefinition> ReadStates(
        FieldReader reader, JsonObject states, ReadingContext context, int depth)
    {
        Dictionary<string, StateDefinition> read = new(states.Count, StringComparer.Ordinal);
        foreach (var (name, value) in states)
        {
            CheckName(reader, name, context);
            if (!value.TryGetObject(out var fields))
            {
                reader.Wrong("Expected value of type Object", name);
                continue;
            }

            var below = reader.Below(fields, name, LanguageOf(fields, context.Language));
            if (StateReader.Read(below, name, context, depth) is { } state)
            {
                read.Add(name, state);
            }
        }

        return read;
    }

    // What is assigned around a machine is not assigned in it too (Developer Guide, Variable scope).
    private static void CheckAssigned(FieldReader reader, JsonObject states, ReadingContext context)
    {
        foreach (var (state, name) in AssignedIn(states).Where(each => context.Assigned.Contains(each.Name)))
        {
            reader.Wrong(
                $"The variable '{name}' is assigned in an outer scope and cannot be assigned in an inner one", state);
        }
    }

    private static IEnumerable<(string State, string Name)> AssignedIn(JsonObject states)
    {
        foreach (var (state, fields) in states)
        {
            JsonValue[] parts = [fields, .. Items(fields["Catch"]), .. Items(fields["Choices"])];
            foreach (var part in parts)
            {
                var assigned = part["Assign"].TryGetObject(out var given) ? given : JsonObject.Empty;
                foreach (var (name, _) in assigned)
                {
                    yield return (state, name.EndsWith(".$", StringComparison.Ordinal) ? name[..^2] : name);
                }
            }
        }
    }

    private static JsonValue[] Items(JsonValue value) =>
        value.TryGetArray(out var items) ? items.Items.ToArray() : [];

    private static void CheckName(FieldReader reader, string name, ReadingContext context)
    {
        if (name.Length is 0 or > DefinitionLimits.StateNameCharsMax)
        {
            reader.Diagnostics.Add(
                DiagnosticCodes.InvalidStateName,
                $"State name must have 1 to {DefinitionLimits.StateNameCharsMax} characters",
                reader.At(name));
        }

        if (!context.Names.Add(name))
        {
            reader.Diagnostics.Add(
                DiagnosticCodes.DuplicateStateName, $"Duplicate State name: {name}", reader.At(name));
        }
    }
}

/// <summary>What came of reading a definition.</summary>
/// <param name="Machine">Null when a diagnostic is an error.</param>
/// <param name="Diagnostics">Errors and warnings.</param>
public sealed record DefinitionReading(StateMachineDefinition? Machine, IReadOnlyList<Diagnostic> Diagnostics)
{
    /// <summary>What could be made of it, whatever is wrong with it; null when it has no states.</summary>
    public StateMachineDefinition? Readable { get; init; }

    /// <summary>As InvalidDefinition says it: all errors, one after the other.</summary>
    public string Problem => string.Join(", ", Diagnostics.Where(found => found.IsError));
}

/// <summary>What came of reading a state.</summary>
/// <param name="State">Null when a diagnostic is an error.</param>
/// <param name="Diagnostics">Errors and warnings.</param>
public sealed record StateReading(StateDefinition? State, IReadOnlyList<Diagnostic> Diagnostics)
{
    /// <summary>As InvalidDefinition says it: all errors, one after the other.</summary>
    public string Problem => string.Join(", ", Diagnostics.Where(found => found.IsError));
}

/// <summary>What is the same throughout one document.</summary>
internal sealed record ReadingContext(bool IsExpress, QueryLanguage Language, HashSet<string> Names)
{
    public HashSet<string> Labels { get; } = new(StringComparer.Ordinal);

    /// <summary>Variables that are assigned around what is read.</summary>
    public ImmutableHashSet<string> Assigned { get; init; } = ImmutableHashSet.Create<string>(StringComparer.Ordinal);
}
