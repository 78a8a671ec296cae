using System.Globalization;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>Tools and their servers as <c>tool</c> shows them.</summary>
internal static class ToolTables
{
    private const int DescriptionChars = 80;

    private static readonly string[] ToolColumns = ["TOOL", "DESCRIPTION"];

    private static readonly string[] ServerColumns =
        ["SERVER", "STATE", "BY", "TOOLS", "PID", "STARTS", "CALLS", "RUNNING", "WAITING", "UP", "LAST ERROR"];

    public static IRenderable Tools(ListToolsReply offered) =>
        Table(ToolColumns, offered.Tools.Select(tool => new[] { tool.Name, Short(tool.Description ?? tool.Title) }));

    public static IRenderable Servers(IReadOnlyList<ToolServerView> servers) =>
        Table(ServerColumns, servers.Select(Cells));

    private static Table Table(string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(column) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        foreach (var row in rows)
        {
            table.AddRow([.. row.Select(cell => new Text(Shown.Line(cell)))]);
        }

        return table;
    }

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
