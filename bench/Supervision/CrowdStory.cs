using Analemma.Abi.Syscalls;
using Analemma.Client;

namespace Analemma.Bench.Supervision;

/// <summary>What the kernel tells of many supervised agents, as it is told.</summary>
internal sealed class CrowdStory(int agents)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, DateTimeOffset> _due = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _ready = new(StringComparer.Ordinal);
    private readonly Dictionary<long, int> _counts = [];

    public DateTimeOffset LastReadyAt { get; private set; }

    /// <summary>By how much a restart came before the delay that was told, at most.</summary>
    public double EarlyMs { get; private set; }

    public async Task ListenAsync(KernelClient client, CancellationToken cancellationToken)
    {
        try
        {
            Subscribe all = new() { Types = [EventTypes.Supervision, EventTypes.Missed] };
            await foreach (var told in client.Events(all, cancellationToken))
            {
                Hear(told);
            }
        }
        catch (OperationCanceledException)
        {
            // The story is over.
        }
    }

    /// <summary>Whether each is ready with its so-manieth process.</summary>
    public bool AreAll(long incarnation)
    {
        lock (_lock)
        {
            return _counts.GetValueOrDefault(incarnation) == agents;
        }
    }

    public void Wait(long incarnation, TimeSpan most)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!AreAll(incarnation))
        {
            if (TimeProvider.System.GetElapsedTime(begun) > most)
            {
                throw new BenchException(
                    $"{_counts.GetValueOrDefault(incarnation)} of {agents} agents came up in {most}");
            }

            Pause.For(10);
        }
    }

    private void Hear(EventView told)
    {
        if (told.Type == "missed")
        {
            throw new BenchException($"{told.Count} events were not told: the bench is too slow for them");
        }

        if (told is not { Name: { } name, Supervision: { } note })
        {
            return;
        }

        lock (_lock)
        {
            if (told.Kind == "backing_off" && note.DelayMs is { } delayMs)
            {
                _due[name] = told.At.AddMilliseconds(delayMs);
            }
            else if (told.Kind == "starting" && _due.Remove(name, out var due))
            {
                EarlyMs = Math.Max(EarlyMs, (due - told.At).TotalMilliseconds);
            }
            else if (told.Kind == "ready" && _ready.GetValueOrDefault(name) < note.Unit.Incarnation)
            {
                _ready[name] = note.Unit.Incarnation;
                _counts[note.Unit.Incarnation] = _counts.GetValueOrDefault(note.Unit.Incarnation) + 1;
                LastReadyAt = told.At;
            }
        }
    }
}
