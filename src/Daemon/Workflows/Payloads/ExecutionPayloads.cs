using System.Globalization;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;
using Analemma.Workflow.Records;

namespace Analemma.Daemon.Workflows.Payloads;

// WHO REFERS TO A PAYLOAD
//
//   value ─► digest ─► pinned ─► kept, durably ─► the commit with the records and one document each ─► let go
//
// The document "payload", DIGEST/EXECUTION, is put in the commit whose records refer to the payload. So what nobody
// refers to is what has no document of an execution that is still there. What is pinned is about to be referred to, and
// what was kept while a sweep looked may have been: a sweep leaves both alone.
//
// A snapshot may need payloads that no record has. The document "snapshot", EXECUTION, lists all that the execution's
// snapshot refers to, and is put in the snapshot's commit: what the one before needed is then nobody's.
/// <summary>Large payloads of executions: kept before the commit that refers to them, checked when read.</summary>
internal sealed class ExecutionPayloads(IExecutionStore store, IPayloadStore payloads) : IDisposable
{
    private const string Kind = "payload";
    private const string SnapshotKind = "snapshot";
    private const int KnownMax = 100_000;

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _sweeping = new(1);
    private readonly Dictionary<string, int> _pinned = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private HashSet<string>? _touched;
    private readonly Dictionary<string, Task> _going = new(StringComparer.Ordinal);

    public string Where => payloads.Where;

    /// <summary>The documents that say that an execution refers to payloads.</summary>
    public static IReadOnlyList<StoredDocument> Documents(IReadOnlyList<PagedPayload> pages, long execution) =>
        pages.Count == 0 ? [] : Documents(pages.Select(page => page.Reference), execution);

    /// <summary>The documents that say that an execution refers to payloads.</summary>
    public static IReadOnlyList<StoredDocument> Documents(IEnumerable<PayloadReference> pages, long execution) =>
        [.. pages.DistinctBy(page => page.Sha256)
            .Select(page => Released(page.Sha256, execution) with { Body = "{}"u8.ToArray() })];

    /// <summary>The document that says that an execution refers to a payload no more.</summary>
    public static StoredDocument Released(string digest, long execution) => new(
        Kind, string.Create(CultureInfo.InvariantCulture, $"{digest}/{execution}"), null);

    /// <summary>The document that says which payloads the snapshot of an execution refers to.</summary>
    public static StoredDocument SnapshotDocument(IReadOnlyList<PagedPayload> pages, long execution) => new(
        SnapshotKind,
        execution.ToString(CultureInfo.InvariantCulture),
        pages.Count == 0 ? null : JsonValue.From(JsonArray.Of(
            [.. pages.Select(page => (JsonValue)page.Reference.Sha256)])).ToUtf8());

    /// <summary>What an execution refers to, by its records and by how it ended.</summary>
    /// <exception cref="JournalCorruptException">The records do not follow each other.</exception>
    /// <exception cref="StepRecordException">A record is none of an execution.</exception>
    public static IReadOnlyList<PayloadReference> ReferencesOf(IReadOnlyList<JournalRecord> records, byte[]? tail)
    {
        StepReader reader = new(JournalPosition.Beginning);
        var found = records.SelectMany(record => reader.Next(record)?.References() ?? []);
        return [.. (tail is not null && ExecutionEnd.Read(tail).Paged is { } output ? found.Append(output) : found)
            .Distinct()];
    }

    /// <summary>Keeps payloads. Whatever comes of it, <see cref="LetGo"/> must follow.</summary>
    /// <exception cref="PayloadException">One could not be kept.</exception>
    public async Task KeepAsync(IReadOnlyList<PagedPayload> pages, CancellationToken cancelled)
    {
        List<Task> going = [];
        lock (_gate)
        {
            foreach (var (reference, _) in pages)
            {
                _pinned[reference.Sha256] = _pinned.GetValueOrDefault(reference.Sha256) + 1;
                _touched?.Add(reference.Sha256);
                if (_going.TryGetValue(reference.Sha256, out var gone))
                {
                    going.Add(gone);
                }
            }
        }

        // What is just being deleted is written again after that.
        await Task.WhenAll(going).WaitAsync(cancelled);
        foreach (var (reference, value) in pages)
        {
            if (!IsKept(reference))
            {
                await payloads.PutAsync(
                    reference.Sha256,
                    reference.Bytes,
                    piece => value.WriteTo(new JsonPieces(piece), JsonWriteOptions.Service),
                    cancelled);
                Know(reference);
            }
        }
    }

    /// <summary>The commit that refers to them is made, or will not be.</summary>
    public void LetGo(IReadOnlyList<PagedPayload> pages)
    {
        if (pages.Count == 0)
        {
            return;
        }

        lock (_gate)
        {
            foreach (var (reference, _) in pages)
            {
                if (_pinned[reference.Sha256]-- == 1)
                {
                    _pinned.Remove(reference.Sha256);
                }
            }
        }
    }

    /// <summary>Reads them.</summary>
    public PayloadLoader Loader { get; } = new(payloads);

    /// <summary>A payload's value.</summary>
    /// <exception cref="PayloadException">It is not there, or not what it was.</exception>
    public JsonValue Load(PayloadReference reference, string where) => Loader.Load(reference, where);

    /// <summary>Reads them part by part, for who does not need them whole.</summary>
    public PayloadParts Parts { get; } = new(payloads);

    /// <summary>Deletes what no execution refers to.</summary>
    /// <exception cref="PayloadException">The store of payloads failed.</exception>
    public async Task<PayloadSweep> SweepAsync(CancellationToken cancelled)
    {
        await _sweeping.WaitAsync(cancelled);
        try
        {
            lock (_gate)
            {
                _touched = [.. _pinned.Keys];
            }

            // In this order: what is listed and not referred to afterwards was not about to be.
            // What has another name is somebody else's: the marker of a folder, a file that was put there by hand.
            string[] there = [.. payloads.List().Where(PayloadReference.IsDigest)];
            var (live, dead) = References();
            var removed = there.Count(digest => !live.Contains(digest) && TryDelete(digest));
            await ForgetAsync(dead);
            return new PayloadSweep(there.Length - removed, removed);
        }
        finally
        {
            lock (_gate)
            {
                _touched = null;
            }

            _sweeping.Release();
        }
    }

    public void Dispose()
    {
        payloads.Dispose();
        _sweeping.Dispose();
    }

    private (HashSet<string> Live, List<StoredDocument> Dead) References()
    {
        HashSet<string> live = new(StringComparer.Ordinal);
        List<StoredDocument> dead = [];
        Dictionary<long, bool> known = [];
        bool IsThere(ReadOnlySpan<char> text)
        {
            var key = long.Parse(text, CultureInfo.InvariantCulture);
            return known.TryGetValue(key, out var there) ? there : known[key] = store.Find(key) is not null;
        }

        foreach (var document in store.Documents(Kind))
        {
            if (IsThere(document.Key.AsSpan(PayloadReference.DigestChars + 1)))
            {
                live.Add(document.Key[..PayloadReference.DigestChars]);
            }
            else
            {
                dead.Add(document with { Body = null });
            }
        }

        foreach (var document in store.Documents(SnapshotKind))
        {
            if (!IsThere(document.Key))
            {
                dead.Add(document with { Body = null });
                continue;
            }

            foreach (var digest in JsonValue.Parse(document.Body!, JsonLimits.Widest).AsArray())
            {
                live.Add(digest.AsString());
            }
        }

        return (live, dead);
    }

    // Not under the gate, which commits take: a store may be far away. Who wants to keep it meanwhile waits for it.
    private bool TryDelete(string digest)
    {
        TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_pinned.ContainsKey(digest) || _touched!.Contains(digest))
            {
                return false;
            }

            _known.Remove(digest);
            _going[digest] = gone.Task;
        }

        try
        {
            payloads.Delete(digest);
            return true;
        }
        finally
        {
            lock (_gate)
            {
                _going.Remove(digest);
            }

            gone.SetResult();
        }
    }

    private async Task ForgetAsync(List<StoredDocument> dead)
    {
        if (dead.Count == 0)
        {
            return;
        }

        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        store.Write(new ExecutionStoreChange { Documents = dead }, _ => done.SetResult());
        await done.Task;
    }

    // What an earlier kernel kept is looked at once: a file that has gone bad is written anew while it can be.
    private bool IsKept(PayloadReference reference)
    {
        lock (_gate)
        {
            if (_known.Contains(reference.Sha256))
            {
                return true;
            }
        }

        if (payloads.LengthOf(reference.Sha256) != reference.Bytes)
        {
            return false;
        }

        try
        {
            Loader.Read(reference, "nobody yet");
        }
        catch (PayloadException bad) when (bad.Failure is PayloadFailure.Corrupt or PayloadFailure.Missing)
        {
            return false;
        }

        Know(reference);
        return true;
    }

    private void Know(PayloadReference reference)
    {
        lock (_gate)
        {
            if (_known.Count >= KnownMax)
            {
                _known.Clear();
            }

            _known.Add(reference.Sha256);
        }
    }
}

/// <summary>What a sweep found.</summary>
/// <param name="Kept">Payloads that are there.</param>
/// <param name="Removed">Payloads that nobody referred to.</param>
internal sealed record PayloadSweep(int Kept, int Removed);
