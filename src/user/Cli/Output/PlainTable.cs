using Spectre.Console;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>A column of a table. Of two that do not fit, the one of the higher rank is left out first.</summary>
internal sealed record Column(string Name, int Rank = 0)
{
    /// <summary>Its cells may be cut when what must be there does not fit either.</summary>
    public bool MayBeCut { get; init; }

    /// <summary>Characters for which others may be left out; what is beyond is seen where there is room.</summary>
    public int Wanted { get; init; } = 64;
}

/// <summary>
/// Rows in columns without lines around them. On a narrow terminal the less important columns are left out, so that the
/// others stay whole; where that is not enough they are cut, and each row stays one line. A pipe has room for all.
/// </summary>
internal static class PlainTable
{
    private const int Gap = 2;
    private const int CutTo = 6;
    private const int CutAtMost = 3;

    public static IRenderable Render(IReadOnlyList<Column> columns, IEnumerable<string[]> rows, int width)
    {
        var cells = rows.Select(row => Array.ConvertAll(row, Shown.Line)).ToList();
        var whole = columns.Select(
            (column, at) => cells.Select(row => row[at].Length).Append(column.Name.Length).Max()).ToArray();
        var widths = columns.Select((column, at) => Math.Min(whole[at], column.Wanted)).ToArray();
        var shown = Fitting(columns, widths, width);
        Widen(shown, widths, whole, width);
        Narrow(shown, widths, width, at => columns[at].MayBeCut ? CutTo : int.MaxValue);
        Narrow(shown, widths, width, _ => CutAtMost);
        while (shown.Count > 1 && Width(shown, widths) > width)
        {
            shown.RemoveAt(shown.Count - 1);
        }

        return Table(columns, cells, shown, widths);
    }

    private static Table Table(
        IReadOnlyList<Column> columns, List<string[]> cells, List<int> shown, int[] widths)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var at in shown)
        {
            var gap = at == shown[^1] ? 0 : Gap;
            table.AddColumn(new TableColumn(new Text(Cut(columns[at].Name, widths[at])))
            {
                NoWrap = true,
                Padding = new Padding(0, 0, gap, 0),
            });
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

    private static void Widen(List<int> shown, int[] widths, int[] whole, int width)
    {
        foreach (var at in shown)
        {
            widths[at] += Math.Clamp(width - Width(shown, widths), 0, whole[at] - widths[at]);
        }
    }

    /// <summary>Takes from the widest, until all fit or none may be narrower.</summary>
    private static void Narrow(List<int> shown, int[] widths, int width, Func<int, int> leastOf)
    {
        for (var over = Width(shown, widths) - width; over > 0; over--)
        {
            var wide = shown.Where(at => widths[at] > leastOf(at)).ToList();
            if (wide.Count == 0)
            {
                return;
            }

            widths[wide.MaxBy(at => widths[at])]--;
        }
    }

    private static int Width(List<int> shown, int[] widths) => shown.Sum(at => widths[at]) + (Gap * (shown.Count - 1));

    private static string Cut(string text, int width)
    {
        if (text.Length <= width)
        {
            return text;
        }

        // Not within a character of two.
        var length = char.IsHighSurrogate(text[width - 2]) ? width - 2 : width - 1;
        return text[..length] + "…";
    }
}
