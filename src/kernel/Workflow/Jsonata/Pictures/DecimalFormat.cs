using Analemma.Workflow.Json;

namespace Analemma.Workflow.Jsonata.Pictures;

/// <summary>The signs of a number picture; the third argument of $formatNumber changes them.</summary>
internal sealed record DecimalFormat
{
    public string DecimalSeparator { get; private init; } = ".";

    public string GroupingSeparator { get; private init; } = ",";

    public string ExponentSeparator { get; private init; } = "e";

    public string MinusSign { get; private init; } = "-";

    public string Percent { get; private init; } = "%";

    public string PerMille { get; private init; } = "‰";

    public string Digit { get; private init; } = "#";

    public string PatternSeparator { get; private init; } = ";";

    /// <summary>The first of ten digits in a row.</summary>
    public char Zero { get; private init; } = '0';

    public static DecimalFormat From(JsonValue options)
    {
        string Text(string name, string usual) =>
            options[name].TryGetString(out var text) && text.Length > 0 ? text : usual;
        return new DecimalFormat
        {
            DecimalSeparator = Text("decimal-separator", "."),
            GroupingSeparator = Text("grouping-separator", ","),
            ExponentSeparator = Text("exponent-separator", "e"),
            MinusSign = Text("minus-sign", "-"),
            Percent = Text("percent", "%"),
            PerMille = Text("per-mille", "‰"),
            Digit = Text("digit", "#"),
            PatternSeparator = Text("pattern-separator", ";"),
            Zero = Text("zero-digit", "0")[0],
        };
    }

    public bool IsDecimalDigit(char character) => character >= Zero && character < Zero + 10;

    public bool IsDigit(char character) => IsDecimalDigit(character) || Digit == character.ToString();

    /// <summary>A digit, or a sign that stands between digits.</summary>
    public bool IsActive(char character) => IsDigit(character)
        || character.ToString() is var text && (text == DecimalSeparator || text == GroupingSeparator
            || text == ExponentSeparator || text == PatternSeparator);
}
