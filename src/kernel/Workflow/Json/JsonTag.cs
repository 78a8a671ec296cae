namespace Analemma.Workflow.Json;

/// <summary>Says what the bits of a <see cref="JsonValue"/> without an object are. One instance for each.</summary>
internal sealed class JsonTag
{
    public static readonly JsonTag Null = new(JsonKind.Null);
    public static readonly JsonTag Boolean = new(JsonKind.Boolean);
    public static readonly JsonTag Integer = new(JsonKind.Number);
    public static readonly JsonTag Double = new(JsonKind.Number);

    private JsonTag(JsonKind kind) => Kind = kind;

    public JsonKind Kind { get; }
}

/// <summary>An integer beyond 64 bits, or a number beyond a double, as it was written.</summary>
internal sealed class JsonBigNumber(string text, double approximate)
{
    public string Text { get; } = text;

    public double Approximate { get; } = approximate;
}

/// <summary>What only an expression can hold.</summary>
internal abstract class JsonOpaque;
