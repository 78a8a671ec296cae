namespace Analemma.Workflow.Definitions;

/// <summary>One mistake in a definition, as ValidateStateMachineDefinition tells it.</summary>
/// <param name="Code">Stable: SCHEMA_VALIDATION_FAILED, MISSING_TRANSITION_TARGET …</param>
/// <param name="Message">In the service's words.</param>
/// <param name="Location">/States/Name/Field; null when it is about the whole text.</param>
public sealed record Diagnostic(string Code, string Message, string? Location)
{
    /// <summary>ERROR, or WARNING for what runs but is hardly meant.</summary>
    public string Severity { get; init; } = "ERROR";

    public bool IsError => Severity == "ERROR";

    /// <summary>As the service joins it: without a place it says null.</summary>
    public override string ToString() => $"{Code}: {Message} at {Location ?? "null"}";
}

/// <summary>Codes of <see cref="Diagnostic"/> (API reference, ValidateStateMachineDefinitionDiagnostic).</summary>
public static class DiagnosticCodes
{
    public const string SchemaValidationFailed = "SCHEMA_VALIDATION_FAILED";
    public const string MissingTransitionTarget = "MISSING_TRANSITION_TARGET";
    public const string MissingEndState = "MISSING_END_STATE";
    public const string DuplicateStateName = "DUPLICATE_STATE_NAME";
    public const string InvalidStateName = "INVALID_STATE_NAME";
    public const string InvalidJsonDescription = "INVALID_JSON_DESCRIPTION";
    public const string MissingDescription = "MISSING_DESCRIPTION";
    public const string InvalidLabelName = "INVALID_LABEL_NAME";
    public const string DuplicateLabelName = "DUPLICATE_LABEL_NAME";
    public const string InvalidJsonataExpression = "INVALID_JSONATA_EXPRESSION";
    public const string UnsupportedJsonataExpression = "UNSUPPORTED_JSONATA_EXPRESSION";
    public const string InvalidVariableName = "INVALID_VARIABLE_NAME";
    public const string ReservedVariableName = "RESERVED_VARIABLE_NAME";
    public const string TooDeeplyNested = "TOO_DEEPLY_NESTED";
    public const string NoDollar = "NO_DOLLAR";
    public const string NoPath = "NO_PATH";
    public const string PassResultIsStatic = "PASS_RESULT_IS_STATIC";
}

/// <summary>Mistakes as they are found.</summary>
internal sealed class Diagnostics
{
    private readonly List<Diagnostic> _found = [];

    public IReadOnlyList<Diagnostic> Found => _found;

    public void Schema(string message, string location) =>
        Add(DiagnosticCodes.SchemaValidationFailed, message, location);

    public void Add(string code, string message, string? location)
    {
        if (_found.Count < DefinitionLimits.DiagnosticsMax)
        {
            _found.Add(new Diagnostic(code, message, location is "" ? "/" : location));
        }
    }

    public void Warn(string code, string message, string location)
    {
        if (_found.Count < DefinitionLimits.DiagnosticsMax)
        {
            _found.Add(new Diagnostic(code, message, location) { Severity = "WARNING" });
        }
    }
}

/// <summary>Bounds of definitions; those of the service where it has one.</summary>
public static class DefinitionLimits
{
    /// <summary>Bytes of a definition's text.</summary>
    public const int BytesMax = 1024 * 1024;

    /// <summary>Characters of a state's name.</summary>
    public const int StateNameCharsMax = 80;

    /// <summary>Characters of a map's label.</summary>
    public const int LabelCharsMax = 40;

    /// <summary>Machines within machines.</summary>
    public const int NestingMax = 32;

    /// <summary>Mistakes of one definition that are kept: one more than are told.</summary>
    public const int DiagnosticsMax = 101;

    /// <summary>Seconds of a time-out or wait: some three years, as in the service.</summary>
    public const long SecondsMax = 99_999_999;
}
