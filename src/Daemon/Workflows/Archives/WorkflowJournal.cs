using System.Text;
using Analemma.Abi;
using Analemma.Daemon.Configuration.Sections;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Daemon.Workflows.Payloads;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Records;

namespace Analemma.Daemon.Workflows.Archives;

/// <summary>
/// What an owner does with the histories of workflows while no kernel needs them: check, take away, bring, make small.
/// Checking and taking away only read, and may run beside a kernel.
/// </summary>
internal static class WorkflowJournal
{
    /// <summary>
    /// Every execution's chain, and where the first bad record of each that is damaged stands; and whether its snapshot
    /// is what the records come to.
    /// </summary>
    public static WorkflowCheck Verify(WorkflowOptions options)
    {
        using var store = ExecutionStores.OpenToRead(options);
        using SnapshotCheck snapshots = new(options, store);
        var report = ExecutionVerifier.Verify(store, snapshots.Check, StepRecords.Before);
        return new WorkflowCheck(store.Name, report.Executions, report.Records)
        {
            Snapshots = snapshots.Checked,
            Damaged =
            [
                .. report.Damaged.Select(damaged => new ExecutionDamage(
                    damaged.Arn,
                    EventOf(store, damaged),
                    new JournalDamage(
                        damaged.Corruption.Sequence,
                        damaged.Corruption.What,
                        damaged.Corruption.Expected,
                        damaged.Corruption.Found))),
            ],
        };
    }

    /// <summary>Writes all of it to a file that only the owner can read.</summary>
    /// <exception cref="IOException">The file is there, or cannot be written.</exception>
    /// <exception cref="PayloadException">A large payload is not there, or not what it was.</exception>
    public static WorkflowArchive Export(WorkflowOptions options, string path, bool withPayloads = true)
    {
        using var store = ExecutionStores.OpenToRead(options);
        // Opened by the first that there is: a store without any needs no folder, and no bucket.
        Lazy<IPayloadStore> payloads = new(() => PayloadPlaces.OpenToRead(options));
        using FileStream file = new(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        try
        {
            var counts = ExecutionArchive.Write(store, withPayloads ? payloads : null, file);
            file.Flush(flushToDisk: true);
            return Told(path, counts);
        }
        catch
        {
            // Half of it would look like something to keep.
            File.Delete(path);
            throw;
        }
        finally
        {
            Close(payloads);
        }
    }

    /// <summary>Brings an archive into a store without executions; all is checked before any is written.</summary>
    /// <exception cref="ArchiveException">It is not whole.</exception>
    /// <exception cref="JournalStoreException">The store is in use, or failed.</exception>
    /// <exception cref="PayloadException">A payload cannot be kept.</exception>
    public static WorkflowArchive Import(WorkflowOptions options, string path, TimeProvider time)
    {
        using (StreamReader all = new(path, Encoding.UTF8))
        {
            foreach (var _ in new ArchiveReader(all).Read())
            {
                // Reading is checking.
            }
        }

        MakeFolder(options);
        using var store = ExecutionStores.Open(options, time);
        if (store.LastKey > 0)
        {
            throw new JournalStoreException(
                JournalStoreFailure.InUse, $"{store.Name} has executions; import into one that has none");
        }

        Lazy<IPayloadStore> payloads = new(() => PayloadPlaces.Open(options));
        try
        {
            return Told(path, Import(store, payloads, path, out var missing)) with { MissingPayloads = missing };
        }
        finally
        {
            Close(payloads);
        }
    }

    // On a host that workflows move to, no kernel has made it yet.
    private static void MakeFolder(WorkflowOptions options)
    {
        if (options.Store is ExecutionStoreKind.Sqlite)
        {
            Directory.CreateDirectory(
                Path.GetDirectoryName(Path.GetFullPath(options.Path))!,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static ArchiveCounts Import(
        IExecutionStore store, Lazy<IPayloadStore> payloads, string path, out int missing)
    {
        using StreamReader lines = new(path, Encoding.UTF8);
        ArchiveReader reader = new(lines);
        foreach (var (change, payload) in reader.Read())
        {
            if (payload is not null)
            {
                payloads.Value.PutAsync(
                    payload.Reference.Sha256, payload.Reference.Bytes, payload.WriteTo, CancellationToken.None)
                    .GetAwaiter().GetResult();
                continue;
            }

            TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
            store.Write(change!, failure =>
            {
                if (failure is null)
                {
                    done.SetResult();
                }
                else
                {
                    done.SetException(failure);
                }
            });
            done.Task.GetAwaiter().GetResult();
        }

        missing = reader.References.Count(each => payloads.Value.LengthOf(each.Sha256) != each.Bytes);
        return reader.Counts;
    }

    private static void Close(Lazy<IPayloadStore> payloads)
    {
        if (payloads.IsValueCreated)
        {
            payloads.Value.Dispose();
        }
    }

    private static WorkflowArchive Told(string path, ArchiveCounts counts) =>
        new(path, counts.Documents, counts.Executions, counts.Records) { Payloads = counts.Payloads };

    /// <summary>The event of the history that would be the bad record's first; 0 when that cannot be said.</summary>
    private static long EventOf(IExecutionReader store, DamagedExecution damaged)
    {
        long last = 0;
        try
        {
            var before = store.Records(store.Find(damaged.Arn)!.Key)
                .TakeWhile(record => record.Sequence < damaged.Corruption.Sequence).ToArray();
            foreach (var step in StepRecords.Steps(before))
            {
                last = StepRecord.ReadHistory(step.Span) is [.., var latest] ? latest.Id : last;
            }
        }
        catch (Exception worse) when (worse is JournalCorruptException or StepRecordException)
        {
            return 0;
        }

        return last + 1;
    }
}
