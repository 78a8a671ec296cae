using System.Collections.Concurrent;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Runners.Conversations;
using Analemma.Daemon.Sockets;
using Analemma.Daemon.Telemetry;
using Analemma.Daemon.Telemetry.Instruments;
using Analemma.Journal;
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
    ConversationBodies bodies,
    CallTable calls,
    BackgroundTasks tasks,
    TimeProvider time,
    Action<KernelEvent> post,
    KernelMeter meter,
    ILogger log)
{
    private readonly BackgroundTasks _tasks = tasks;
    private readonly ConcurrentDictionary<(long Call, int Attempt), CancellationTokenSource> _running = new();

    public void Start(StartModelCall start)
    {
        // Neither linked nor timed, so there is nothing to dispose of, and to cancel it is safe at any time.
        var taken = new CancellationTokenSource();
        _running[(start.Call.Value, start.Attempt)] = taken;
        var hedged = HedgedCall.Of(start, calls);
        if (start.Turn is null)
        {
            AfterTurn.Do(new Beginning(this, start, hedged, taken));
            return;
        }

        // What was said before is read from disk first.
        _tasks.Run(stopping => RunAsync(start, hedged, taken, stopping));
    }

    public void Cancel(CancelModelCall cancel)
    {
        if (_running.TryGetValue((cancel.Call.Value, cancel.Attempt), out var taken))
        {
            _tasks.Run(_ => taken.CancelAsync());
        }
    }

    public void Answer(AnswerModelCall answer)
    {
        if (Said(calls.TakeKept(answer.Call.Value), answer.Attempt) is { } said)
        {
            calls.Remove(answer.Call.Value)?.Reply(said.Into(answer.Known));
        }
    }

    private static ModelAnswer? Said(object? kept, int attempt) => kept switch
    {
        HedgedCall hedged => hedged.Of(attempt),
        ModelAnswer answer when answer.Attempt == attempt => answer,
        _ => null,
    };

    private async Task RunAsync(
        StartModelCall start, HedgedCall? hedged, CancellationTokenSource taken, CancellationToken stopping)
    {
        var result = await ResultAsync(start, hedged, taken.Token, stopping);
        if (result is { Failure: not null, Delivered: false })
        {
            hedged?.Leave(start.Attempt);
        }

        _running.TryRemove((start.Call.Value, start.Attempt), out _);
        ModelCallEnded ended = new(start.Call, start.Attempt, result) { At = time.GetUtcNow().UtcTicks };
        AfterTurn.Offer((post, ended), static end => end.post(end.ended));
    }

    private async Task<ModelResult> ResultAsync(
        StartModelCall start, HedgedCall? hedged, CancellationToken taken, CancellationToken stopping)
    {
        if (calls.Find(start.Call.Value) is not { } caller)
        {
            return new ModelResult { Failure = new ModelFailure(ModelFailureKind.Cancelled, "the caller has gone") };
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(taken, stopping);
        if (start.Turn is { } turn)
        {
            try
            {
                var (settings, said) = await bodies.ReadAsync(turn.Settings, turn.Messages);
                var whole = start with { Request = TurnRequests.Request(start, settings, said) };
                return await KeptAsync(start, await AttemptAsync(whole, hedged, caller, either.Token));
            }
            catch (ConversationLostException lost)
            {
                return new ModelResult { Failure = Lost($"the conversation cannot be read: {lost.Message}") };
            }
        }

        return (await AttemptAsync(start, hedged, caller, either.Token)).Result;
    }

    private sealed class Beginning(
        ModelRunner runner, StartModelCall start, HedgedCall? hedged, CancellationTokenSource taken)
        : IThreadPoolWorkItem
    {
        public void Execute() => runner._tasks.RunHere(stopping => runner.RunAsync(start, hedged, taken, stopping));
    }

    private static ModelFailure Lost(string why) => new(ModelFailureKind.Rejected, why)
    {
        Reason = "conversation_lost",
        Hint = "see the kernel's log",
    };

    /// <summary>What is said becomes part of a conversation only when it is on disk.</summary>
    private async Task<ModelResult> KeptAsync(StartModelCall start, (ModelResult Result, ModelAnswer Answer) ended)
    {
        if (ended.Result.Failure is not null)
        {
            return ended.Result;
        }

        try
        {
            var kept = TurnRequests.Kept(start, ended.Answer);
            return ended.Result with { Kept = await bodies.KeepAsync(start.Turn!.FirstBody, null, kept) };
        }
        catch (JournalStoreException failed)
        {
            log.BodiesFailed(failed.Message);
            return ended.Result with { Failure = Lost("the answer cannot be kept") };
        }
    }

    private async Task<(ModelResult Result, ModelAnswer Answer)> AttemptAsync(
        StartModelCall start, HedgedCall? hedged, SyscallCall caller, CancellationToken taken)
    {
        using var trace = new AttemptTrace(meter, start, caller, time);
        var before = start.Repair is null ? null : Said(calls.FindKept(start.Call.Value), start.RepairOf);
        var attempt = new ModelAttempt(start, before, caller, time, log, trace)
        {
            Claim = hedged is null ? null : isPiece => TryClaim(start, hedged, isPiece),
        };
        var result = await (start.Embed is null
            ? attempt.RunAsync(() => drivers.Value.Open(start.Provider), taken)
            : attempt.EmbedAsync(() => drivers.Value.OpenEmbeddings(start.Provider), taken));
        trace.Ended(result);
        if (result.Failure is null or { Kind: ModelFailureKind.Invalid })
        {
            Keep(start, hedged, attempt.Answer);
        }

        return (result, attempt.Answer);
    }

    private void Keep(StartModelCall start, HedgedCall? hedged, ModelAnswer answer)
    {
        if (hedged is null)
        {
            calls.Keep(start.Call.Value, answer);
        }
        else
        {
            hedged.Keep(answer);
        }
    }

    private bool TryClaim(StartModelCall start, HedgedCall hedged, bool isPiece)
    {
        if (!hedged.TryClaim(start.Attempt))
        {
            return false;
        }

        if (isPiece)
        {
            post(new ModelAnswerBegan(start.Call, start.Attempt) { At = time.GetUtcNow().UtcTicks });
        }

        return true;
    }
}
