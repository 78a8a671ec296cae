using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Journal;
using Analemma.Kernel.Effects;
using Analemma.Kernel.History;
using Analemma.Storage.Sqlite;

namespace Analemma.Daemon.Runners;

/// <summary>Answers AUDIT from the journal on disk, on no thread that anybody else waits for.</summary>
internal sealed class AuditRunner(string journal, CallTable calls, BackgroundTasks tasks)
{
    /// <summary>What one answer may have room for beside the rest of its frame.</summary>
    private const int AnswerBytesMax = AbiLimits.PayloadBytesMax * 3 / 4;

    /// <summary>What the other fields of a record take.</summary>
    private const int RecordOverhead = 200;

    /// <summary>Records that are looked at for those of one process.</summary>
    private const int LookedAtMax = 200_000;

    public void Start(ReadAudit read)
    {
        if (calls.Remove(read.Call.Value) is not { } call)
        {
            return;
        }

        tasks.Run(_ =>
        {
            try
            {
                call.Reply(new AuditReply(Read(read)));
            }
            catch (Exception failed) when (failed is JournalStoreException or JournalCorruptException)
            {
                call.Fail(new SysError(
                    SysErrorCode.IoFailed, $"the audit log: {failed.Message}", "see `analemma audit verify`"));
            }

            return Task.CompletedTask;
        });
    }

    /// <summary>Who did what a record says.</summary>
    public static string By(JournalRecord record, out JsonElement details)
    {
        details = JsonElement.Parse(record.Body.Span);
        var process = details.TryGetProperty("process", out var id) && id.TryGetInt64(out var number) ? number : 0;
        return process != 0 ? $"process {process}"
            : details.TryGetProperty("uid", out var uid) ? $"uid {uid}"
            : "";
    }

    private List<AuditRecord> Read(ReadAudit read)
    {
        List<AuditRecord> found = [];
        var room = AnswerBytesMax;
        var of = read.Process is { } process ? $"process {process.Value}" : null;
        using var reader = SqliteJournalReader.Open(journal);
        foreach (var record in reader.ReadLatest(read.Since, AuditRecords.RequestPrefix, AuditRecords.Types)
            .Take(LookedAtMax))
        {
            var category = AuditRecords.CategoryOf(record.Type)!;
            var by = By(record, out var details);
            if ((read.Category is not null && category != read.Category) || (of is not null && by != of))
            {
                continue;
            }

            room -= record.Body.Length + RecordOverhead;
            if (room < 0)
            {
                break;
            }

            found.Add(new AuditRecord(
                record.Sequence, new DateTimeOffset(record.Ticks, TimeSpan.Zero), category, record.Type, by, details));
            if (found.Count == read.Max)
            {
                break;
            }
        }

        found.Reverse();
        return found;
    }
}
