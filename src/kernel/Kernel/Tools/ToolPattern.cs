namespace Analemma.Kernel.Tools;

/// <summary>
/// What tools an agent may call: <c>server/tool</c>, or <c>server/*</c>. Nothing but these two, so that what a right
/// covers can be seen at a glance, and whether one right covers another be decided.
/// </summary>
public static class ToolPattern
{
    public const int ServerCharsMax = 32;

    /// <summary>MCP recommends 1 to 128 characters: specification 2025-11-25, server/tools, Tool Names.</summary>
    public const int ToolCharsMax = 128;

    private const string All = "*";

    /// <summary>The server's part and the tool's; false when a name is not of that form.</summary>
    public static bool TrySplit(string? name, out string server, out string tool)
    {
        var at = name?.IndexOf('/') ?? -1;
        (server, tool) = at > 0 ? (name![..at], name[(at + 1)..]) : ("", "");
        return IsServerName(server) && IsToolName(tool);
    }

    public static bool IsServerName(string name) =>
        name.Length is > 0 and <= ServerCharsMax
        && name.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character == '-')
        && name[0] != '-' && name[^1] != '-';

    public static bool IsToolName(string name) =>
        name.Length is > 0 and <= ToolCharsMax && name.All(character => character is > ' ' and <= '~');

    public static bool IsPattern(string? pattern) => TrySplit(pattern, out _, out _);

    /// <summary>Whether any of these rights covers a tool, or another right.</summary>
    public static bool Covers(IEnumerable<string> patterns, string server, string tool) =>
        patterns.Any(pattern => TrySplit(pattern, out var of, out var which)
            && of == server && (which == All || which == tool));

    /// <summary>Whether any of these rights is about a server.</summary>
    public static bool Concerns(IEnumerable<string> patterns, string server) =>
        patterns.Any(pattern => TrySplit(pattern, out var of, out _) && of == server);
}
