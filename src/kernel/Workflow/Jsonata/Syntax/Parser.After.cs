using Analemma.Workflow.Jsonata.Functions;

namespace Analemma.Workflow.Jsonata.Syntax;

/// <summary>What a token means after an expression.</summary>
internal sealed partial class Parser
{
    private SyntaxNode After(SyntaxNode left, Token op)
    {
        switch (op.Text)
        {
            case "(":
                return Call(left, op.Position);
            case "[":
                return Predicate(left, op.Position);
            case "{":
                return GroupBy(left, op.Position);
            case "^":
                return OrderBy(left, op.Position);
            case ":=":
                return Bind(left, op.Position);
            case "@" or "#":
                return Binding(left, op);
            case "?":
                return Condition(left, op.Position);
            case "?:":
                return Alternative(SyntaxKind.Elvis, left, op.Position);
            case "??":
                return Alternative(SyntaxKind.Coalesce, left, op.Position);
            default:
                var right = Expression(Operators.Power(op));
                return Grown(
                    new SyntaxNode(SyntaxKind.Binary, op.Position) { Text = op.Text, Left = left, Right = right },
                    left,
                    right);
        }
    }

    private SyntaxNode Call(SyntaxNode left, int at)
    {
        List<SyntaxNode> arguments = [];
        var kind = SyntaxKind.Call;
        while (!_token.Is(")") || arguments.Count > 0)
        {
            if (_token.Is("?"))
            {
                kind = SyntaxKind.PartialCall;
                arguments.Add(new SyntaxNode(SyntaxKind.Placeholder, _token.Position) { Text = "?" });
                Take(isInfix: false);
            }
            else
            {
                arguments.Add(Expression(0));
            }

            if (!_token.Is(","))
            {
                break;
            }

            Take(isInfix: false);
        }

        Expect(")", isInfix: true);
        if (left.Kind is SyntaxKind.Name && left.Text is "function" or "λ")
        {
            return Lambda(arguments, at);
        }

        SyntaxNode call = new(kind, at) { Text = "(", Left = left, Items = arguments };
        return Grown(call, [left, .. arguments]);
    }

    private SyntaxNode Lambda(List<SyntaxNode> parameters, int at)
    {
        for (var i = 0; i < parameters.Count; i++)
        {
            if (parameters[i].Kind is not SyntaxKind.Variable)
            {
                throw new JsonataException("S0208", i + 1).At(parameters[i].Position, parameters[i].Shown);
            }
        }

        SyntaxNode lambda = new(SyntaxKind.Lambda, at) { Items = parameters };
        if (_token.Is("<"))
        {
            lambda.Signature = SignatureOf();
        }

        Expect("{");
        lambda.Left = Expression(0);
        Expect("}");
        return Grown(lambda, lambda.Left);
    }

    /// <summary>A signature is put together from tokens, blanks left out.</summary>
    private Signature SignatureOf()
    {
        var start = _token.Position;
        var depth = 1;
        var text = "<";
        while (depth > 0 && !_token.Is("{") && _token.Kind is not TokenKind.End)
        {
            Take(isInfix: false);
            depth += _token.Is(">") ? -1 : _token.Is("<") ? 1 : 0;
            text += _token.Shown;
        }

        Expect(">");
        try
        {
            return Signature.Parse(text);
        }
        catch (JsonataException wrong)
        {
            throw wrong.At(start + wrong.Offset);
        }
    }

    private SyntaxNode Predicate(SyntaxNode left, int at)
    {
        if (_token.Is("]"))
        {
            var step = left;
            while (step.Kind is SyntaxKind.Binary && step.Text == "[")
            {
                step = step.Left!;
            }

            step.KeepArray = true;
            Take(isInfix: false);
            return left;
        }

        var right = Expression(0);
        Expect("]", isInfix: true);
        return Grown(new SyntaxNode(SyntaxKind.Binary, at) { Text = "[", Left = left, Right = right }, left, right);
    }

    private SyntaxNode GroupBy(SyntaxNode left, int at)
    {
        SyntaxNode group = new(SyntaxKind.Binary, at) { Text = "{", Left = left, Pairs = Pairs(out var height) };
        group.Height = height + 1;
        return Grown(group, left);
    }

    private SyntaxNode OrderBy(SyntaxNode left, int at)
    {
        Expect("(");
        SyntaxNode sorted = new(SyntaxKind.Binary, at) { Text = "^", Left = left };
        while (true)
        {
            var isDescending = _token.Is(">");
            if (isDescending || _token.Is("<"))
            {
                Take(isInfix: false);
            }

            var term = Expression(0);
            sorted.Terms.Add(new SortTerm(term, isDescending));
            Grown(sorted, term);
            if (!_token.Is(","))
            {
                break;
            }

            Take(isInfix: false);
        }

        Expect(")");
        return Grown(sorted, left);
    }

    private SyntaxNode Bind(SyntaxNode left, int at)
    {
        if (left.Kind is not SyntaxKind.Variable)
        {
            throw new JsonataException("S0212").At(left.Position, left.Shown);
        }

        // One less than its own power, for it groups to the right.
        var right = Expression(9);
        return Grown(new SyntaxNode(SyntaxKind.Binary, at) { Text = ":=", Left = left, Right = right }, left, right);
    }

    private SyntaxNode Binding(SyntaxNode left, Token op)
    {
        var right = Expression(Operators.Power(op));
        if (right.Kind is not SyntaxKind.Variable)
        {
            throw new JsonataException("S0214").At(right.Position, op.Text);
        }

        SyntaxNode binding = new(SyntaxKind.Binary, op.Position) { Text = op.Text, Left = left, Right = right };
        return Grown(binding, left);
    }

    private SyntaxNode Condition(SyntaxNode left, int at)
    {
        SyntaxNode condition = new(SyntaxKind.Condition, at) { Text = "?", Left = left, Right = Expression(0) };
        if (_token.Is(":"))
        {
            Take(isInfix: false);
            condition.Else = Expression(0);
        }

        return Grown(condition, left, condition.Right, condition.Else);
    }

    private SyntaxNode Alternative(SyntaxKind kind, SyntaxNode left, int at)
    {
        var right = Expression(0);
        return Grown(new SyntaxNode(kind, at) { Left = left, Right = right }, left, right);
    }
}
