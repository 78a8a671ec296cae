using System.Globalization;

namespace Analemma.Bench;

/// <summary>
/// What else the host does. A figure taken beside somebody's build says more about the build: so each measurement waits
/// for a moment in which the processors are free, for a bounded time.
/// </summary>
internal static class HostLoad
{
    private const int LookMs = 60;
    private const double BusyMax = 0.15;
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(20);

    /// <summary>Samples that were taken although no quiet moment came.</summary>
    public static int Disturbed { get; private set; }

    /// <summary>False on a host that is never quiet: then only ratios within a run say anything.</summary>
    public static bool Waits { get; set; } = true;

    public static void WaitForQuiet()
    {
        if (!Waits)
        {
            Disturbed++;
            return;
        }

        var begun = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(begun) < WaitMax)
        {
            var before = Read();
            Pause.For(LookMs);
            var after = Read();
            var total = Math.Max(1, after.Total - before.Total);
            if (1 - ((double)(after.Idle - before.Idle) / total) <= BusyMax)
            {
                return;
            }
        }

        Disturbed++;
    }

    // proc_stat(5): user, nice, system, idle, iowait, … in clock ticks, of all processors.
    private static (long Idle, long Total) Read()
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..]
            .Select(field => long.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        return (fields[3] + fields[4], fields[..8].Sum());
    }
}
