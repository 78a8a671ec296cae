using Analemma.Workflow.Jsonata.Runtime;

namespace Analemma.Workflow.Jsonata.Syntax;

/// <summary>
/// From text to a syntax tree, by operator precedence (Pratt 1973): each token knows what it means at the beginning
/// of an expression and what after one.
/// </summary>
internal sealed partial class Parser
{
    /// <summary>Deeper than this is no expression that a person wrote.</summary>
    public const int HeightMax = 500;

    private readonly Lexer _lexer;
    private Token _token;
    private int _depth;

    private Parser(string text)
    {
        _lexer = new Lexer(text);
        _token = _lexer.Next(isInfix: false);
    }

    /// <exception cref="JsonataException">It is no expression; S codes.</exception>
    public static SyntaxNode Parse(string text, int charsMax)
    {
        if (text.Length > charsMax)
        {
            throw new JsonataException("S0502", charsMax).At(charsMax);
        }

        Parser parser = new(text);
        var tree = parser.Expression(0);
        if (parser._token.Kind is not TokenKind.End)
        {
            throw new JsonataException("S0201").At(parser._token.Position, parser._token.Shown);
        }

        return Resolver.Resolve(tree);
    }

    private static SyntaxNode Grown(SyntaxNode node, params ReadOnlySpan<SyntaxNode?> parts)
    {
        foreach (var part in parts)
        {
            node.Height = Math.Max(node.Height, (part?.Height ?? 0) + 1);
        }

        return node.Height <= HeightMax ? node : throw TooDeep(node.Position);
    }

    private static JsonataException TooDeep(int position) => new JsonataException("S0501", HeightMax).At(position);

    private SyntaxNode Expression(int power)
    {
        if (++_depth > HeightMax)
        {
            throw TooDeep(_token.Position);
        }

        StackGuard.Check("S0501", HeightMax);
        var first = Take(isInfix: true);
        var left = First(first);
        while (power < Operators.Power(_token))
        {
            var op = Take(isInfix: false);
            left = After(left, op);
        }

        _depth--;
        return left;
    }

    /// <summary>The current token; the next one becomes current.</summary>
    private Token Take(bool isInfix)
    {
        var taken = _token;
        _token = _lexer.Next(isInfix);
        return _token.Kind is TokenKind.Operator && Operators.IsUnknown(_token.Text)
            ? throw new JsonataException("S0204").At(_token.Position, _token.Text)
            : taken;
    }

    private void Expect(string op, bool isInfix = false)
    {
        if (!_token.Is(op))
        {
            var code = _token.Kind is TokenKind.End ? "S0203" : "S0202";
            throw new JsonataException(code, op).At(_token.Position, _token.Shown);
        }

        Take(isInfix);
    }

    /// <summary>What a token means at the beginning.</summary>
    private SyntaxNode First(Token token)
    {
        var at = token.Position;
        switch (token.Kind)
        {
            case TokenKind.End:
                return new SyntaxNode(SyntaxKind.End, at);
            case TokenKind.Name:
                return new SyntaxNode(SyntaxKind.Name, at) { Text = token.Text };
            case TokenKind.Variable:
                return new SyntaxNode(SyntaxKind.Variable, at) { Text = token.Text };
            case TokenKind.Regex:
                return new SyntaxNode(SyntaxKind.Regex, at) { Text = token.Text, Flags = token.Flags };
            case TokenKind.String or TokenKind.Number or TokenKind.Value:
                return new SyntaxNode(SyntaxKind.Literal, at) { Value = token.Value };
            default:
                break;
        }

        switch (token.Text)
        {
            case "and" or "or" or "in":
                return new SyntaxNode(SyntaxKind.Placeholder, at) { Text = token.Text };
            case "-":
                var operand = Expression(Operators.Prefix);
                return Grown(new SyntaxNode(SyntaxKind.Negate, at) { Text = "-", Left = operand }, operand);
            case "*":
                return new SyntaxNode(SyntaxKind.Wildcard, at) { Text = "*" };
            case "**":
                return new SyntaxNode(SyntaxKind.Descendant, at) { Text = "**" };
            case "%":
                return new SyntaxNode(SyntaxKind.Parent, at) { Text = "%" };
            case "(":
                return Block(at);
            case "[":
                return Array(at);
            case "{":
                return Object(at);
            case "|":
                return Transform(at);
            default:
                throw new JsonataException("S0211").At(at, token.Text);
        }
    }

    private SyntaxNode Block(int at)
    {
        SyntaxNode block = new(SyntaxKind.Block, at) { Text = "(" };
        while (!_token.Is(")"))
        {
            block.Items.Add(Expression(0));
            Grown(block, block.Items[^1]);
            if (!_token.Is(";"))
            {
                break;
            }

            Take(isInfix: false);
        }

        Expect(")", isInfix: true);
        return block;
    }

    private SyntaxNode Array(int at)
    {
        SyntaxNode array = new(SyntaxKind.Array, at) { Text = "[" };
        while (!_token.Is("]") || array.Items.Count > 0)
        {
            var item = Expression(0);
            if (_token.Is(".."))
            {
                var range = new SyntaxNode(SyntaxKind.Binary, _token.Position) { Text = "..", Left = item };
                Take(isInfix: false);
                range.Right = Expression(0);
                item = Grown(range, item, range.Right);
            }

            array.Items.Add(item);
            Grown(array, item);
            if (!_token.Is(","))
            {
                break;
            }

            Take(isInfix: false);
        }

        Expect("]", isInfix: true);
        return array;
    }

    private SyntaxNode Object(int at)
    {
        SyntaxNode made = new(SyntaxKind.Object, at) { Text = "{", Pairs = Pairs(out var height) };
        made.Height = height + 1;
        return Grown(made);
    }

    private List<(SyntaxNode Key, SyntaxNode Value)> Pairs(out int height)
    {
        List<(SyntaxNode, SyntaxNode)> pairs = [];
        height = 0;
        while (!_token.Is("}") || pairs.Count > 0)
        {
            var key = Expression(0);
            Expect(":");
            var value = Expression(0);
            pairs.Add((key, value));
            height = Math.Max(height, Math.Max(key.Height, value.Height));
            if (!_token.Is(","))
            {
                break;
            }

            Take(isInfix: false);
        }

        Expect("}", isInfix: true);
        return pairs;
    }

    private SyntaxNode Transform(int at)
    {
        SyntaxNode transform = new(SyntaxKind.Transform, at) { Text = "|", Left = Expression(0) };
        Expect("|");
        transform.Right = Expression(0);
        if (_token.Is(","))
        {
            Take(isInfix: false);
            transform.Else = Expression(0);
        }

        Expect("|");
        return Grown(transform, transform.Left, transform.Right, transform.Else);
    }
}
