using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Json;
using Analemma.Workflow.Payloads;
using Analemma.Workflow.Snapshots;

namespace Analemma.Unit.Tests.Workflow;

/// <summary>A snapshot at any event, and the events after it, come to what all events come to.</summary>
internal static class SnapshotProperty
{
    /// <summary>Null when it holds; else where it does not.</summary>
    /// <param name="machine">What runs.</param>
    /// <param name="identity">Who.</param>
    /// <param name="events">All that happened.</param>
    /// <param name="spoil">Changes a snapshot before it is read: what a negative control does.</param>
    public static string? Broken(
        StateMachineDefinition machine,
        ExecutionIdentity identity,
        IReadOnlyList<ExecutionEvent> events,
        Func<byte[], byte[]>? spoil = null)
    {
        ExecutionReplay whole = new(machine, identity);
        var results = events.Select(whole.Add).ToArray();
        ExecutionReplay first = new(machine, identity);
        for (var k = 1; k <= events.Count; k++)
        {
            first.Add(events[k - 1]);
            if (!WaitsAsItsFold(first, identity))
            {
                return $"after event {k} it waits for something else than it says";
            }

            var again = Again(first, machine, identity, spoil);
            if (!ExecutionSnapshot.AreSame(first, again))
            {
                return $"read back after event {k} it is another";
            }

            if (!first.Open.Again().SequenceEqual(again.Open.Again(), EffectComparer.Instance))
            {
                return $"read back after event {k} it wants something else";
            }

            for (var i = k; i < events.Count; i++)
            {
                var result = again.Add(events[i]);
                if (!result.History.SequenceEqual(results[i].History)
                    || !result.Effects.SequenceEqual(results[i].Effects, EffectComparer.Instance))
                {
                    return $"after a snapshot at event {k}, event {i + 1} leads elsewhere";
                }
            }

            if (!ExecutionSnapshot.AreSame(whole, again))
            {
                return $"after a snapshot at event {k} the end is another";
            }
        }

        return null;
    }

    // Who only waits says for what, to the letter; but for what only a token can end it says no input.
    private static bool WaitsAsItsFold(ExecutionReplay at, ExecutionIdentity identity)
    {
        if (WaitingWork.Of(at.State, at.Open)?.Write() is not { } written)
        {
            return true;
        }

        Resumption expected = new(at);
        Resumption said = new(WaitingWork.Read(written, identity)!);
        return said.IsHeld == expected.IsHeld
            && said.Timers.SequenceEqual(expected.Timers)
            && said.Again.Select(each => Bare(each.Task)).SequenceEqual(
                expected.Again.Where(each => each.Effect is not WorkflowEffect.TellMapRun)
                    .Select(each => Bare(each.Task)));
    }

    private static string? Bare(OpenTask? open) => open is null ? null
        : (open with { Task = open.Task with { Input = default, Resource = null! } }) + open.Task.Resource.Arn;

    private static ExecutionReplay Again(
        ExecutionReplay at, StateMachineDefinition machine, ExecutionIdentity identity, Func<byte[], byte[]>? spoil)
    {
        List<PagedPayload> beside = [];
        var written = ExecutionSnapshot.Write(at.State, at.Open, at.LastAt, at.Segments, beside);
        Assert.Equal(
            beside.Select(page => page.Reference), ExecutionSnapshot.References(written));
        return ExecutionSnapshot.Read(
            spoil is null ? written : spoil(written),
            machine,
            identity,
            (reference, _) => JsonValue.Parse(
                beside.First(page => page.Reference == reference).Value.ToUtf8(JsonWriteOptions.Service),
                JsonLimits.Widest));
    }

    // Records compare lists and arrays within them by reference.
    private sealed class EffectComparer : IEqualityComparer<WorkflowEffect>
    {
        public static EffectComparer Instance { get; } = new();

        public bool Equals(WorkflowEffect? x, WorkflowEffect? y) => (x, y) switch
        {
            (WorkflowEffect.WriteResults one, WorkflowEffect.WriteResults other) =>
                one with { Results = JsonArray.Empty, Open = JsonArray.Empty }
                    == other with { Results = JsonArray.Empty, Open = JsonArray.Empty }
                && JsonValue.From(one.Results) == JsonValue.From(other.Results)
                && JsonValue.From(one.Open) == JsonValue.From(other.Open),
            _ => x == y,
        };

        public int GetHashCode(WorkflowEffect obj) => 0;
    }
}
