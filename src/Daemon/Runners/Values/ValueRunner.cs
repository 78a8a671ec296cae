using System.Security.Cryptography;
using Analemma.Abi;
using Analemma.Daemon.Loop;
using Analemma.Journal;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Storage.Sqlite;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Runners.Values;

/// <summary>Keeps, reads and drops the bodies of the store's larger values. Nothing of them goes into a log.</summary>
internal sealed class ValueRunner(
    SqliteBodyStore bodies,
    CallTable calls,
    BackgroundTasks tasks,
    TimeProvider time,
    Action<KernelEvent> post,
    ILogger log)
{
    /// <summary>
    /// The store takes its work in the order in which it is asked, so a read finds what a later effect drops.
    /// </summary>
    public void Start(Effect effect)
    {
        switch (effect)
        {
            case KeepValue keep:
                Keep(keep);
                break;
            case ReadValue read:
                Read(read);
                break;
            case DropValues drop:
                Forget(bodies.DropAsync(drop.Bodies));
                break;
            case SweepValues sweep when bodies.Exists:
                Forget(bodies.SweepAsync(sweep.Used));
                break;
        }
    }

    private void Keep(KeepValue keep)
    {
        var kept = bodies.KeepAsync([(keep.Body, keep.Value)]);
        tasks.Run(async _ =>
        {
            try
            {
                await kept;
                post(new ValueKept(keep.Call, HashOf(keep.Value)) { At = time.GetUtcNow().UtcTicks });
            }
            catch (JournalStoreException failed)
            {
                log.ValuesFailed(failed.Message);
                var error = new SysError(
                    SysErrorCode.IoFailed, "the value cannot be kept: the store of the kernel failed",
                    "see the kernel's log; is the disk full?");
                post(new ValueNotKept(keep.Call, error) { At = time.GetUtcNow().UtcTicks });
            }
        });
    }

    private void Read(ReadValue read)
    {
        var reading = bodies.ReadAsync([read.Value.Body!.Value]);
        tasks.Run(async _ =>
        {
            try
            {
                var body = (await reading)[0];
                if (body is null || HashOf(body) != read.Value.Hash)
                {
                    Fail(read, body is null ? "it is not there" : "it is not the one that the journal has the hash of");
                    return;
                }

                calls.Remove(read.Call.Value)?.Reply(read.Known with { Value = JsonSurrogates.Parse(body) });
            }
            catch (JournalStoreException failed)
            {
                Fail(read, failed.Message);
            }
        });
    }

    private void Fail(ReadValue read, string why)
    {
        log.ValuesFailed($"body {read.Value.Body}: {why}");
        calls.Remove(read.Call.Value)?.Fail(new SysError(
            SysErrorCode.IoFailed, $"the value of {read.Value.Key} cannot be read: {why}",
            "the file of values beside the journal is damaged; store the value again"));
    }

    /// <summary>What stays is swept when the kernel starts again.</summary>
    private void Forget(Task forgetting) => tasks.Run(async _ =>
    {
        try
        {
            await forgetting;
        }
        catch (JournalStoreException failed)
        {
            log.ValuesFailed(failed.Message);
        }
    });

    private static string HashOf(byte[] body) => Convert.ToBase64String(SHA256.HashData(body));
}
