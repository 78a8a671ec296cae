namespace Analemma.Workflow.Json;

/// <summary>How a value is written. The default is what JSON.stringify gives: no space, JavaScript's numbers.</summary>
/// <param name="Style">Of doubles.</param>
/// <param name="Indent">Spaces a level; 0 for one line.</param>
public readonly record struct JsonWriteOptions(JsonNumberStyle Style = JsonNumberStyle.JavaScript, int Indent = 0)
{
    /// <summary>As the workflow service writes payloads.</summary>
    public static JsonWriteOptions Service { get; } = new(JsonNumberStyle.Java);

    /// <summary>
    /// At how many bytes to stop with a <see cref="JsonSizeException"/>; 0 for a gibibyte. A small value can be long
    /// when it holds the same one many times over.
    /// </summary>
    public int BytesMax { get; init; }

    /// <summary>Numbers are cut to 15 significant digits, which hides what 0.1 + 0.2 leaves.</summary>
    internal bool IsRounded { get; init; }
}
