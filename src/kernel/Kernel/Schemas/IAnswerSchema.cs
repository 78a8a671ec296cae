using System.Text.Json;

namespace Analemma.Kernel.Schemas;

/// <summary>A JSON Schema that values are checked against. Pure; never throws on a value.</summary>
public interface IAnswerSchema
{
    /// <summary>What is wrong with a value, up to <see cref="SchemaLimits.ViolationsMax"/>; none if it fits.</summary>
    IReadOnlyList<SchemaViolation> Check(JsonElement value);
}

/// <summary>One way in which a value does not fit.</summary>
/// <param name="Pointer">Where in the value, as a JSON Pointer (RFC 6901); empty for all of it.</param>
/// <param name="Rule">The keyword of the schema that it breaks, such as <c>required</c>.</param>
/// <param name="Message">What is wrong, in words for a model or a person.</param>
public sealed record SchemaViolation(string Pointer, string Rule, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => Pointer.Length == 0 ? Message : $"{Pointer}: {Message}";
}

/// <summary>Bounds of schemas and of checking.</summary>
public static class SchemaLimits
{
    public const int ViolationsMax = 5;

    /// <summary>Of what is said of one, and of where it is.</summary>
    public const int ViolationCharsMax = 1_000;

    /// <summary>A schema as text.</summary>
    public const int CharsMax = 65_536;

    public const int DepthMax = 64;

    /// <summary>Keywords looked at for one value: choices within choices would multiply.</summary>
    public const int StepsMax = 200_000;

    public const int PatternCharsMax = 500;
}
