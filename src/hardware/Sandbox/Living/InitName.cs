using System.Globalization;
using Analemma.Linux;

namespace Analemma.Sandbox.Living;

/// <summary>
/// What our init tells by the name that it calls itself, which nobody else can change: that it has begun, and how its
/// agent ended where an exit code cannot say. See Init/init.c.
/// </summary>
internal static class InitName
{
    /// <summary>It exits with this and the signal's number.</summary>
    public const int SignalBase = 128;

    private const string Ready = "analemma-init\n";
    private const string Prefix = "signal ";

    /// <summary>Whether it has begun, and no signal is lost that it is sent.</summary>
    public static bool HandsOn(int pid) => ProcFiles.TryRead($"/proc/{pid}/comm") == Ready;

    /// <summary>The signal that ended the agent. While the status of its init has not been taken.</summary>
    public static int? TryReadSignal(int pid) => Parse(ProcFiles.TryRead($"/proc/{pid}/comm"));

    internal static int? Parse(string? name) =>
        name is not null && name.StartsWith(Prefix, StringComparison.Ordinal)
        && int.TryParse(
            name.AsSpan(Prefix.Length).TrimEnd('\n'), NumberStyles.None, CultureInfo.InvariantCulture, out var signal)
            ? signal
            : null;
}
