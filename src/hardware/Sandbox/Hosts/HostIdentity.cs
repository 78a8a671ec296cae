using System.Globalization;
using Analemma.Linux;

namespace Analemma.Sandbox.Hosts;

/// <summary>Whose uids we can hand out.</summary>
internal static class HostIdentity
{
    /// <summary>
    /// Root of a namespace that maps more than a handful of uids. An ordinary user that made itself root in a user
    /// namespace of its own has one.
    /// </summary>
    public static bool HasManyUids() =>
        HostProcess.IsRoot && CountUids(ProcFiles.TryRead("/proc/self/uid_map")) > 65_536;

    internal static long CountUids(string? map)
    {
        long count = 0;
        foreach (var line in (map ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            count += fields.Length == 3 ? long.Parse(fields[2], CultureInfo.InvariantCulture) : 0;
        }

        return count;
    }
}
