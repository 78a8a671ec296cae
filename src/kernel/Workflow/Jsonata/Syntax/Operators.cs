using System.Collections.Frozen;

namespace Analemma.Workflow.Jsonata.Syntax;

/// <summary>How strongly each operator binds what is on its left.</summary>
internal static class Operators
{
    public const int Chain = 40;
    public const int Prefix = 70;

    private static readonly FrozenDictionary<string, int> Powers = new Dictionary<string, int>
    {
        ["."] = 75,
        ["["] = 80,
        ["{"] = 70,
        ["("] = 80,
        ["@"] = 80,
        ["#"] = 80,
        ["?"] = 20,
        ["+"] = 50,
        ["-"] = 50,
        ["*"] = 60,
        ["/"] = 60,
        ["%"] = 60,
        ["="] = 40,
        ["<"] = 40,
        [">"] = 40,
        ["^"] = 40,
        [":="] = 10,
        ["!="] = 40,
        ["<="] = 40,
        [">="] = 40,
        ["~>"] = Chain,
        ["?:"] = 40,
        ["??"] = 40,
        ["and"] = 30,
        ["or"] = 25,
        ["in"] = 40,
        ["&"] = 50,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Known to the lexer, and nowhere of any use.</summary>
    public static bool IsUnknown(string op) => op is "!" or "~";

    public static int Power(in Token token) =>
        token.Kind is TokenKind.Operator ? Powers.GetValueOrDefault(token.Text) : 0;
}
