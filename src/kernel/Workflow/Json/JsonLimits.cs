using System.Runtime.CompilerServices;

namespace Analemma.Workflow.Json;

/// <summary>What text a parser takes.</summary>
/// <param name="BytesMax">Of UTF-8.</param>
/// <param name="DepthMax">Arrays and objects within each other.</param>
public readonly record struct JsonLimits(int BytesMax, int DepthMax)
{
    /// <summary>Deeper than this no value is written, compared or read: the stack has an end.</summary>
    public const int DepthCeiling = 1000;

    /// <summary>The longest number, in characters, that is read.</summary>
    public const int NumberCharsMax = 1000;

    /// <summary>256 KiB, as the service has it, and 500 levels.</summary>
    public static JsonLimits Default { get; } = new(256 * 1024, 500);

    /// <summary>For text of our own: 1 GiB, and as deep as anything may be.</summary>
    public static JsonLimits Widest { get; } = new(1024 * 1024 * 1024, DepthCeiling);

    /// <summary>For payloads, which have a limit of their own: as deep as by default, and up to 1 GiB.</summary>
    public static JsonLimits Payload { get; } = Default with { BytesMax = Widest.BytesMax };

    internal static void CheckDepth(int depth)
    {
        // Sixteen levels take less than what is left of a stack when it is said to be nearly full.
        if (depth > DepthCeiling || (depth % 16 == 0 && !RuntimeHelpers.TryEnsureSufficientExecutionStack()))
        {
            throw new JsonDepthException();
        }
    }
}

/// <summary>A value that a program built goes deeper than <see cref="JsonLimits.DepthCeiling"/>.</summary>
public sealed class JsonDepthException()
    : Exception($"the value is nested deeper than {JsonLimits.DepthCeiling} levels");

/// <summary>A value is longer, when written, than was allowed.</summary>
public sealed class JsonSizeException(int bytesMax) : Exception($"the value takes more than {bytesMax} bytes");
