namespace Analemma.Workflow.Json;

/// <summary>What a <see cref="JsonValue"/> is. <see cref="Undefined"/> is the default: no value, not null.</summary>
public enum JsonKind
{
    /// <summary>No value at all: what a path that leads nowhere gives. Never inside an array or object.</summary>
    Undefined,
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,

    /// <summary>What lives only within an expression, as a function does. Written as an empty string.</summary>
    Opaque,
}
