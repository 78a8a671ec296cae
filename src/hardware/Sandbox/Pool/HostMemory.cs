using System.Globalization;
using Analemma.Linux;

namespace Analemma.Sandbox.Pool;

/// <summary>How much memory the host could still give, as a part of all: /proc/meminfo.</summary>
internal static class HostMemory
{
    public static double AvailablePart() => AvailablePart(ProcFiles.TryRead("/proc/meminfo") ?? "");

    internal static double AvailablePart(string meminfo)
    {
        var (total, available) = (Field(meminfo, "MemTotal:"), Field(meminfo, "MemAvailable:"));
        return total > 0 ? (double)available / total : 1;
    }

    private static long Field(string meminfo, string name)
    {
        foreach (var line in meminfo.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                var digits = line[name.Length..].Trim();
                var space = digits.IndexOf(' ');
                digits = space < 0 ? digits : digits[..space];
                return long.TryParse(digits, CultureInfo.InvariantCulture, out var kib) ? kib : 0;
            }
        }

        return 0;
    }
}
