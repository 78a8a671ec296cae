using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Syntax;

/// <summary>
/// Makes of what was parsed what is meant: a.b.c becomes one path of steps, a predicate or a grouping belongs to the
/// step before it, and a call at the end of a function body is marked, so that it needs no stack.
/// </summary>
internal sealed partial class Resolver
{
    private readonly List<SyntaxNode> _parents = [];
    private int _ancestorLabel;

    public static SyntaxNode Resolve(SyntaxNode parsed)
    {
        var tree = new Resolver().Process(parsed);
        return tree.Kind is SyntaxKind.Parent || tree.SeekingParent is not null
            ? throw new JsonataException("S0217").At(tree.Position, "parent")
            : tree;
    }

    private SyntaxNode Process(SyntaxNode node)
    {
        StackGuard.Check("S0501", Parser.HeightMax);
        var result = node.Kind switch
        {
            SyntaxKind.Binary => Binary(node),
            SyntaxKind.Negate => Negate(node),
            SyntaxKind.Array or SyntaxKind.Block => Listed(node),
            SyntaxKind.Object => Object(node),
            SyntaxKind.Call or SyntaxKind.PartialCall => Call(node),
            SyntaxKind.Lambda => Lambda(node),
            SyntaxKind.Condition or SyntaxKind.Elvis or SyntaxKind.Coalesce => Condition(node),
            SyntaxKind.Transform => Transform(node),
            SyntaxKind.Name => Name(node),
            SyntaxKind.Parent => Parent(node),
            SyntaxKind.Placeholder when node.Text == "?" => node,
            SyntaxKind.Placeholder => Name(new SyntaxNode(SyntaxKind.Name, node.Position)
            {
                Text = node.Text,
                KeepArray = node.KeepArray,
            }),
            SyntaxKind.End => throw new JsonataException("S0207").At(node.Position, "(end)"),
            _ => node,
        };
        result.KeepArray |= node.KeepArray;
        return result;
    }

    private static SyntaxNode Name(SyntaxNode node)
    {
        SyntaxNode path = new(SyntaxKind.Path, node.Position) { KeepSingletonArray = node.KeepArray };
        path.Steps.Add(node);
        return path;
    }

    private SyntaxNode Parent(SyntaxNode node)
    {
        SyntaxNode parent = new(SyntaxKind.Parent, node.Position)
        {
            Text = "%",
            Slot = new AncestorSlot($"!{_ancestorLabel++}", _parents.Count),
        };
        _parents.Add(parent);
        return parent;
    }

    private SyntaxNode Negate(SyntaxNode node)
    {
        var operand = Process(node.Left!);
        if (operand.Kind is SyntaxKind.Literal && operand.Value.TryGetDouble(out var number))
        {
            operand.Value = -number;
            return operand;
        }

        node.Left = operand;
        PushAncestry(node, operand);
        return node;
    }

    private SyntaxNode Listed(SyntaxNode node)
    {
        for (var i = 0; i < node.Items.Count; i++)
        {
            var item = node.Items[i] = Process(node.Items[i]);
            PushAncestry(node, item);
            if (node.Kind is SyntaxKind.Block)
            {
                node.IsConstructed |= item.IsConstructed
                    || (item.Kind is SyntaxKind.Path && item.Steps[0].IsConstructed);
            }
        }

        return node;
    }

    private SyntaxNode Object(SyntaxNode node)
    {
        for (var i = 0; i < node.Pairs.Count; i++)
        {
            var (key, value) = node.Pairs[i];
            node.Pairs[i] = (key, value) = (Process(key), Process(value));
            PushAncestry(node, key);
            PushAncestry(node, value);
        }

        return node;
    }

    private SyntaxNode Call(SyntaxNode node)
    {
        for (var i = 0; i < node.Items.Count; i++)
        {
            node.Items[i] = Process(node.Items[i]);
            PushAncestry(node, node.Items[i]);
        }

        node.Left = Process(node.Left!);
        return node;
    }

    private SyntaxNode Lambda(SyntaxNode node)
    {
        node.Left = Process(node.Left!);
        MarkTail(node.Left);
        return node;
    }

    private static void MarkTail(SyntaxNode node)
    {
        switch (node.Kind)
        {
            case SyntaxKind.Call when node.Predicates is null && node.Group is null:
                node.IsTail = true;
                break;
            case SyntaxKind.Condition:
                MarkTail(node.Right!);
                if (node.Else is not null)
                {
                    MarkTail(node.Else);
                }

                break;
            case SyntaxKind.Elvis or SyntaxKind.Coalesce:
                MarkTail(node.Right!);
                break;
            case SyntaxKind.Block when node.Items.Count > 0 && node.Predicates is null && node.Group is null:
                MarkTail(node.Items[^1]);
                break;
            default:
                break;
        }
    }

    private SyntaxNode Condition(SyntaxNode node)
    {
        node.Left = Process(node.Left!);
        PushAncestry(node, node.Left);
        node.Right = Process(node.Right!);
        PushAncestry(node, node.Right);
        if (node.Else is not null)
        {
            node.Else = Process(node.Else);
            PushAncestry(node, node.Else);
        }

        return node;
    }

    private SyntaxNode Transform(SyntaxNode node)
    {
        node.Left = Process(node.Left!);
        node.Right = Process(node.Right!);
        node.Else = node.Else is null ? null : Process(node.Else);
        return node;
    }

    private SyntaxNode Binary(SyntaxNode node)
    {
        switch (node.Text)
        {
            case ".":
                return Dot(node);
            case "[":
                return Predicate(node);
            case "{":
                return GroupBy(node);
            case "^":
                return OrderBy(node);
            case "@":
                return Focus(node);
            case "#":
                return Index(node);
            case ":=":
                SyntaxNode bind = new(SyntaxKind.Bind, node.Position) { Text = node.Left!.Text };
                bind.Right = Process(node.Right!);
                PushAncestry(bind, bind.Right);
                return bind;
            case "~>":
                SyntaxNode apply = new(SyntaxKind.Apply, node.Position)
                {
                    Left = Process(node.Left!),
                    Right = Process(node.Right!),
                };
                apply.KeepArray = apply.Left.KeepArray || apply.Right.KeepArray;
                return apply;
            default:
                node.Left = Process(node.Left!);
                node.Right = Process(node.Right!);
                PushAncestry(node, node.Left);
                PushAncestry(node, node.Right);
                return node;
        }
    }
}
