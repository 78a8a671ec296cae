using System.Globalization;
using Analemma.Linux;

namespace Analemma.Sandbox.Living;

/// <summary>
/// What a signal would do to a process if it were not the first of its pid namespace (signal(7), pid_namespaces(7)).
/// </summary>
internal static class FirstProcessSignals
{
    // HUP INT QUIT PIPE ALRM TERM USR1 USR2: end a process that neither catches nor ignores them.
    private static readonly int[] Ending = [1, 2, 3, 13, 14, 15, 10, 12];

    /// <summary>Whether it ends a process that does nothing about it.</summary>
    public static bool Ends(int signal) => Ending.Contains(signal);

    public static bool WouldEnd(int pid, int signal) =>
        Ends(signal) && WouldEnd(ProcFiles.TryRead($"/proc/{pid}/status") ?? "", signal);

    internal static bool WouldEnd(string status, int signal)
    {
        var bit = 1UL << (signal - 1);
        return status.Length > 0 && ((Mask(status, "SigCgt:") | Mask(status, "SigIgn:")) & bit) == 0;
    }

    private static ulong Mask(string status, string name)
    {
        foreach (var line in status.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
            {
                var digits = line[name.Length..].Trim();
                return ulong.TryParse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var mask)
                    ? mask
                    : 0;
            }
        }

        return 0;
    }
}
