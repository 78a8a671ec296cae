using System.Text;
using System.Text.Json;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Daemon.Workflows.Payloads;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;
using Analemma.Workflow.Records;

namespace Analemma.Daemon.Workflows.Archives;

/// <summary>Reads an archive as the changes that make a store of it, each checked; one at a time.</summary>
internal sealed class ArchiveReader(TextReader lines)
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 16 };

    private long _line;
    private long _documents;
    private long _executions;
    private long _records;
    private long _payloads;
    private long _version;
    private ArchivePayload? _payload;

    /// <summary>What was read, once all is.</summary>
    public ArchiveCounts Counts => new(_documents, _executions, _records, _payloads);

    /// <summary>What executions refer to of what was read: payloads that are kept beside the store.</summary>
    public HashSet<PayloadReference> References { get; } = [];

    /// <exception cref="ArchiveException">
    /// It is no whole archive, a chain does not check out, or a payload is not what its name says.
    /// </exception>
    public IEnumerable<ArchivePart> Read()
    {
        using (var first = Next() ?? throw Wrong("the file is empty"))
        {
            if (Text(first.RootElement, "format") != ExecutionArchive.Format)
            {
                throw Wrong(
                    $"it is no archive of workflows, whose first line has \"format\": \"{ExecutionArchive.Format}\"");
            }

            _version = Number(first.RootElement, "version");
            if (_version is < 1 or > ExecutionArchive.Version)
            {
                throw Wrong($"this Analemma reads archives of the versions 1 to {ExecutionArchive.Version}");
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
                yield return new ArchivePart(Whole(open, records), null);
                (open, records) = (null, []);
            }

            if (json.TryGetProperty("payload", out _))
            {
                if (Piece(json) is { } payload)
                {
                    yield return new ArchivePart(null, payload);
                }

                continue;
            }

            if (_payload is { } half)
            {
                throw Wrong($"payload {half.Reference.Sha256} ends after {half.Have} of {half.Reference.Bytes} bytes");
            }

            if (json.TryGetProperty("document", out var document))
            {
                yield return new ArchivePart(Document(document, json), null);
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
        if (last != open.Begins!.Last)
        {
            throw Wrong(
                $"{open.Begins.Arn} has {open.Begins.Last.Sequence} records, and {last.Sequence} are here, or others");
        }

        try
        {
            // Who refers to a payload is told anew: without that it would be swept away.
            var pages = ExecutionPayloads.ReferencesOf(records, open.Begins.Standing.Tail);
            References.UnionWith(pages);
            return open with { Records = records, Documents = ExecutionPayloads.Documents(pages, open.Key) };
        }
        catch (Exception wrong) when (wrong is StepRecordException or JsonTextException or InvalidOperationException)
        {
            throw Wrong($"{open.Begins.Arn}: {wrong.Message}");
        }
    }

    // A payload comes in pieces, one after the other; null until it is whole.
    private ArchivePayload? Piece(JsonElement json)
    {
        PayloadReference reference = new(Text(json, "payload"), Number(json, "bytes"));
        if (!PayloadReference.IsDigest(reference.Sha256)
            || reference.Bytes is <= 0 or > ExecutionLimits.PayloadBytesCeiling)
        {
            throw Wrong("\"payload\" must be a SHA-256, and \"bytes\" 1 to 1 GiB");
        }

        _payload ??= new ArchivePayload(reference);
        if (_payload.Reference != reference || Number(json, "offset") != _payload.Have)
        {
            throw Wrong($"the piece at {_payload.Have} of payload {_payload.Reference.Sha256} must be here");
        }

        if (!json.TryGetProperty("data", out var data) || data.ValueKind is not JsonValueKind.String
            || !data.TryGetBytesFromBase64(out var bytes) || bytes.Length == 0
            || _payload.Have + bytes.Length > reference.Bytes)
        {
            throw Wrong("\"data\" must be in base64, and no more than the payload has");
        }

        _payload.Add(bytes);
        if (_payload.Have < reference.Bytes)
        {
            return null;
        }

        var whole = _payload;
        _payload = null;
        _payloads++;
        return whole.Digest() is var digest && digest == reference.Sha256
            ? whole
            : throw Wrong($"payload {reference.Sha256} is not what was written: its SHA-256 is {digest}");
    }

    private void End(JsonElement json)
    {
        if (!json.TryGetProperty("end", out var end) || end.ValueKind is not JsonValueKind.Object)
        {
            throw Wrong("it is none of \"document\", \"execution\", \"record\" and \"end\"");
        }

        ArchiveCounts said = new(
            Number(end, "documents"),
            Number(end, "executions"),
            Number(end, "records"),
            _version == 1 ? 0 : Number(end, "payloads"));
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
