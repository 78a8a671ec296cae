using System.CommandLine;
using System.Globalization;
using Analemma.Abi;
using Analemma.Cli.Host;
using Analemma.Cli.Output;

namespace Analemma.Cli.Commands;

/// <summary>Who did what, and what was denied: the audit records of a state folder, its kernel up or not.</summary>
internal sealed class AuditCommand : ICliCommand
{
    private const int DetailChars = 160;

    private static readonly TimeSpan ReadMax = TimeSpan.FromHours(1);

    private static readonly Column[] Columns =
    [
        new("ID"), new("AT", Rank: 2), new("CATEGORY", Rank: 3), new("TYPE"), new("BY", Rank: 1),
        new("DETAILS") { MayBeCut = true, Wanted = 24 },
    ];

    private readonly KernelSettings _settings = new();

    private readonly Option<string?> _category = new("--category")
    {
        HelpName = "CATEGORY",
        Description = "security or lifecycle. Default both.",
    };

    private readonly Option<long?> _process = new("--process")
    {
        HelpName = "ID",
        Description = "Only what this process did, or was denied.",
    };

    private readonly Option<int?> _tail = new("--tail") { HelpName = "N", Description = "Only the last so many." };

    private readonly Option<string?> _expect = new("--expect")
    {
        HelpName = "ID:HASH",
        Description = "A record that was exported before, and its link: that it is there still, as it was, and all"
            + " audit records before it.",
    };

    public AuditCommand() => _category.AcceptOnlyFromAmong("security", "lifecycle");

    public Command Declare(CommandSet set)
    {
        var list = new Command("list", "List what was done by whom, and what was denied.")
        {
            _category, _process, _tail,
        };
        var verify = new Command(
            "verify", "Check every record against the chain of hashes. Exit code 1, and the bad record, if one is.")
        {
            _expect,
        };
        var export = new Command("export", "Print every audit record with its hash, a line of JSON each.");
        foreach (var command in new[] { list, verify, export })
        {
            _settings.AddTo(command);
        }

        return set.Explain(
            new Command("audit", "Who did what to whom, and what was denied, as the journal has it.")
            {
                set.Does(list, ListAsync, """
                      analemma audit list --category security
                      analemma audit list --process 7 --json
                    """),
                set.Does(verify, VerifyAsync, """
                      analemma audit verify
                      analemma audit verify --expect "$(tail -n1 audit.jsonl | jq -r '"\(.id):\(.link)"')"
                    """),
                set.Does(export, ExportAsync, """
                      analemma audit export > audit.jsonl
                    """),
            },
            """
              analemma audit list --category security
              analemma audit verify
            """);
    }

    private async Task<int> ListAsync(Session session)
    {
        var (category, process) = (session.Parsed.GetValue(_category), session.Parsed.GetValue(_process));
        var shownMax = session.Parsed.GetValue(_tail) switch
        {
            null => int.MaxValue,
            < 0 and var count => throw CliException.Usage($"--tail {count} is not a number of records"),
            { } count => count,
        };
        Queue<AuditEntry> shown = [];
        var check = await ReadAsync(session, entry =>
        {
            if ((category is null || entry.Category == category)
                && (process is null || entry.By == $"process {process}"))
            {
                shown.Enqueue(entry);
                if (shown.Count > shownMax)
                {
                    shown.Dequeue();
                }
            }
        });
        if (session.Json)
        {
            session.WriteJson(new AuditLog(check, [.. shown]), AbiJsonContext.Default.AuditLog);
        }
        else
        {
            session.Terminal.Console.Write(
                PlainTable.Render(Columns, shown.Select(Cells), session.Terminal.Console.Profile.Width));
            TellDamage(session, check);
        }

        return check.IsAuditWhole() ? ExitCodes.Ok : ExitCodes.Failure;
    }

    private async Task<int> VerifyAsync(Session session)
    {
        var expected = Expected(session.Parsed.GetValue(_expect));
        AuditEntry? found = null;
        long entries = 0;
        var check = await ReadAsync(session, entry =>
        {
            entries++;
            found = entry.Id == expected?.Id ? entry : found;
        });
        var missing = expected is { } wanted ? Missing(found, wanted.Id, wanted.Hash) : null;
        var isWhole = check.IsAuditWhole() && missing is null;
        if (session.Json)
        {
            session.WriteJson(check, AbiJsonContext.Default.JournalCheck);
        }
        else if (isWhole)
        {
            var archived = check.Audit is { Records: > 0 } archive ? $" and {archive.Records} of its archive" : "";
            session.Terminal.Output.WriteLine(
                $"{entries} audit records among {check.Records} records of the journal{archived} check out");
        }
        else
        {
            TellDamage(session, check);
        }

        if (missing is not null)
        {
            throw new CliException("audit_changed", missing, "compare with what was exported");
        }

        return isWhole ? ExitCodes.Ok : ExitCodes.Failure;
    }

    private async Task<int> ExportAsync(Session session)
    {
        var check = await ReadAsync(
            session, entry => session.WriteJsonLine(entry, AbiJsonContext.Default.AuditEntry));
        TellDamage(session, check);
        return check.IsAuditWhole() ? ExitCodes.Ok : ExitCodes.Failure;
    }

    private Task<JournalCheck> ReadAsync(Session session, Action<AuditEntry> take) =>
        KernelQuestion.AskLinesAsync(
            session,
            ["--audit", .. _settings.ArgumentsOfState(session)],
            AbiJsonContext.Default.AuditLine,
            line =>
            {
                if (line.Entry is { } entry)
                {
                    take(entry);
                }

                return line.Check;
            },
            ReadMax,
            "journal_unreadable");

    private static void TellDamage(Session session, JournalCheck check)
    {
        foreach (var damage in new[] { check.Audit?.Damage, check.Damage }.OfType<JournalDamage>())
        {
            session.Terminal.Error.WriteLine(
                $"record {damage.Sequence} is not what was written: {damage.What} is {damage.Found}, expected "
                + damage.Expected);
        }
    }

    private static (long Id, string Hash)? Expected(string? text) => text?.Split(':') switch
    {
        null => null,
        [var id, var hash] when long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) =>
            (sequence, hash),
        _ => throw CliException.Usage($"--expect is {text}; it must be ID:LINK as `audit export` has them"),
    };

    /// <summary>A hash is taken for a link, too: it was what exports of before there were links had.</summary>
    private static string? Missing(AuditEntry? found, long id, string hash) =>
        found is null ? $"record {id} is not there any more"
        : found.Link != hash && found.Hash != hash
            ? $"record {id}, or one before it, was changed: its link is {found.Link}"
            : null;

    private static string[] Cells(AuditEntry entry)
    {
        var details = entry.Details.GetRawText();
        return
        [
            entry.Id.ToString(CultureInfo.InvariantCulture),
            entry.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ssZ", CultureInfo.InvariantCulture),
            entry.Category,
            entry.Type,
            entry.By.Length == 0 ? "-" : entry.By,
            details.Length <= DetailChars ? details : details[..DetailChars] + "…",
        ];
    }
}
