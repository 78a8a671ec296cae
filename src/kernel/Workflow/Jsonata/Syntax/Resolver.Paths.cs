namespace Analemma.Workflow.Jsonata.Syntax;

/// <summary>Paths, and the steps that parent operators mean.</summary>
internal sealed partial class Resolver
{
    private static SyntaxNode PathOf(SyntaxNode step)
    {
        if (step.Kind is SyntaxKind.Path)
        {
            return step;
        }

        SyntaxNode path = new(SyntaxKind.Path, step.Position);
        path.Steps.Add(step);
        return path;
    }

    private SyntaxNode Dot(SyntaxNode node)
    {
        var left = Process(node.Left!);
        var path = PathOf(left);
        if (left.Kind is SyntaxKind.Parent)
        {
            path.SeekingParent = [left.Slot!];
        }

        var rest = Process(node.Right!);
        if (rest.Kind is SyntaxKind.Path)
        {
            path.Steps.AddRange(rest.Steps);
        }
        else
        {
            if (rest.Predicates is not null)
            {
                rest.Stages = [.. rest.Predicates.Select(filter => new Stage(filter, null))];
                rest.Predicates = null;
            }

            path.Steps.Add(rest);
        }

        for (var i = 0; i < path.Steps.Count; i++)
        {
            path.Steps[i] = Step(path.Steps[i]);
        }

        path.KeepSingletonArray |= path.Steps.Exists(step => step.KeepArray);
        path.Steps[0].IsConstructed |= path.Steps[0].Kind is SyntaxKind.Array;
        path.Steps[^1].IsConstructed |= path.Steps[^1].Kind is SyntaxKind.Array;
        ResolveAncestry(path);
        return path;
    }

    /// <summary>A string is a name here; other literals lead nowhere.</summary>
    private static SyntaxNode Step(SyntaxNode step)
    {
        if (step.Kind is not SyntaxKind.Literal)
        {
            return step;
        }

        return step.Value.TryGetString(out var name)
            ? new SyntaxNode(SyntaxKind.Name, step.Position)
            {
                Text = name,
                KeepArray = step.KeepArray,
                Stages = step.Stages ?? step.Predicates?.ConvertAll(filter => new Stage(filter, null)),
                Group = step.Group,
                Focus = step.Focus,
                Index = step.Index,
                IsTuple = step.IsTuple,
                Ancestor = step.Ancestor,
            }
            : throw new JsonataException("S0213", step.Value).At(step.Position);
    }

    private SyntaxNode Predicate(SyntaxNode node)
    {
        var result = Process(node.Left!);
        var isPath = result.Kind is SyntaxKind.Path;
        var step = isPath ? result.Steps[^1] : result;
        if (step.Group is not null)
        {
            throw new JsonataException("S0209").At(node.Position);
        }

        var predicate = Process(node.Right!);
        if (predicate.SeekingParent is not null)
        {
            foreach (var slot in predicate.SeekingParent)
            {
                if (slot.Level == 1)
                {
                    SeekParent(step, slot);
                }
                else
                {
                    slot.Level--;
                }
            }

            PushAncestry(step, predicate);
        }

        if (isPath)
        {
            (step.Stages ??= []).Add(new Stage(predicate, null));
        }
        else
        {
            (step.Predicates ??= []).Add(predicate);
        }

        return result;
    }

    private SyntaxNode GroupBy(SyntaxNode node)
    {
        var result = Process(node.Left!);
        if (result.Group is not null)
        {
            throw new JsonataException("S0210").At(node.Position);
        }

        var pairs = node.Pairs.ConvertAll(pair => (Process(pair.Key), Process(pair.Value)));
        result.Group = new Group(pairs, node.Position);
        return result;
    }

    private SyntaxNode OrderBy(SyntaxNode node)
    {
        var path = PathOf(Process(node.Left!));
        SyntaxNode sort = new(SyntaxKind.Sort, node.Position) { Text = "^" };
        foreach (var term in node.Terms)
        {
            var expression = Process(term.Expression);
            PushAncestry(sort, expression);
            sort.Terms.Add(term with { Expression = expression });
        }

        path.Steps.Add(sort);
        ResolveAncestry(path);
        return path;
    }

    private SyntaxNode Focus(SyntaxNode node)
    {
        var result = Process(node.Left!);
        var step = result.Kind is SyntaxKind.Path ? result.Steps[^1] : result;
        if (step.Stages is not null || step.Predicates is not null)
        {
            throw new JsonataException("S0215").At(node.Position);
        }

        if (step.Kind is SyntaxKind.Sort)
        {
            throw new JsonataException("S0216").At(node.Position);
        }

        step.KeepArray |= node.KeepArray;
        step.Focus = node.Right!.Text;
        step.IsTuple = true;
        return result;
    }

    private SyntaxNode Index(SyntaxNode node)
    {
        var result = Process(node.Left!);
        var step = result;
        if (result.Kind is SyntaxKind.Path)
        {
            step = result.Steps[^1];
        }
        else
        {
            result = PathOf(step);
            step.Stages = step.Predicates?.ConvertAll(filter => new Stage(filter, null));
            step.Predicates = null;
        }

        if (step.Stages is null)
        {
            step.Index = node.Right!.Text;
        }
        else
        {
            step.Stages.Add(new Stage(null, node.Right!.Text));
        }

        step.IsTuple = true;
        return result;
    }

    private static void PushAncestry(SyntaxNode result, SyntaxNode value)
    {
        if (value.SeekingParent is null && value.Kind is not SyntaxKind.Parent)
        {
            return;
        }

        List<AncestorSlot> slots = value.SeekingParent ?? [];
        if (value.Kind is SyntaxKind.Parent)
        {
            slots = [.. slots, value.Slot!];
        }

        if (result.SeekingParent is null)
        {
            result.SeekingParent = [.. slots];
        }
        else
        {
            result.SeekingParent.AddRange(slots);
        }
    }

    private void ResolveAncestry(SyntaxNode path)
    {
        var last = path.Steps[^1];
        List<AncestorSlot> slots = [.. last.SeekingParent ?? []];
        if (last.Kind is SyntaxKind.Parent)
        {
            slots.Add(last.Slot!);
        }

        foreach (var slot in slots)
        {
            var index = path.Steps.Count - 2;
            while (slot.Level > 0)
            {
                if (index < 0)
                {
                    (path.SeekingParent ??= []).Add(slot);
                    break;
                }

                // Steps that only bind their context (@) count as one.
                var step = path.Steps[index--];
                while (index >= 0 && step.Focus is not null && path.Steps[index].Focus is not null)
                {
                    step = path.Steps[index--];
                }

                SeekParent(step, slot);
            }
        }
    }

    private void SeekParent(SyntaxNode node, AncestorSlot slot)
    {
        switch (node.Kind)
        {
            case SyntaxKind.Name or SyntaxKind.Wildcard:
                slot.Level--;
                if (slot.Level == 0)
                {
                    if (node.Ancestor is not null)
                    {
                        _parents[slot.Index].Slot!.Label = node.Ancestor.Label;
                    }

                    node.Ancestor = slot;
                    node.IsTuple = true;
                }

                break;
            case SyntaxKind.Parent:
                slot.Level++;
                break;
            case SyntaxKind.Block:
                if (node.Items.Count > 0)
                {
                    node.IsTuple = true;
                    SeekParent(node.Items[^1], slot);
                }

                break;
            case SyntaxKind.Path:
                node.IsTuple = true;
                var index = node.Steps.Count - 1;
                SeekParent(node.Steps[index--], slot);
                while (slot.Level > 0 && index >= 0)
                {
                    SeekParent(node.Steps[index--], slot);
                }

                break;
            default:
                throw new JsonataException("S0217").At(node.Position, node.Kind.ToString());
        }
    }
}
