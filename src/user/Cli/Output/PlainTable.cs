using Spectre.Console;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>A column of a table. Of two that do not fit, the one of the higher rank is left out first.</summary>
internal sealed record Column(string Name, int Rank = 0)
{
    /// <summary>Its cells may be cut when what must be there does not fit either.</summary>
    public bool MayBeCut { get; init; }
}

/// <summary>
/// Rows in columns without lines around them. On a narrow terminal the less important columns are left out, so that the
/// others stay whole and each row stays one line; a pipe has room for all.
/// </summary>
internal static class PlainTable
{
    private const int Gap = 2;
    private const int CutTo = 6;

    public static IRenderable Render(IReadOnlyList<Column> columns, IEnumerable<string[]> rows, int width)
    {
        var cells = rows.Select(row => Array.ConvertAll(row, Shown.Line)).ToList();
        var widths = columns.Select(
            (column, at) => cells.Select(row => row[at].Length).Append(column.Name.Length).Max()).ToArray();
        var shown = Fitting(columns, widths, width);
        var over = Width(shown, widths) - width;
        foreach (var at in shown.Where(at => columns[at].MayBeCut && over > 0))
        {
            widths[at] = Math.Max(CutTo, widths[at] - over);
        }

        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var at in shown)
        {
            var gap = at == shown[^1] ? 0 : Gap;
            table.AddColumn(new TableColumn(columns[at].Name) { NoWrap = true, Padding = new Padding(0, 0, gap, 0) });
        }

        foreach (var row in cells)
        {
            table.AddRow([.. shown.Select(at => new Text(Cut(row[at], widths[at])))]);
        }

        return table;
    }

    private static List<int> Fitting(IReadOnlyList<Column> columns, int[] widths, int width)
    {
        var shown = Enumerable.Range(0, columns.Count).ToList();
        while (Width(shown, widths) > width && shown.MaxBy(at => columns[at].Rank) is var least
            && columns[least].Rank > 0)
        {
            shown.Remove(least);
        }

        return shown;
    }

    private static int Width(List<int> shown, int[] widths) => shown.Sum(at => widths[at]) + (Gap * (shown.Count - 1));

    private static string Cut(string text, int width) => text.Length <= width ? text : text[..(width - 1)] + "…";
}
