using System.Diagnostics;
using System.Globalization;
using Analemma.Journal;
using Analemma.Storage.Sqlite;

namespace Analemma.Integration.Tests.Storage;

/// <summary>Times of the real store on this machine's disk. Run by name: it judges nothing.</summary>
public sealed class JournalBench
{
    private const int Commits = 2_000;

    private static readonly JournalEntry[] Batch = [new("bench", new byte[300], 1)];

    [Fact(Explicit = true)]
    public async Task Commit_latency_and_throughput()
    {
        using var directory = new JournalDirectory();
        using var store = SqliteJournalStore.Open(directory.JournalPath);
        var writer = new JournalWriter(store);
        await writer.AppendAsync(Batch);

        var awaited = new long[Commits];
        for (var i = 0; i < Commits; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await writer.AppendAsync(Batch);
            awaited[i] = Stopwatch.GetTimestamp() - began;
        }

        var called = CalledBack(writer);
        Say("commit, awaited", awaited);
        Say("commit, called back on the store's thread", called);
        var before = store.Commits;
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 10_000).Select(_ => writer.AppendAsync(Batch)));
        var took = Stopwatch.GetElapsedTime(start);
        Say($"10000 records at once: {10_000 / took.TotalSeconds:F0}/s in {store.Commits - before} commits");
        start = Stopwatch.GetTimestamp();
        var records = Recovery.Begin(store, 1).Records.Count();
        Say($"recovery: {records} records in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:F0} ms");
    }

    private static long[] CalledBack(JournalWriter writer)
    {
        var times = new long[Commits];
        using var all = new ManualResetEventSlim();
        var at = 0;
        var began = Stopwatch.GetTimestamp();
        void Again(AppendOutcome outcome)
        {
            times[at] = Stopwatch.GetTimestamp() - began;
            if (++at == Commits)
            {
                all.Set();
                return;
            }

            began = Stopwatch.GetTimestamp();
            writer.TryAppend(Batch, Again);
        }

        writer.TryAppend(Batch, Again);
        all.Wait(TestContext.Current.CancellationToken);
        return times;
    }

    private static void Say(string what, long[] times)
    {
        Array.Sort(times);
        double Us(double part) => times[(int)((times.Length - 1) * part)] * 1e6 / Stopwatch.Frequency;
        Say(string.Create(
            CultureInfo.InvariantCulture, $"{what}: p50 {Us(0.5):F0} us, p99 {Us(0.99):F0} us, max {Us(1):F0} us"));
    }

    private static void Say(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
