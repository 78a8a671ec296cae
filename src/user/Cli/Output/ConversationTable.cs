using System.Globalization;
using Analemma.Abi.Syscalls;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>Conversations as <c>chat --list</c> shows them.</summary>
internal static class ConversationTable
{
    private static readonly string[] Columns =
        ["ID", "OWNER", "NAME", "MODEL", "MESSAGES", "TOKENS", "BYTES", "CHANGED"];

    public static IRenderable Of(ConversationListReply all)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var column in Columns)
        {
            table.AddColumn(new TableColumn(column) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        foreach (var each in all.Conversations)
        {
            table.AddRow(
                new Text(Number(each.Conversation)),
                new Text(each.Owner == Abi.ProcessId.None ? "host" : each.Owner.ToString()),
                new Text(Shown.Line(each.Name ?? "-")),
                new Text(Shown.Line(each.Model ?? "-")),
                new Text(Number(each.Messages)),
                new Text($"~{Number(each.Tokens)}"),
                new Text(Number(each.Bytes)),
                new Text(each.ChangedAt.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture)));
        }

        return table;
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
