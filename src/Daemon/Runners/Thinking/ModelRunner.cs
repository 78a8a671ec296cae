using System.Collections.Concurrent;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Telemetry;
using Analemma.Daemon.Telemetry.Instruments;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Models;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Runners.Thinking;

// Every StartModelCall comes back as one ModelCallEnded, on all ways: ModelAttempt turns whatever happens into a
// result. What a model said is kept with the call it is for (see CallTable), so that it goes with it: answered, refused
// or taken back. A failed attempt leaves nothing.

/// <summary>Makes the attempts of model calls.</summary>
internal sealed class ModelRunner(
    Lazy<ModelDrivers> drivers,
    CallTable calls,
    BackgroundTasks tasks,
    TimeProvider time,
    Action<KernelEvent> post,
    KernelMeter meter,
    ILogger log)
{
    private readonly ConcurrentDictionary<(long Call, int Attempt), CancellationTokenSource> _running = new();

    public void Start(StartModelCall start)
    {
        // Neither linked nor timed, so there is nothing to dispose of, and to cancel it is safe at any time.
        var taken = new CancellationTokenSource();
        _running[(start.Call.Value, start.Attempt)] = taken;
        tasks.Run(stopping => RunAsync(start, taken, stopping));
    }

    public void Cancel(CancelModelCall cancel)
    {
        if (_running.TryGetValue((cancel.Call.Value, cancel.Attempt), out var taken))
        {
            tasks.Run(_ => taken.CancelAsync());
        }
    }

    public void Answer(AnswerModelCall answer)
    {
        if (calls.TakeKept(answer.Call.Value) is ModelAnswer said && said.Attempt == answer.Attempt)
        {
            calls.Remove(answer.Call.Value)?.Reply(said.Into(answer.Known));
        }
    }

    private async Task RunAsync(StartModelCall start, CancellationTokenSource taken, CancellationToken stopping)
    {
        var result = await ResultAsync(start, taken.Token, stopping);
        _running.TryRemove((start.Call.Value, start.Attempt), out _);
        post(new ModelCallEnded(start.Call, start.Attempt, result) { At = time.GetUtcNow().UtcTicks });
    }

    private async Task<ModelResult> ResultAsync(
        StartModelCall start, CancellationToken taken, CancellationToken stopping)
    {
        if (calls.Find(start.Call.Value) is not { } caller)
        {
            return new ModelResult { Failure = new ModelFailure(ModelFailureKind.Cancelled, "the caller has gone") };
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(taken, stopping);
        using var trace = new AttemptTrace(meter, start, caller, time);
        var before = start.Repair is null ? null : calls.FindKept(start.Call.Value) as ModelAnswer;
        var attempt = new ModelAttempt(start, before, caller, time, log, trace);
        var result = await attempt.RunAsync(() => drivers.Value.Open(start.Provider), either.Token);
        trace.Ended(result);
        if (result.Failure is null or { Kind: ModelFailureKind.Invalid })
        {
            calls.Keep(start.Call.Value, attempt.Answer);
        }

        return result;
    }
}
