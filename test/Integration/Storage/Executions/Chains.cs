using System.Globalization;
using Analemma.Journal;
using Analemma.Journal.Executions;

namespace Analemma.Integration.Tests.Storage.Executions;

/// <summary>Executions and records to keep.</summary>
internal static class Chains
{
    public static JournalRecord[] Of(int count) =>
        Of([.. Enumerable.Range(0, count).Select(i => new byte[] { (byte)i, 2, 3 })]);

    public static JournalRecord[] Of(params byte[][] bodies) => After(JournalPosition.Beginning, bodies);

    public static JournalRecord[] After(JournalPosition last, params byte[][] bodies)
    {
        List<JournalRecord> records = [];
        foreach (var body in bodies)
        {
            records.Add(HashChain.Next(last, new JournalEntry("step", body, 1000 + last.Sequence)));
            last = records[^1].Position;
        }

        return [.. records];
    }

    public static StoredExecution Execution(long key, string arn) => new(
        key, arn, "m", key * 10, System.Text.Encoding.UTF8.GetBytes(arn), new ExecutionStanding(0, null, null));

    public static ExecutionStanding Ended(int status, long at) =>
        new(status, at, System.Text.Encoding.UTF8.GetBytes(at.ToString(CultureInfo.InvariantCulture)));

    public static void AssertSame(IReadOnlyList<JournalRecord> expected, IReadOnlyList<JournalRecord> found)
    {
        Assert.Equal(expected.Count, found.Count);
        foreach (var (left, right) in expected.Zip(found))
        {
            Assert.Equal((left.Position, left.Ticks, left.Type), (right.Position, right.Ticks, right.Type));
            Assert.True(left.Body.Span.SequenceEqual(right.Body.Span));
        }
    }

    /// <summary>Completes when a change is durable.</summary>
    public static Task KeepAsync(this IExecutionStore store, ExecutionStoreChange change, Action? told = null)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        store.Write(change, failure =>
        {
            told?.Invoke();
            if (failure is null)
            {
                done.SetResult();
            }
            else
            {
                done.SetException(failure);
            }
        });
        return done.Task;
    }
}
