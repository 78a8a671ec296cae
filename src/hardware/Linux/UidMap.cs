using System.Globalization;

namespace Analemma.Linux;

/// <summary>
/// What uids of this process's user namespace are outside of it: user_namespaces(7). An ordinary user's kernel is root
/// of one, and its users shall be told and recorded as the host knows them.
/// </summary>
public sealed class UidMap
{
    private readonly List<(uint Inside, uint Outside, uint Count)> _ranges = [];

    private UidMap(string text)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var inside, var outside, var count])
            {
                _ranges.Add((Number(inside), Number(outside), Number(count)));
            }
        }
    }

    /// <summary>Of this process; a namespace is entered before there are threads, so it stays as it is.</summary>
    public static UidMap Own { get; } = Read(ProcFiles.TryRead("/proc/self/uid_map") ?? "");

    /// <summary>From the text of a uid_map file.</summary>
    public static UidMap Read(string text) => new(text);

    /// <summary>The same uid outside; one that the namespace does not know stays as it is.</summary>
    public uint Outside(uint inside)
    {
        foreach (var range in _ranges)
        {
            if (inside >= range.Inside && inside - range.Inside < range.Count)
            {
                return range.Outside + (inside - range.Inside);
            }
        }

        return inside;
    }

    private static uint Number(string text) => uint.Parse(text, CultureInfo.InvariantCulture);
}
