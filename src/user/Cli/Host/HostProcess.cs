using System.Diagnostics;
using System.Globalization;

namespace Analemma.Cli.Host;

/// <summary>What /proc says of a host process.</summary>
internal static class HostProcess
{
    /// <summary>False for a zombie too: it has ended, and its parent may be slow to collect it. proc(5).</summary>
    public static bool IsAlive(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')')..] is not [')', ' ', 'Z' or 'X', ..];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Sends SIGTERM, which .NET has no call for.</summary>
    public static void Terminate(int pid)
    {
        using var kill = Process.Start("kill", ["-TERM", pid.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
