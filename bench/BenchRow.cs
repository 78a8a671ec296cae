using System.Text.Json;

namespace Analemma.Bench;

/// <summary>
/// One figure, and what it is measured against. <see cref="Goal"/> is in words; <see cref="Met"/> is null where there
/// is no goal, or no reference to judge it by.
/// </summary>
internal sealed record BenchRow(string Bench, string Case, double Value, string Unit)
{
    public double? Reference { get; init; }

    public string? Goal { get; init; }

    public bool? Met { get; init; }

    public double? Ratio => Reference is > 0 ? Value / Reference : null;

    public string ToJson() => JsonSerializer.Serialize(new
    {
        bench = Bench,
        @case = Case,
        value = Math.Round(Value, 3),
        unit = Unit,
        reference = Round(Reference),
        ratio = Round(Ratio),
        goal = Goal,
        met = Met,
    });

    public string[] ToCells() =>
    [
        Bench, Case, $"{Value:0.##}", Unit, Reference is { } reference ? $"{reference:0.##}" : "",
        Ratio is { } ratio ? $"{ratio:0.00}" : "", Goal ?? "", Met is { } met ? (met ? "yes" : "no") : "",
    ];

    private static double? Round(double? value) => value is { } some ? Math.Round(some, 3) : null;
}

/// <summary>Where rows go: with <c>--json</c> one object a line as they come, else a table at the end.</summary>
internal sealed class BenchReport(bool json)
{
    private static readonly string[] Heads = ["bench", "case", "value", "unit", "reference", "ratio", "goal", "met"];

    private readonly List<BenchRow> _rows = [];

    public void Add(BenchRow row)
    {
        _rows.Add(row);
        if (json)
        {
            Console.WriteLine(row.ToJson());
        }
    }

    /// <summary>Prints the table; 0 when every goal that could be judged was met.</summary>
    public int End()
    {
        if (!json)
        {
            List<string[]> lines = [Heads, .. _rows.Select(row => row.ToCells())];
            var widths = Heads.Select((_, column) => lines.Max(line => line[column].Length)).ToArray();
            foreach (var line in lines)
            {
                var cells = line.Select((cell, column) => cell.PadRight(widths[column]));
                Console.WriteLine(string.Join("  ", cells).TrimEnd());
            }
        }

        if (HostLoad.Disturbed > 0)
        {
            Console.Error.WriteLine($"{HostLoad.Disturbed} measurements were taken while the host was busy otherwise");
        }

        return _rows.Any(row => row.Met == false) ? 1 : 0;
    }
}
