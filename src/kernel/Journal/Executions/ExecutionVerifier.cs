namespace Analemma.Journal.Executions;

/// <summary>An execution that is not what was written.</summary>
/// <param name="Arn">Which.</param>
/// <param name="Corruption">The first of its records that does not check out.</param>
public sealed record DamagedExecution(string Arn, JournalCorruptException Corruption);

/// <summary>What a whole store of executions looks like.</summary>
public sealed record ExecutionReport(long Executions, long Records, IReadOnlyList<DamagedExecution> Damaged);

/// <summary>Checks all that a store of executions keeps. Changes nothing.</summary>
public static class ExecutionVerifier
{
    private const int Page = 500;

    /// <summary>All executions, oldest first: a page at a time, so that a large store needs no large memory.</summary>
    public static IEnumerable<StoredExecution> All(IExecutionReader store)
    {
        ArgumentNullException.ThrowIfNull(store);
        var before = long.MaxValue;
        while (store.List(new ExecutionQuery { BeforeKey = before, Max = Page }) is { Count: > 0 } page)
        {
            foreach (var each in page)
            {
                yield return each;
            }

            before = page[^1].Key;
        }
    }

    /// <summary>Checks each execution's chain, that its row names the last of it, and its checkpoint.</summary>
    /// <param name="store">Where they are.</param>
    /// <param name="read">What else must hold of an execution, once its chain does; throws when it does not.</param>
    /// <param name="before">Which position the first record of an execution follows; null for the beginning.</param>
    public static ExecutionReport Verify(
        IExecutionReader store,
        Action<StoredExecution, IReadOnlyList<JournalRecord>>? read,
        Func<JournalRecord, JournalPosition>? before = null)
    {
        long executions = 0;
        long records = 0;
        List<DamagedExecution> damaged = [];
        foreach (var execution in All(store))
        {
            executions++;
            try
            {
                var found = store.Records(execution.Key);
                var first = found.Count > 0 && before is not null ? before(found[0]) : JournalPosition.Beginning;
                Check(execution, first, found, ref records);
                if (store.Checkpoint(execution.Key) is { } checkpoint)
                {
                    CheckPlace(checkpoint.Position, found);
                }

                read?.Invoke(execution, found);
            }
            catch (JournalCorruptException corruption)
            {
                damaged.Add(new DamagedExecution(execution.Arn, corruption));
            }
        }

        return new ExecutionReport(executions, records, damaged);
    }

    private static void Check(
        StoredExecution execution, JournalPosition last, IReadOnlyList<JournalRecord> found, ref long records)
    {
        foreach (var record in found)
        {
            HashChain.Check(last, record);
            last = record.Position;
            records++;
        }

        if (last != execution.Last)
        {
            throw new JournalCorruptException(
                last.Sequence + 1,
                "end",
                $"{execution.Last.Sequence} {execution.Last.Hash}",
                $"{last.Sequence} {last.Hash}");
        }
    }

    private static void CheckPlace(JournalPosition checkpoint, IReadOnlyList<JournalRecord> found)
    {
        var at = found.Count == 0 ? -1 : checkpoint.Sequence - found[0].Sequence;
        if (at < 0 || at >= found.Count || found[(int)at].Position != checkpoint)
        {
            throw new JournalCorruptException(
                checkpoint.Sequence, "checkpoint's place", "one of the records", checkpoint.Hash.ToString());
        }
    }
}
