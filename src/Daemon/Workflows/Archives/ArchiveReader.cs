using System.Text;
using System.Text.Json;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Journal;
using Analemma.Journal.Executions;

namespace Analemma.Daemon.Workflows.Archives;

/// <summary>Reads an archive as the changes that make a store of it, each checked; one at a time.</summary>
internal sealed class ArchiveReader(TextReader lines)
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 16 };

    private long _line;
    private long _documents;
    private long _executions;
    private long _records;

    /// <summary>What was read, once all is.</summary>
    public ArchiveCounts Counts => new(_documents, _executions, _records);

    /// <exception cref="ArchiveException">It is no whole archive, or a chain does not check out.</exception>
    public IEnumerable<ExecutionStoreChange> Read()
    {
        using (var first = Next() ?? throw Wrong("the file is empty"))
        {
            if (Text(first.RootElement, "format") != ExecutionArchive.Format)
            {
                throw Wrong(
                    $"it is no archive of workflows, whose first line has \"format\": \"{ExecutionArchive.Format}\"");
            }

            if (Number(first.RootElement, "version") != ExecutionArchive.Version)
            {
                throw Wrong($"this Analemma reads archives of version {ExecutionArchive.Version}");
            }
        }

        ExecutionStoreChange? open = null;
        List<JournalRecord> records = [];
        while (true)
        {
            using var line = Next() ?? throw Wrong("the file ends without its last line: it was cut off");
            var json = line.RootElement;
            if (json.TryGetProperty("record", out _))
            {
                Follow(open, records, json);
                continue;
            }

            if (open is not null)
            {
                yield return Whole(open, records);
                (open, records) = (null, []);
            }

            if (json.TryGetProperty("document", out var document))
            {
                yield return Document(document, json);
            }
            else if (json.TryGetProperty("execution", out _))
            {
                open = Execution(json);
            }
            else
            {
                End(json);
                yield break;
            }
        }
    }

    private JsonDocument? Next()
    {
        _line++;
        if (lines.ReadLine() is not { } line)
        {
            return null;
        }

        try
        {
            var json = JsonDocument.Parse(line, Options);
            return json.RootElement.ValueKind is JsonValueKind.Object ? json : throw Wrong("it is no JSON object");
        }
        catch (JsonException wrong)
        {
            throw Wrong($"it is no JSON: {wrong.Message}");
        }
    }

    private ExecutionStoreChange Document(JsonElement document, JsonElement json)
    {
        if (document.ValueKind is not JsonValueKind.Array || document.GetArrayLength() != 2
            || document[0].ValueKind is not JsonValueKind.String || document[1].ValueKind is not JsonValueKind.String)
        {
            throw Wrong("\"document\" must be a kind and a key");
        }

        _documents++;
        return new ExecutionStoreChange
        {
            Documents = [new StoredDocument(document[0].GetString()!, document[1].GetString()!, Body(json, "body"))],
        };
    }

    private ExecutionStoreChange Execution(JsonElement json)
    {
        _executions++;
        var tail = json.TryGetProperty("tail", out _) ? Body(json, "tail") : null;
        long? ended = json.TryGetProperty("ended", out _) ? Number(json, "ended") : null;
        var run = json.TryGetProperty("run", out _) ? Text(json, "run") : null;
        var key = Number(json, "key");
        return new ExecutionStoreChange
        {
            Key = key > 0 ? key : throw Wrong("\"key\" must be greater than 0"),
            Begins = new StoredExecution(
                key,
                Text(json, "execution"),
                Text(json, "machine"),
                Number(json, "started"),
                Body(json, "head"),
                new ExecutionStanding((int)Number(json, "status"), ended, tail))
            {
                Run = run,
                Last = new JournalPosition(Number(json, "sequence"), Hash(json)),
            },
        };
    }

    private void Follow(ExecutionStoreChange? open, List<JournalRecord> records, JsonElement json)
    {
        if (open is null || Number(json, "record") != open.Key)
        {
            throw Wrong("a record must follow its execution");
        }

        JournalRecord record = new(
            Number(json, "sequence"), Number(json, "ticks"), Text(json, "type"), Body(json, "body"), Hash(json));
        try
        {
            HashChain.Check(records.Count == 0 ? StepRecords.Before(record) : records[^1].Position, record);
        }
        catch (JournalCorruptException corrupt)
        {
            throw Wrong($"{open.Begins!.Arn}: {corrupt.Message}");
        }

        records.Add(record);
        _records++;
    }

    private ExecutionStoreChange Whole(ExecutionStoreChange open, List<JournalRecord> records)
    {
        var last = records.Count == 0 ? JournalPosition.Beginning : records[^1].Position;
        return last == open.Begins!.Last
            ? open with { Records = records }
            : throw Wrong(
                $"{open.Begins.Arn} has {open.Begins.Last.Sequence} records, and {last.Sequence} are here, or others");
    }

    private void End(JsonElement json)
    {
        if (!json.TryGetProperty("end", out var end) || end.ValueKind is not JsonValueKind.Object)
        {
            throw Wrong("it is none of \"document\", \"execution\", \"record\" and \"end\"");
        }

        ArchiveCounts said = new(Number(end, "documents"), Number(end, "executions"), Number(end, "records"));
        if (said != Counts)
        {
            throw Wrong($"the file says that it holds {said}, and holds {Counts}");
        }

        if (lines.ReadLine() is not null)
        {
            throw Wrong("something follows the last line");
        }
    }

    private string Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String
            ? value.GetString()!
            : throw Wrong($"\"{name}\" must be a text");

    private long Number(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Number
            && value.TryGetInt64(out var number)
            ? number
            : throw Wrong($"\"{name}\" must be a whole number");

    private ChainHash Hash(JsonElement json)
    {
        try
        {
            if (ChainHash.TryRead(Convert.FromHexString(Text(json, "hash")), out var hash))
            {
                return hash;
            }
        }
        catch (FormatException)
        {
            // As one that is too short.
        }

        throw Wrong("\"hash\" must be 64 hexadecimal digits");
    }

    private byte[] Body(JsonElement json, string name)
    {
        if (json.TryGetProperty(name, out var value))
        {
            if (value.ValueKind is JsonValueKind.String)
            {
                return Encoding.UTF8.GetBytes(value.GetString()!);
            }

            if (value.ValueKind is JsonValueKind.Object && value.TryGetProperty("base64", out var coded)
                && coded.ValueKind is JsonValueKind.String && coded.TryGetBytesFromBase64(out var bytes))
            {
                return bytes;
            }
        }

        throw Wrong($"\"{name}\" must be a text, or {{\"base64\": …}}");
    }

    private ArchiveException Wrong(string message) => new(_line, message);
}
