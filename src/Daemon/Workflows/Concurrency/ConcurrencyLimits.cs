using Analemma.Journal.Executions;
using Analemma.Workflow.Admission;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Concurrency;

/// <summary>Limits of lanes that the owner has set, as documents of the store.</summary>
internal sealed class ConcurrencyLimits(IExecutionStore store)
{
    /// <summary>Of the documents that limits are kept as.</summary>
    public const string Kind = "concurrency";

    /// <summary>Those of state machines, by ARN.</summary>
    public const string Machine = "machine:";

    /// <summary>Those of resources, by name.</summary>
    public const string Resource = "resource:";

    /// <summary>What was set, of one kind of lanes.</summary>
    public IEnumerable<(string Lane, LaneLimits Limits)> All(string prefix)
    {
        foreach (var document in store.Documents(Kind))
        {
            if (document.Key.StartsWith(prefix, StringComparison.Ordinal))
            {
                var json = JsonValue.Parse(document.Body!, JsonLimits.Widest);
                yield return (document.Key[prefix.Length..], new LaneLimits(
                    Number(json, "max", LaneLimits.None.Max),
                    Number(json, "reserved", LaneLimits.None.Reserved),
                    Number(json, "queue_max", LaneLimits.None.QueueMax)));
            }
        }
    }

    /// <exception cref="Journal.JournalStoreException">It could not be kept.</exception>
    public Task PutAsync(string prefix, string lane, LaneLimits limits)
    {
        var body = limits == LaneLimits.None ? null : JsonValue.From(JsonObject.Of(
            ("max", limits.Max), ("reserved", limits.Reserved), ("queue_max", limits.QueueMax))).ToUtf8();
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        store.Write(
            new ExecutionStoreChange { Documents = [new StoredDocument(Kind, prefix + lane, body)] },
            (Journal.JournalStoreException? failure) =>
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
        return done.Task;
    }

    private static int Number(JsonValue json, string name, int otherwise) =>
        json[name].TryGetInt32(out var number) ? number : otherwise;
}

/// <summary>How all lanes of one kind stand.</summary>
/// <param name="Limits">Of all together.</param>
/// <param name="Running">What runs.</param>
/// <param name="Queued">What waits.</param>
/// <param name="Refused">What was refused since the start.</param>
/// <param name="OldestSeconds">How long the first has waited; 0 when nobody waits.</param>
internal sealed record ConcurrencyFigures(
    AdmissionLimits Limits, int Running, int Queued, long Refused, double OldestSeconds)
{
    public static ConcurrencyFigures Of<T>(AdmissionQueue<T> queue, DateTimeOffset now)
        where T : notnull => new(
        queue.Limits,
        queue.Running,
        queue.Queued,
        queue.Refused,
        queue.Oldest is { } oldest ? Math.Max(0, (now - oldest).TotalSeconds) : 0);
}
