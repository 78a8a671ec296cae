using Analemma.Workflow.Jsonata.Runtime;
using Analemma.Workflow.Jsonata.Syntax;

namespace Analemma.Workflow.Jsonata.Nodes;

/// <summary>
/// Names that an expression looks up in its input itself, not in something that a step before it came to, and $ and $$
/// where they are the input. Who has no input for it can refuse them before it runs.
/// </summary>
internal static class TopReferences
{
    public static IReadOnlyList<string> Of(SyntaxNode tree)
    {
        List<string> found = [];
        Collect(tree, found);
        return found;
    }

    // Steps after the first, predicates, groups and orders look at items; what a function looks at is its caller's.
    private static void Collect(SyntaxNode tree, List<string> found)
    {
        StackGuard.Check("S0501", Parser.HeightMax);
        if (tree.Kind is SyntaxKind.Name || tree is { Kind: SyntaxKind.Variable, Text: "" or "$" })
        {
            var name = tree.Kind is SyntaxKind.Name ? tree.Text : $"${tree.Text}";
            if (!found.Contains(name))
            {
                found.Add(name);
            }
        }
        else if (tree.Kind is SyntaxKind.Path)
        {
            Collect(tree.Steps[0], found);
        }
        else if (tree.Kind is not (SyntaxKind.Lambda or SyntaxKind.Transform))
        {
            foreach (var part in PartsOf(tree))
            {
                Collect(part, found);
            }
        }
    }

    private static IEnumerable<SyntaxNode> PartsOf(SyntaxNode tree) =>
    [
        .. new[] { tree.Left, tree.Right, tree.Else }.OfType<SyntaxNode>(),
        .. tree.Items,
        .. tree.Pairs.SelectMany(pair => new[] { pair.Key, pair.Value }),
    ];
}
