using System.Globalization;
using Analemma.Journal;
using Analemma.Journal.Executions;

namespace Analemma.Integration.Tests.Storage.Executions;

/// <summary>What a store must hold, in memory, and changes to it at random.</summary>
internal sealed class ExecutionStoreModel
{
    private readonly SortedDictionary<long, Held> _all = [];

    private readonly SortedDictionary<(string Kind, string Key), byte[]> _documents = [];
    private readonly HashSet<long> _forgotten = [];

    private sealed record Held(StoredExecution Row, List<JournalRecord> Records, Checkpoint? Check);

    public long LastKey { get; private set; }

    /// <summary>Makes a change and knows it as made.</summary>
    public ExecutionStoreChange Next(Random random)
    {
        var known = _all.Keys.ToArray();
        var kind = random.Next(10);
        if (kind < 3 || known.Length == 0)
        {
            return Begin(random);
        }

        if (kind == 3)
        {
            return Document(random);
        }

        var key = known[random.Next(known.Length)];
        return kind == 4 && key != LastKey ? Forget(key) : Advance(random, key);
    }

    public void AssertSame(IExecutionStore store)
    {
        Assert.Equal(_all.Keys.Reverse(), store.List(new ExecutionQuery { Max = 1000 }).Select(each => each.Key));
        Assert.Equal(
            _all.Where(each => each.Value.Row.Standing.Status == 0).Select(each => each.Key),
            store.Open().Select(each => each.Key));
        foreach (var (key, (row, records, checkpoint)) in _all)
        {
            var found = store.Find(row.Arn)!;
            Assert.Equal(
                (key, row.Standing.Status, row.Standing.EndedTicks),
                (found.Key, found.Standing.Status, found.Standing.EndedTicks));
            Assert.Equal(records.Count == 0 ? JournalPosition.Beginning : records[^1].Position, found.Last);
            Chains.AssertSame(records, store.Records(key));
            Assert.Equal(checkpoint?.Position, store.Checkpoint(key)?.Position);
        }

        Assert.All(_forgotten, key => Assert.Empty(store.Records(key)));
        foreach (var kind in (string[])["a", "b"])
        {
            Assert.Equal(
                _documents.Where(each => each.Key.Kind == kind).Select(each => (each.Key.Key, each.Value[0])),
                store.Documents(kind).Select(each => (each.Key, each.Body![0])));
        }
    }

    private ExecutionStoreChange Begin(Random random)
    {
        var key = ++LastKey;
        var row = Chains.Execution(key, string.Create(CultureInfo.InvariantCulture, $"e{key}"));
        var records = Chains.Of(random.Next(0, 4));
        _all[key] = new Held(row, [.. records], null);
        return new ExecutionStoreChange { Key = key, Begins = row, Records = records };
    }

    private ExecutionStoreChange Document(Random random)
    {
        var (kind, key) = (random.Next(2) == 0 ? "a" : "b", "k" + random.Next(5));
        var body = random.Next(3) == 0 ? null : new byte[] { (byte)random.Next(256) };
        if (body is null)
        {
            _documents.Remove((kind, key));
        }
        else
        {
            _documents[(kind, key)] = body;
        }

        return new ExecutionStoreChange { Documents = [new StoredDocument(kind, key, body)] };
    }

    private ExecutionStoreChange Forget(long key)
    {
        _all.Remove(key);
        _forgotten.Add(key);
        return new ExecutionStoreChange { Forget = [key] };
    }

    private ExecutionStoreChange Advance(Random random, long key)
    {
        var (row, records, checkpoint) = _all[key];
        var more = Chains.After(
            records.Count == 0 ? JournalPosition.Beginning : records[^1].Position,
            [.. Enumerable.Range(0, random.Next(0, 5)).Select(_ => new byte[random.Next(300)])]);
        records.AddRange(more);
        var standing = random.Next(3) switch
        {
            0 => Chains.Ended(random.Next(1, 4), random.Next(1000)),
            1 => new ExecutionStanding(0, null, null),
            _ => null,
        };
        var next = random.Next(4) == 0 && records.Count > 0
            ? new Checkpoint(records[^1].Position, 1, new byte[random.Next(1000)])
            : null;
        _all[key] = new Held(row with { Standing = standing ?? row.Standing }, records, next ?? checkpoint);
        return new ExecutionStoreChange { Key = key, Records = more, Standing = standing, Checkpoint = next };
    }
}
