using Analemma.Workflow.Json;
using Analemma.Workflow.Jsonata.Regexes;
using Analemma.Workflow.Jsonata.Runtime;
using Analemma.Workflow.Jsonata.Syntax;

namespace Analemma.Workflow.Jsonata.Nodes;

/// <summary>From the syntax tree to nodes that evaluate themselves.</summary>
internal sealed class Compiler
{
    /// <summary>
    /// Variables that the expression binds somewhere; all others can only be the caller's, or functions.
    /// </summary>
    private readonly HashSet<string>? _bound;

    private Compiler(HashSet<string>? bound) => _bound = bound;

    public static Node Compile(SyntaxNode tree)
    {
        HashSet<string> bound = new(StringComparer.Ordinal);
        Bindings.Collect(tree, bound);
        return new Compiler(bound).Node(tree);
    }

    /// <summary>For text within a running expression, which sees variables that are bound outside of it.</summary>
    public static Node CompileInner(SyntaxNode tree) => new Compiler(null).Node(tree);

    private Node Node(SyntaxNode tree)
    {
        StackGuard.Check("S0501", Parser.HeightMax);
        if (tree.Kind is SyntaxKind.Path)
        {
            return Decorated(Path(tree), tree, isPath: true);
        }

        return Decorated(Plain(tree), tree, isPath: false);
    }

    private Node Decorated(Node node, SyntaxNode tree, bool isPath)
    {
        var group = isPath ? null : Group(tree.Group);
        Filter[] predicates = [.. tree.Predicates?.Select(each => new Filter(Node(each))) ?? []];
        var decorated = predicates.Length == 0 && group is null ? node : new DecoratedNode(node, predicates, group);
        decorated.KeepArray = tree.KeepArray;
        return decorated;
    }

    private Node Plain(SyntaxNode tree) => tree.Kind switch
    {
        SyntaxKind.Literal => new LiteralNode(tree.Value),
        SyntaxKind.Variable => Variable(tree.Text),
        SyntaxKind.Name => new NameNode(tree.Text),
        SyntaxKind.Wildcard => new WildcardNode(),
        SyntaxKind.Descendant => new DescendantNode(),
        SyntaxKind.Parent => new ParentNode(new AncestorLabel(tree.Slot!.Label)),
        SyntaxKind.Regex => new RegexNode(Pattern.Compile(tree.Text, tree.Flags, tree.Position), tree.Position),
        SyntaxKind.Binary => Binary(tree, Node(tree.Left!), Node(tree.Right!)),
        SyntaxKind.Negate => new NegateNode(Node(tree.Left!), tree.Position),
        SyntaxKind.Array => Array(tree),
        SyntaxKind.Object => Group(new Group(tree.Pairs, tree.Position))!,
        SyntaxKind.Condition => new ConditionNode(
            Node(tree.Left!), Node(tree.Right!), tree.Else is null ? null : Node(tree.Else)),
        SyntaxKind.Elvis => new AlternativeNode(Node(tree.Left!), Node(tree.Right!), isCoalesce: false),
        SyntaxKind.Coalesce => new AlternativeNode(Node(tree.Left!), Node(tree.Right!), isCoalesce: true),
        SyntaxKind.Block => new BlockNode([.. tree.Items.Select(Node)], tree.Items.Exists(Bindings.BindsHere)),
        SyntaxKind.Bind => new BindNode(tree.Text, Node(tree.Right!)),
        SyntaxKind.Call => Call(tree),
        SyntaxKind.PartialCall => PartialCall(tree),
        SyntaxKind.Lambda => new LambdaNode(
            [.. tree.Items.Select(parameter => parameter.Text)], Node(tree.Left!), tree.Signature),
        SyntaxKind.Apply => Apply(tree),
        SyntaxKind.Transform => Transform(tree),
        _ => throw new JsonataException("S0206").At(tree.Position, tree.Shown),
    };

    private Node Variable(string name) =>
        name.Length == 0 ? new ContextNode()
        : _bound is not null && !_bound.Contains(name) ? new GlobalNode(name)
        : new VariableNode(name);

    private static Node Binary(SyntaxNode tree, Node left, Node right) => tree.Text switch
    {
        "+" or "-" or "*" or "/" or "%" => new ArithmeticNode(tree.Text[0], left, right, tree.Position),
        "=" or "!=" => new EqualityNode(tree.Text == "=", left, right),
        "<" or "<=" or ">" or ">=" => new ComparisonNode(tree.Text, left, right, tree.Position),
        "&" => new ConcatNode(left, right),
        ".." => new RangeNode(left, right, tree.Position),
        "in" => new InclusionNode(left, right),
        "and" or "or" => new BooleanNode(tree.Text == "and", left, right),
        _ => throw new JsonataException("S0204").At(tree.Position, tree.Text),
    };

    private ArrayNode Array(SyntaxNode tree) => new(
        [.. tree.Items.Select(item => (Node(item), item.Kind is SyntaxKind.Array))], tree.IsConstructed);

    private GroupNode? Group(Group? group) => group is null
        ? null
        : new GroupNode([.. group.Pairs.Select(pair => (Node(pair.Key), Node(pair.Value)))], group.Position);

    private static string? NameOf(SyntaxNode procedure) =>
        procedure.Kind is SyntaxKind.Path ? procedure.Steps[0].Text : procedure.Text;

    private CallNode Call(SyntaxNode tree) => new(
        Node(tree.Left!), NameOf(tree.Left!), [.. tree.Items.Select(Node)], tree.IsTail, tree.Position);

    private PartialCallNode PartialCall(SyntaxNode tree) => new(
        Node(tree.Left!),
        NameOf(tree.Left!),
        [.. tree.Items.Select(item => item.Kind is SyntaxKind.Placeholder ? null : Node(item))],
        tree.Position);

    /// <summary>A predicate on a call to which ~> gives an argument is passed over, as in the reference.</summary>
    private ApplyNode Apply(SyntaxNode tree) => new(
        Node(tree.Left!), tree.Right!.Kind is SyntaxKind.Call ? Call(tree.Right) : Node(tree.Right), tree.Position);

    private TransformNode Transform(SyntaxNode tree) => new(
        Node(tree.Left!), Node(tree.Right!), tree.Else is null ? null : Node(tree.Else), tree.Position)
    {
        UpdatePosition = tree.Right!.Position,
        DeletePosition = tree.Else?.Position ?? 0,
    };

    private PathNode Path(SyntaxNode tree) => new([.. tree.Steps.Select(Step)])
    {
        IsAbsolute = tree.Steps[0].Kind is SyntaxKind.Variable,
        KeepSingletonArray = tree.KeepSingletonArray,
        GivesTuples = tree.IsTuple,
        Group = Group(tree.Group),
    };

    private PathStep Step(SyntaxNode step)
    {
        var isSort = step.Kind is SyntaxKind.Sort;
        return new PathStep(isSort ? new LiteralNode(JsonValue.Null) : Node(step))
        {
            Sort = isSort ? Sort(step) : null,
            Stages = step.Stages is null ? [] : [.. step.Stages.Select(Stage)],
            Focus = step.Focus,
            Index = step.Index,
            Ancestor = step.Ancestor is null ? null : new AncestorLabel(step.Ancestor.Label),
            IsTuple = step.IsTuple,
            IsConstructed = step.IsConstructed,
        };
    }

    private PathStage Stage(Stage stage) =>
        new(stage.Filter is null ? null : new Filter(Node(stage.Filter)), stage.Index);

    private SortNode Sort(SyntaxNode step) => new(
        [.. step.Terms.Select(term => (Node(term.Expression), term.IsDescending))], step.Position);
}

/// <summary>Which variables an expression binds, and which it names.</summary>
internal static class Bindings
{
    /// <summary>All that are bound anywhere: by :=, as parameters, by @ and #.</summary>
    public static void Collect(SyntaxNode tree, HashSet<string> bound)
    {
        StackGuard.Check("S0501", Parser.HeightMax);
        if (tree.Kind is SyntaxKind.Bind)
        {
            bound.Add(tree.Text);
        }

        if (tree.Kind is SyntaxKind.Lambda)
        {
            bound.UnionWith(tree.Items.Select(parameter => parameter.Text));
        }

        bound.UnionWith(new[] { tree.Focus, tree.Index }.OfType<string>());
        bound.UnionWith(tree.Stages?.Select(stage => stage.Index).OfType<string>() ?? []);
        foreach (var part in PartsOf(tree))
        {
            Collect(part, bound);
        }
    }

    /// <summary>Whether it binds in the scope that is around it: not in a function or a block of its own.</summary>
    public static bool BindsHere(SyntaxNode tree) =>
        tree.Kind is SyntaxKind.Bind
        || (tree.Kind is not (SyntaxKind.Lambda or SyntaxKind.Block) && PartsOf(tree).Any(BindsHere))
        || (tree.Kind is SyntaxKind.Block && (tree.Predicates?.Exists(BindsHere) ?? false));

    /// <summary>Every variable that is named and not bound in the expression.</summary>
    public static void CollectFree(SyntaxNode tree, HashSet<string> bound, HashSet<string> free)
    {
        if (tree.Kind is SyntaxKind.Variable && tree.Text.Length > 0 && !bound.Contains(tree.Text))
        {
            free.Add(tree.Text);
        }

        foreach (var part in PartsOf(tree))
        {
            CollectFree(part, bound, free);
        }
    }

    /// <summary>The members of a variable that are named behind it: $states.input has input.</summary>
    public static void CollectMembers(SyntaxNode tree, string variable, HashSet<string> members)
    {
        if (tree is
            {
                Kind: SyntaxKind.Path,
                Steps: [{ Kind: SyntaxKind.Variable } first, { Kind: SyntaxKind.Name } second, ..],
            }
            && first.Text == variable)
        {
            members.Add(second.Text);
        }

        foreach (var part in PartsOf(tree))
        {
            CollectMembers(part, variable, members);
        }
    }

    private static IEnumerable<SyntaxNode> PartsOf(SyntaxNode tree) =>
    [
        .. new[] { tree.Left, tree.Right, tree.Else }.OfType<SyntaxNode>(),
        .. tree.Items,
        .. tree.Steps,
        .. tree.Pairs.SelectMany(pair => new[] { pair.Key, pair.Value }),
        .. tree.Terms.Select(term => term.Expression),
        .. tree.Predicates ?? [],
        .. tree.Stages?.Select(stage => stage.Filter).OfType<SyntaxNode>() ?? [],
        .. tree.Group?.Pairs.SelectMany(pair => new[] { pair.Key, pair.Value }) ?? [],
    ];
}
