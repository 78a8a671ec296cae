using System.Globalization;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>Tools and their servers as <c>tool</c> shows them.</summary>
internal static class ToolTables
{
    private const int DescriptionChars = 80;

    private static readonly Column[] ToolColumns = [new("TOOL"), new("DESCRIPTION") { MayBeCut = true, Wanted = 24 }];

    private static readonly Column[] ServerColumns =
    [
        new("SERVER"), new("STATE"), new("BY", 7), new("TOOLS", 1), new("PID", 8), new("STARTS", 4), new("CALLS", 2),
        new("RUNNING", 5), new("WAITING", 3), new("UP", 6), new("LAST ERROR") { MayBeCut = true, Wanted = 24 },
    ];

    public static IRenderable Tools(ListToolsReply offered, int width) => PlainTable.Render(
        ToolColumns, offered.Tools.Select(tool => new[] { tool.Name, Short(tool.Description ?? tool.Title) }), width);

    public static IRenderable Servers(IReadOnlyList<ToolServerView> servers, int width) =>
        PlainTable.Render(ServerColumns, servers.Select(Cells), width);

    private static string[] Cells(ToolServerView server) =>
    [
        server.Name,
        server.State,
        server.Transport,
        Number(server.Tools),
        server.Pid == 0 ? "-" : Number(server.Pid),
        Number(server.Starts),
        Number(server.Calls),
        Number(server.Running),
        Number(server.Waiting),
        server.State == "ready" ? Durations.Format(server.UptimeMs) : "-",
        Short(server.LastError),
    ];

    /// <summary>The first line; a description is for models and may be long.</summary>
    private static string Short(string? text)
    {
        var line = (text ?? "").Split('\n')[0].Trim();
        return line.Length <= DescriptionChars ? line : $"{line[..(DescriptionChars - 1)]}…";
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
