using System.Globalization;
using Analemma.Abi.Syscalls;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>Messages and mailboxes as people read them.</summary>
internal static class MailText
{
    /// <summary>A text as it is, everything else as JSON.</summary>
    public static string Body(MailMessage message) => message.Body?.ToText() ?? "null";

    public static IRenderable Boxes(IReadOnlyList<MailboxView> boxes)
    {
        var table = Table(
            "MAILBOX", "RECEIVER", "KIND", "MESSAGES", "BYTES", "LENT", "RECV", "SEND", "NAMES", "TOPICS");
        foreach (var box in boxes)
        {
            Row(
                table,
                box.Name,
                box.Process?.ToString() ?? box.Receiver ?? "host",
                box.Process is not null ? "inbox" : box.Durable == true ? "durable" : "volatile",
                $"{Number(box.Messages)}/{Number(box.MaxMessages)}",
                Number(box.Bytes),
                Number(box.Lent ?? 0),
                Number(box.Receivers ?? 0),
                Number(box.Senders ?? 0),
                box.Names is null ? "-" : string.Join(',', box.Names),
                box.Topics is null ? "-" : string.Join(',', box.Topics));
        }

        return table;
    }

    public static IRenderable Dead(IReadOnlyList<DeadLetterView> letters)
    {
        var table = Table("ID", "MAILBOX", "WHY", "FROM", "DIED", "BYTES", "BODY");
        foreach (var letter in letters)
        {
            var body = letter.Body?.ToText() ?? "-";
            Row(
                table,
                Number(letter.Id),
                letter.Mailbox,
                letter.Reason,
                letter.FromName ?? "host",
                letter.DiedAt.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
                Number(letter.Bytes),
                body.Length > 40 ? body[..40] + "…" : body);
        }

        return table;
    }

    private static Table Table(params string[] columns)
    {
        var table = new Table { Border = TableBorder.None, ShowHeaders = true };
        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(column) { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        }

        return table;
    }

    private static void Row(Table table, params string[] cells) =>
        table.AddRow(cells.Select(cell => new Text(Shown.Line(cell))));

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
