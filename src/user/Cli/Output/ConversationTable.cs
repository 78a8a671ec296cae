using System.Globalization;
using Analemma.Abi.Syscalls;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>Conversations as <c>chat --list</c> shows them.</summary>
internal static class ConversationTable
{
    private static readonly Column[] Columns =
    [
        new("ID"), new("OWNER", 1), new("NAME") { MayBeCut = true }, new("MODEL", 2), new("MESSAGES"), new("TOKENS", 3),
        new("BYTES", 5), new("CHANGED", 4),
    ];

    public static IRenderable Of(ConversationListReply all, int width) =>
        PlainTable.Render(Columns, all.Conversations.Select(Cells), width);

    private static string[] Cells(ConversationView each) =>
    [
        Number(each.Conversation),
        each.Owner == Abi.ProcessId.None ? "host" : each.Owner.ToString(),
        each.Name ?? "-",
        each.Model ?? "-",
        Number(each.Messages),
        $"~{Number(each.Tokens)}",
        Number(each.Bytes),
        each.ChangedAt.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
    ];

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
