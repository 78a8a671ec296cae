using System.Globalization;
using Analemma.Abi.Syscalls;
using Spectre.Console.Rendering;

namespace Analemma.Cli.Output;

/// <summary>Messages and mailboxes as people read them.</summary>
internal static class MailText
{
    private const int BodyChars = 40;

    private static readonly Column[] BoxColumns =
    [
        new("MAILBOX") { MayBeCut = true }, new("RECEIVER"), new("KIND", 6), new("MESSAGES"), new("BYTES", 5),
        new("LENT", 1), new("RECV", 2), new("SEND", 3), new("NAMES", 7) { MayBeCut = true },
        new("TOPICS", 4) { MayBeCut = true },
    ];

    private static readonly Column[] DeadColumns =
    [
        new("ID"), new("MAILBOX") { MayBeCut = true }, new("WHY"), new("FROM", 2), new("DIED", 3), new("BYTES", 4),
        new("BODY", 1) { MayBeCut = true, Wanted = 24 },
    ];

    /// <summary>A text as it is, everything else as JSON.</summary>
    public static string Body(MailMessage message) => message.Body?.ToText() ?? "null";

    public static IRenderable Boxes(IReadOnlyList<MailboxView> boxes, int width) =>
        PlainTable.Render(BoxColumns, boxes.Select(Cells), width);

    public static IRenderable Dead(IReadOnlyList<DeadLetterView> letters, int width) =>
        PlainTable.Render(DeadColumns, letters.Select(Cells), width);

    private static string[] Cells(MailboxView box) =>
    [
        box.Name,
        box.Process?.ToString() ?? box.Receiver ?? "host",
        box.Process is not null ? "inbox" : box.Durable == true ? "durable" : "volatile",
        $"{Number(box.Messages)}/{Number(box.MaxMessages)}",
        Number(box.Bytes),
        Number(box.Lent ?? 0),
        Number(box.Receivers ?? 0),
        Number(box.Senders ?? 0),
        box.Names is null ? "-" : string.Join(',', box.Names),
        box.Topics is null ? "-" : string.Join(',', box.Topics),
    ];

    private static string[] Cells(DeadLetterView letter)
    {
        var body = letter.Body?.ToText() ?? "-";
        return
        [
            Number(letter.Id),
            letter.Mailbox,
            letter.Reason,
            letter.FromName ?? "host",
            letter.DiedAt.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            Number(letter.Bytes),
            body.Length > BodyChars ? body[..BodyChars] + "…" : body,
        ];
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
