using System.Globalization;
using System.Text;
using System.Text.Json;
using Analemma.Daemon.Workflows.Catalog;
using Analemma.Daemon.Workflows.Concurrency;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Daemon.Workflows.Functions;
using Analemma.Daemon.Workflows.Payloads;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Payloads;

namespace Analemma.Daemon.Workflows.Archives;

// A STORE OF WORKFLOWS AS JSON LINES
//
//   {"format": "analemma-workflows", "version": 2}
//   {"document": [kind, key], "body": …}
//   {"payload": sha256, "bytes": n, "offset": n, "data": base64}   a piece of one, before what refers to it
//   {"execution": arn, "key": n, "machine": …, "run": …, "status": n, "started": ticks, "ended": ticks, "head": …,
//    "tail": …, "sequence": n, "hash": …}
//   {"record": key, "sequence": n, "ticks": n, "type": …, "hash": …, "body": …}   of the execution before it
//   {"end": {"documents": n, "executions": n, "records": n, "payloads": n}}
//
// Archives of version 1 have no payloads. Which execution refers to which payload is not written: its records say it.
// A body that is UTF-8 is a text; one that is not, a part of a large one, is {"base64": …}. The last line tells a file
// that was cut off from a whole one. Heads have the seeds of tokens: such a file is for the owner alone.

/// <summary>What an archive of workflows holds.</summary>
internal sealed record ArchiveCounts(long Documents, long Executions, long Records, long Payloads);

/// <summary>Writes a store of workflows to a file.</summary>
internal static class ExecutionArchive
{
    public const string Format = "analemma-workflows";

    public const int Version = 2;

    /// <summary>Bytes of a payload in one line.</summary>
    private const int PieceBytes = 768 * 1024;

    // Those that others need first.
    private static readonly string[] Kinds =
        [.. StateMachines.Kinds, AgentFunctions.Kind, Connections.Kind, ConcurrencyLimits.Kind];

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>Writes all of a store; each chain is checked on the way.</summary>
    /// <exception cref="ArchiveException">An execution is not what was written.</exception>
    /// <exception cref="PayloadException">A payload is not there, or not what it was.</exception>
    /// <param name="store">What is written.</param>
    /// <param name="payloads">Where its large payloads are; null to leave them out.</param>
    /// <param name="output">Where it goes.</param>
    public static ArchiveCounts Write(IExecutionReader store, Lazy<IPayloadStore>? payloads, Stream output)
    {
        using StreamWriter lines = new(output, Strict, bufferSize: 64 * 1024, leaveOpen: true) { NewLine = "\n" };
        long documents = 0;
        long executions = 0;
        long records = 0;
        lines.WriteLine(Line(json =>
        {
            json.WriteString("format", Format);
            json.WriteNumber("version", Version);
        }));
        HashSet<string> written = new(StringComparer.Ordinal);
        foreach (var document in Kinds.SelectMany(store.Documents))
        {
            lines.WriteLine(Line(json => Write(json, document)));
            documents++;
        }

        foreach (var execution in ExecutionVerifier.All(store).ToArray().Reverse())
        {
            var all = store.Records(execution.Key);
            Check(execution, all);
            if (payloads is not null)
            {
                foreach (var reference in ExecutionPayloads.ReferencesOf(all, execution.Standing.Tail)
                    .Where(each => written.Add(each.Sha256)))
                {
                    Write(lines, reference, new PayloadLoader(payloads.Value).Read(reference, execution.Arn));
                }
            }

            lines.WriteLine(Line(json => Write(json, execution)));
            executions++;
            foreach (var record in all)
            {
                lines.WriteLine(Line(json => Write(json, execution.Key, record)));
                records++;
            }
        }

        lines.WriteLine(Line(json =>
        {
            json.WriteStartObject("end");
            json.WriteNumber("documents", documents);
            json.WriteNumber("executions", executions);
            json.WriteNumber("records", records);
            json.WriteNumber("payloads", written.Count);
            json.WriteEndObject();
        }));
        return new ArchiveCounts(documents, executions, records, written.Count);
    }

    private static void Check(StoredExecution execution, IReadOnlyList<JournalRecord> records)
    {
        JournalPosition? before = null;
        try
        {
            foreach (var record in records)
            {
                HashChain.Check(before ?? StepRecords.Before(record), record);
                before = record.Position;
            }
        }
        catch (JournalCorruptException damage)
        {
            throw new ArchiveException($"{execution.Arn}: {damage.Message}; `analemma journal verify` names all");
        }
    }

    private static void Write(StreamWriter lines, PayloadReference reference, byte[] bytes)
    {
        for (var offset = 0; offset < bytes.Length; offset += PieceBytes)
        {
            var from = offset;
            lines.WriteLine(Line(json =>
            {
                json.WriteString("payload", reference.Sha256);
                json.WriteNumber("bytes", reference.Bytes);
                json.WriteNumber("offset", from);
                json.WriteBase64String("data", bytes.AsSpan(from, Math.Min(PieceBytes, bytes.Length - from)));
            }));
        }
    }

    private static void Write(Utf8JsonWriter json, StoredDocument document)
    {
        json.WriteStartArray("document");
        json.WriteStringValue(document.Kind);
        json.WriteStringValue(document.Key);
        json.WriteEndArray();
        Body(json, "body", document.Body);
    }

    private static void Write(Utf8JsonWriter json, StoredExecution execution)
    {
        json.WriteString("execution", execution.Arn);
        json.WriteNumber("key", execution.Key);
        json.WriteString("machine", execution.Machine);
        if (execution.Run is { } run)
        {
            json.WriteString("run", run);
        }

        json.WriteNumber("status", execution.Standing.Status);
        json.WriteNumber("started", execution.StartedTicks);
        if (execution.Standing.EndedTicks is { } ended)
        {
            json.WriteNumber("ended", ended);
        }

        Body(json, "head", execution.Head);
        Body(json, "tail", execution.Standing.Tail);
        json.WriteNumber("sequence", execution.Last.Sequence);
        json.WriteString("hash", execution.Last.Hash.ToString());
    }

    private static void Write(Utf8JsonWriter json, long key, JournalRecord record)
    {
        json.WriteNumber("record", key);
        json.WriteNumber("sequence", record.Sequence);
        json.WriteNumber("ticks", record.Ticks);
        json.WriteString("type", record.Type);
        json.WriteString("hash", record.Hash.ToString());
        Body(json, "body", record.Body.ToArray());
    }

    private static void Body(Utf8JsonWriter json, string name, byte[]? body)
    {
        if (body is null)
        {
            return;
        }

        try
        {
            json.WriteString(name, Strict.GetString(body));
        }
        catch (DecoderFallbackException)
        {
            json.WriteStartObject(name);
            json.WriteBase64String("base64", body);
            json.WriteEndObject();
        }
    }

    private static string Line(Action<Utf8JsonWriter> write)
    {
        using MemoryStream line = new();
        using (Utf8JsonWriter json = new(line))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Strict.GetString(line.GetBuffer().AsSpan(0, (int)line.Length));
    }
}

/// <summary>A file is no archive of workflows, or not a whole one; nothing of it was taken.</summary>
internal sealed class ArchiveException : Exception
{
    /// <summary>Of a store that cannot be written to one.</summary>
    public ArchiveException(string message)
        : base(message)
    {
    }

    /// <summary>Of a file that cannot be read.</summary>
    public ArchiveException(long line, string message)
        : base(string.Create(CultureInfo.InvariantCulture, $"line {line}: {message}")) => Line = line;

    /// <summary>Where in the file; 0 for nowhere.</summary>
    public long Line { get; }
}
