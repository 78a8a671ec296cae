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
        [new("ID"), new("AT"), new("CATEGORY", Rank: 1), new("TYPE"), new("BY"), new("DETAILS") { MayBeCut = true }];

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
        Description = "A record that was exported before, and its hash: that it is there still, and all before it.",
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
                      analemma audit verify --expect "$(tail -n1 audit.jsonl | jq -r '"\(.id):\(.hash)"')"
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
        var log = await ReadAsync(session);
        var (category, process) = (session.Parsed.GetValue(_category), session.Parsed.GetValue(_process));
        var entries = log.Entries
            .Where(entry => category is null || entry.Category == category)
            .Where(entry => process is null || entry.By == $"process {process}")
            .ToList();
        var shown = entries.TakeLast(session.Parsed.GetValue(_tail) ?? int.MaxValue).ToList();
        if (session.Json)
        {
            session.WriteJson(log with { Entries = shown }, AbiJsonContext.Default.AuditLog);
        }
        else
        {
            session.Terminal.Console.Write(
                PlainTable.Render(Columns, shown.Select(Cells), session.Terminal.Console.Profile.Width));
            TellDamage(session, log);
        }

        return log.Check.Damage is null ? ExitCodes.Ok : ExitCodes.Failure;
    }

    private async Task<int> VerifyAsync(Session session)
    {
        var log = await ReadAsync(session);
        var missing = Missing(log, session.Parsed.GetValue(_expect));
        var isWhole = log.Check.Damage is null && missing is null;
        if (session.Json)
        {
            session.WriteJson(log.Check, AbiJsonContext.Default.JournalCheck);
        }
        else if (isWhole)
        {
            session.Terminal.Output.WriteLine(
                $"{log.Entries.Count} audit records among {log.Check.Records} records of the journal check out");
        }
        else
        {
            TellDamage(session, log);
        }

        if (missing is not null)
        {
            throw new CliException("audit_changed", missing, "compare with what was exported");
        }

        return isWhole ? ExitCodes.Ok : ExitCodes.Failure;
    }

    private async Task<int> ExportAsync(Session session)
    {
        var log = await ReadAsync(session);
        foreach (var entry in log.Entries)
        {
            session.WriteJsonLine(entry, AbiJsonContext.Default.AuditEntry);
        }

        TellDamage(session, log);
        return log.Check.Damage is null ? ExitCodes.Ok : ExitCodes.Failure;
    }

    private Task<AuditLog> ReadAsync(Session session) => KernelQuestion.AskAsync(
        session,
        ["--audit", .. _settings.Arguments(session)],
        AbiJsonContext.Default.AuditLog,
        ReadMax,
        "journal_unreadable");

    private static void TellDamage(Session session, AuditLog log)
    {
        if (log.Check.Damage is { } damage)
        {
            session.Terminal.Error.WriteLine(
                $"record {damage.Sequence} is not what was written: {damage.What} is {damage.Found}, expected "
                + damage.Expected);
        }
    }

    private static string? Missing(AuditLog log, string? expected)
    {
        if (expected is null)
        {
            return null;
        }

        if (expected.Split(':') is not [var id, var hash]
            || !long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence))
        {
            throw CliException.Usage($"--expect is {expected}; it must be ID:HASH as `audit export` has them");
        }

        var found = log.Entries.FirstOrDefault(entry => entry.Id == sequence);
        return found is null ? $"record {sequence} is not there any more"
            : found.Hash != hash ? $"record {sequence}, or one before it, was changed: its hash is {found.Hash}"
            : null;
    }

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
