using Analemma.Workflow.Json;

namespace Analemma.Workflow.Jsonata.Syntax;

internal enum TokenKind
{
    End,
    Name,
    Variable,
    Operator,
    String,
    Number,
    Value,
    Regex,
}

/// <summary>A word of an expression.</summary>
/// <param name="Kind">What sort of word.</param>
/// <param name="Text">The operator, the name, a variable's name without its $, a regular expression's pattern.</param>
/// <param name="Value">Of a literal.</param>
/// <param name="Position">The offset after it, which is how JSONata's errors count.</param>
/// <param name="Flags">Of a regular expression.</param>
internal readonly record struct Token(TokenKind Kind, string Text, JsonValue Value, int Position, string Flags = "")
{
    /// <summary>What an error shows.</summary>
    public string Shown => Kind switch
    {
        TokenKind.End => "(end)",
        TokenKind.String or TokenKind.Number or TokenKind.Value => Value.IsString ? Value.AsString() : Value.ToString(),
        _ => Text,
    };

    public bool Is(string op) => Kind is TokenKind.Operator && Text == op;
}
