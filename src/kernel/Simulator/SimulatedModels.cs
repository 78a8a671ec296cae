using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Models;

namespace Analemma.Simulator;

/// <summary>
/// The providers of a simulated world: they take their time, use what they may and sometimes less, are too busy, stall
/// until the attempt's time is up, break, and take cancellations late. It is also the one who sees whether the kernel
/// keeps to slots and budgets, because here is where tokens are really used.
/// </summary>
internal sealed class SimulatedModels(World world)
{
    /// <summary>How long an attempt may go on for somebody who has gone.</summary>
    internal static readonly TimeSpan CancelTimeMax = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<(CallId Call, int Attempt), Attempt> _running = [];
    private readonly Dictionary<CallId, int> _answers = [];
    private readonly SimulatedHedges _hedges = new(world);
    private readonly HashSet<(CallId Call, int Attempt)> _made = [];

    /// <summary>Calls with an answer that was wrong.</summary>
    private readonly HashSet<CallId> _flawed = [];

    /// <summary>Calls for vectors, and which model makes them.</summary>
    private readonly Dictionary<CallId, string> _embeds = [];

    /// <summary>Attempts over all kernel starts.</summary>
    public int Attempts { get; private set; }

    public int Faults { get; private set; }

    public SimulatedHedges Hedges => _hedges;

    /// <summary>What was really used, over all kernel starts.</summary>
    public long TokensUsed { get; private set; }

    public int Running(string provider) => _running.Values.Count(attempt => attempt.Start.Provider == provider);

    public void Start(StartModelCall start)
    {
        var key = (start.Call, start.Attempt);
        world.Bodies.CheckThere(start.Turn?.Messages ?? []);
        ViolationException.Unless(_made.Add(key), "an attempt is made once", start.ToString());
        _hedges.Starts(
            start, [.. _running.Values.Select(each => each.Start).Where(each => each.Call == start.Call)]);
        var attempt = new Attempt(start);
        _running.Add(key, attempt);
        ViolationException.Unless(
            (start.Repair is not null) == _flawed.Contains(start.Call),
            "a model is asked to repair what was wrong, and nothing else", start.ToString());
        if (start.Embed is not null)
        {
            ViolationException.Unless(
                _embeds.TryAdd(start.Call, start.Model) || _embeds[start.Call] == start.Model,
                "vectors are made by one model", $"{start} after {_embeds[start.Call]}");
        }

        Attempts++;
        var provider = Provider(start.Provider);
        ViolationException.Unless(
            Running(start.Provider) <= provider.Slots,
            "slots are never exceeded", $"{start.Provider} runs {Running(start.Provider)} of {provider.Slots}");
        var (delay, result) = Outcome(start);
        attempt.Due = world.Clock.After(delay, () => End(key, result));
        if (start is { MayHedge: true, Request.Stream: true })
        {
            world.Clock.After(delay * (world.Random.Between(1, 9) / 10.0), () => BeginStream(key, attempt));
        }
    }

    /// <summary>The first piece of a stream, if nothing has come between.</summary>
    private void BeginStream((CallId Call, int Attempt) key, Attempt attempt)
    {
        if (!_running.TryGetValue(key, out var running) || running != attempt)
        {
            return;
        }

        if (_hedges.TryClaim(attempt.Start))
        {
            world.Kernel.Arrive(new ModelAnswerBegan(key.Call, key.Attempt) { At = world.Clock.Ticks });
            return;
        }

        attempt.Due.Cancel();
        End(key, Lost(Used(attempt.Start, 1)));
    }

    /// <summary>The provider may have finished meanwhile; otherwise it stops, and says how far it came.</summary>
    public void Cancel(CancelModelCall cancel)
    {
        var key = (cancel.Call, cancel.Attempt);
        if (!_running.TryGetValue(key, out var attempt))
        {
            return;
        }

        attempt.WasCancelled = true;
        if (world.Random.Chance(1_000))
        {
            return;
        }

        attempt.Due.Cancel();
        var used = world.Random.Between(0, attempt.Start.OutputTokensMax);
        var failure = new ModelFailure(ModelFailureKind.Cancelled, "taken back");
        attempt.Due = world.Clock.After(
            world.Random.Delay(50, 100_000),
            () => End(key, Used(attempt.Start, used) with { Failure = failure }));
    }

    public void Answer(AnswerModelCall answer)
    {
        ViolationException.Unless(
            _answers.TryGetValue(answer.Call, out var attempt) && attempt == answer.Attempt,
            "an answer is what the model said", $"{answer} has attempt {attempt}");
        ViolationException.Unless(
            answer.Known.Model.Length > 0 && answer.Known.Simulated == Provider(answer.Known.Provider).Simulated,
            "an answer names its model", answer.ToString());
        world.Leases.Answered(
            world.Shadow.State,
            answer.Call,
            world.Calls.CallerOf(answer.Call)?.Process ?? ProcessId.None,
            answer.Known.Usage);
        world.Calls.Answered(
            answer.Call,
            _embeds.ContainsKey(answer.Call)
                ? new EmbedReply([[1f]], answer.Known.Model, answer.Known.Tokens)
                : answer.Known with { Content = "42" });
    }

    /// <summary>The kernel is gone, and with it every connection to a provider.</summary>
    public void Clear()
    {
        foreach (var attempt in _running.Values)
        {
            attempt.Due.Cancel();
        }

        _running.Clear();
        _answers.Clear();
        _made.Clear();
        _flawed.Clear();
        _embeds.Clear();
        _hedges.Clear();
    }

    /// <summary>What runs for nobody costs money all the same: it must be taken back.</summary>
    public void CheckCancels()
    {
        var lost = _running.Values.FirstOrDefault(attempt => !attempt.WasCancelled
            && _hedges.IsLost(attempt.Start.Call, attempt.Start.Attempt, CancelTimeMax));
        ViolationException.Unless(
            lost is null, "an attempt whose call is another's is taken back", $"{lost?.Start}");
        foreach (var (call, attempt) in _running.Values.Select(attempt => (attempt.Start.Call, attempt)))
        {
            if (!world.Calls.IsWanted(call))
            {
                attempt.UnwantedSince ??= world.Clock.Ticks;
                ViolationException.Unless(
                    attempt.WasCancelled || world.Clock.Ticks - attempt.UnwantedSince < CancelTimeMax.Ticks,
                    "calls of those who have gone are taken back", attempt.Start.ToString());
            }
        }
    }

    private (TimeSpan Delay, ModelResult Result) Outcome(StartModelCall start)
    {
        var random = world.Random;
        if (world.IsCalm || !random.Chance(world.Options.ModelFaults))
        {
            var output = random.Between(Math.Min(1, start.OutputTokensMax), start.OutputTokensMax);
            return (random.Delay(500, 2_000_000), Used(start, output));
        }

        Faults++;
        var kind = random.Pick(Enum.GetValues<ModelFailureKind>());
        var failure = new ModelFailure(kind, "simulated");
        return kind switch
        {
            ModelFailureKind.RateLimited => (random.Delay(500, 50_000), new ModelResult
            {
                Failure = failure with { RetryAfterMs = random.Chance(5_000) ? random.Between(1, 3_000) : null },
            }),
            ModelFailureKind.TimedOut => (
                TimeSpan.FromTicks(Math.Max(1, start.DueAt - world.Clock.Ticks)),
                new ModelResult { Failure = failure }),
            ModelFailureKind.Invalid => (random.Delay(500, 1_000_000), Invalid(start, failure)),
            ModelFailureKind.Malformed => (
                random.Delay(500, 1_000_000),
                Used(start, random.Between(0, start.OutputTokensMax)) with
                {
                    Failure = failure,
                    Delivered = random.Chance(3_000),
                }),
            _ => (random.Delay(500, 200_000), new ModelResult { Failure = failure }),
        };
    }

    private ModelResult Invalid(StartModelCall start, ModelFailure failure)
    {
        var used = Used(start, world.Random.Between(Math.Min(1, start.OutputTokensMax), start.OutputTokensMax));
        return used with
        {
            Failure = failure with
            {
                Flaws = [new AnswerFlaw("", "type", "simulated")],
                AnswerBytes = used.OutputTokens,
            },
        };
    }

    private void End((CallId Call, int Attempt) key, ModelResult result)
    {
        _running.Remove(key, out var ended);
        result = Claimed(ended!.Start, result);
        if (ended.Start.Turn is { } turn && result.Failure is null)
        {
            var said = new ChatMessage(ChatRole.User) { Content = ended.Start.Request.Prompt };
            var answer = new ChatMessage(ChatRole.Assistant) { Content = "42" };
            result = result with
            {
                Kept = world.Bodies.Keep(turn.FirstBody, turn.IsCompaction ? [answer] : [said, answer]),
            };
        }

        TokensUsed += result.InputTokens + result.OutputTokens;
        if (result.Failure is null)
        {
            _answers[key.Call] = key.Attempt;
            _hedges.Answered(ended.Start);
        }
        else if (result.Failure.Kind is ModelFailureKind.Invalid && !ended.Start.IsHedge)
        {
            _flawed.Add(key.Call);
        }

        world.Kernel.Arrive(new ModelCallEnded(key.Call, key.Attempt, result) { At = world.Clock.Ticks });
    }

    /// <summary>The caller sees something of one attempt alone.</summary>
    private ModelResult Claimed(StartModelCall start, ModelResult result)
    {
        result = start.MayHedge && _hedges.Has(start) ? result with { Delivered = true } : result;
        if (result is { Failure: not null, Delivered: false })
        {
            return result;
        }

        return _hedges.TryClaim(start) ? result : Lost(result);
    }

    private static ModelResult Lost(ModelResult result) => result with
    {
        Failure = new ModelFailure(ModelFailureKind.Cancelled, "another attempt has the answer"),
        Delivered = false,
    };

    private static ModelResult Used(StartModelCall start, long output) => new()
    {
        InputTokens = start.InputTokens,
        OutputTokens = output,
        FinishReason = "stop",
    };

    private ProviderOptions Provider(string name) =>
        world.Options.Kernel.Models.Providers.First(provider => provider.Name == name);

    private sealed record Attempt(StartModelCall Start)
    {
        public SimulatedClock.Due Due { get; set; } = new(() => { });

        public bool WasCancelled { get; set; }

        public long? UnwantedSince { get; set; }
    }
}
