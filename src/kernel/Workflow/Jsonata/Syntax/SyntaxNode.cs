using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Functions;

namespace Analemma.Workflow.Jsonata.Syntax;

internal enum SyntaxKind
{
    End,
    Name,
    Literal,
    Variable,
    Wildcard,
    Descendant,
    Parent,
    Regex,

    /// <summary>The ? of a partial application, and a word as "and" where it is a name.</summary>
    Placeholder,
    Binary,
    Negate,
    Array,
    Object,
    Condition,
    Elvis,
    Coalesce,
    Block,
    Bind,
    Call,
    PartialCall,
    Lambda,
    Apply,
    Transform,
    Path,
    Sort,
}

/// <summary>A term of an order-by clause.</summary>
internal sealed record SortTerm(SyntaxNode Expression, bool IsDescending);

/// <summary>A predicate on a step, or the binding of a position (#).</summary>
internal sealed record Stage(SyntaxNode? Filter, string? Index);

/// <summary>Object members, or the groups of a group-by clause.</summary>
internal sealed record Group(List<(SyntaxNode Key, SyntaxNode Value)> Pairs, int Position);

/// <summary>A parent operator on its search for the step whose input it stands for.</summary>
internal sealed class AncestorSlot(string label, int index)
{
    public string Label { get; set; } = label;

    public int Index { get; } = index;

    public int Level { get; set; } = 1;
}

/// <summary>
/// A node of the syntax tree: as the parser reads it at first, then as the resolver has made it, which turns dots into
/// paths, hangs predicates and groups on their steps, and finds the step that each parent operator means.
/// </summary>
internal sealed class SyntaxNode(SyntaxKind kind, int position)
{
    public SyntaxKind Kind { get; set; } = kind;

    public int Position { get; } = position;

    /// <summary>Levels below and with this one.</summary>
    public int Height { get; set; } = 1;

    /// <summary>The operator, the name, the variable, the pattern.</summary>
    public string Text { get; init; } = "";

    public string Flags { get; init; } = "";

    public JsonValue Value { get; set; }

    public SyntaxNode? Left { get; set; }

    public SyntaxNode? Right { get; set; }

    public SyntaxNode? Else { get; set; }

    /// <summary>Items of an array, expressions of a block, arguments, parameters.</summary>
    public List<SyntaxNode> Items { get; set; } = [];

    public List<(SyntaxNode Key, SyntaxNode Value)> Pairs { get; init; } = [];

    public List<SortTerm> Terms { get; init; } = [];

    public Signature? Signature { get; set; }

    public List<SyntaxNode> Steps { get; init; } = [];

    /// <summary>On a step of a path.</summary>
    public List<Stage>? Stages { get; set; }

    /// <summary>On what is no path.</summary>
    public List<SyntaxNode>? Predicates { get; set; }

    public Group? Group { get; set; }

    public string? Focus { get; set; }

    public string? Index { get; set; }

    public AncestorSlot? Ancestor { get; set; }

    /// <summary>Of a parent operator.</summary>
    public AncestorSlot? Slot { get; init; }

    public List<AncestorSlot>? SeekingParent { get; set; }

    public bool IsTuple { get; set; }

    public bool IsConstructed { get; set; }

    public bool KeepArray { get; set; }

    public bool KeepSingletonArray { get; set; }

    /// <summary>A call whose result is that of the function around it.</summary>
    public bool IsTail { get; set; }

    /// <summary>What an error shows of it.</summary>
    public string Shown => Kind switch
    {
        SyntaxKind.End => "(end)",
        SyntaxKind.Literal => Value.IsString ? Value.AsString() : Value.ToString(),
        _ => Text,
    };
}
