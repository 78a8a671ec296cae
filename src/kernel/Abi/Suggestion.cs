namespace Analemma.Abi;

/// <summary>The known word that a mistyped one was probably meant to be.</summary>
public static class Suggestion
{
    /// <summary>The nearest by edit distance, unless it is further away than a third of the word.</summary>
    /// <param name="typed">What was written.</param>
    /// <param name="known">What there is.</param>
    public static string? For(string typed, IEnumerable<string> known)
    {
        var nearest = known.Select(word => (Word: word, Distance: Distance(typed, word)))
            .OrderBy(candidate => candidate.Distance)
            .ThenBy(candidate => candidate.Word, StringComparer.Ordinal)
            .FirstOrDefault();
        return nearest.Word is not null && nearest.Distance <= Math.Max(2, typed.Length / 3) ? nearest.Word : null;
    }

    /// <summary>Insertions, deletions and replacements between two words: Levenshtein, one row at a time.</summary>
    /// <param name="from">One word.</param>
    /// <param name="to">The other.</param>
    public static int Distance(string from, string to)
    {
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
