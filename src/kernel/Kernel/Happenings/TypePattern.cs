namespace Analemma.Kernel.Happenings;

/// <summary>Types of events by a pattern in which a star stands for any text.</summary>
internal static class TypePattern
{
    public const char Any = '*';

    /// <summary>Without backtracking: each piece between stars is taken where it is first found.</summary>
    public static bool Matches(string pattern, string type)
    {
        var pieces = pattern.Split(Any);
        if (pieces.Length == 1)
        {
            return pattern == type;
        }

        if (!type.StartsWith(pieces[0], StringComparison.Ordinal))
        {
            return false;
        }

        var at = pieces[0].Length;
        foreach (var piece in pieces[1..^1])
        {
            var found = type.IndexOf(piece, at, StringComparison.Ordinal);
            if (found < 0)
            {
                return false;
            }

            at = found + piece.Length;
        }

        return type.Length - at >= pieces[^1].Length && type.EndsWith(pieces[^1], StringComparison.Ordinal);
    }
}
