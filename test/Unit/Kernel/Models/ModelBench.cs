using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Models;

namespace Analemma.Unit.Tests.Kernel.Models;

/// <summary>A kernel on the bench with a provider of two slots and models of round prices.</summary>
internal sealed class ModelBench(ModelOptions? options = null)
{
    /// <summary>Two tokens of input at least, and a hundred of output, for any prompt here.</summary>
    public static readonly Think Hello = new() { Prompt = "hello", MaxTokens = 100 };

    public KernelBench Kernel { get; } = new(new KernelOptions { Models = options ?? Options });

    public static ModelOptions Options => new()
    {
        Providers = [new ProviderOptions("p") { Slots = 2 }],
        Models =
        [
            new ModelEntry("big", "p") { InputPrice = 1_000_000, OutputPrice = 10_000_000, Fallback = ["small"] },
            new ModelEntry("small", "p") { InputPrice = 1_000_000, OutputPrice = 1_000_000 },
            new ModelEntry("alone", "p"),
        ],
        Default = "alone",
        Groups =
        [
            new GroupOptions("default"),
            new GroupOptions("team") { Budget = new ModelBudget { Tokens = 1_000 } },
        ],
        Retry = new RetryOptions { AttemptsMax = 3, BreakerFailures = 5 },
    };

    public static ModelResult Failed(ModelFailureKind kind, long? retryAfterMs = null) => new()
    {
        Failure = new ModelFailure(kind, "no luck") { RetryAfterMs = retryAfterMs },
    };

    /// <summary>Asks, and gives the call's number.</summary>
    public long Think(Think? think = null, ProcessId caller = default)
    {
        Kernel.Call(think ?? Hello, caller.Value);
        return Kernel.CallId;
    }

    public StartModelCall Started() => Kernel.One<StartModelCall>();

    public IReadOnlyList<Effect> End(long call, int attempt, ModelResult result)
    {
        Kernel.Apply(new ModelCallEnded(new CallId(call), attempt, result) { At = 0 });
        return Kernel.Settle();
    }

    public IReadOnlyList<Effect> End(long call, long input = 10, long output = 20, int attempt = 1) =>
        End(call, attempt, new ModelResult { InputTokens = input, OutputTokens = output, FinishReason = "stop" });

    /// <summary>The end of a failed attempt, and of the delay that follows.</summary>
    public void FailAndRetry(long call, int attempt, ModelFailureKind kind = ModelFailureKind.Overloaded)
    {
        End(call, attempt, Failed(kind));
        var retry = Kernel.Effects.OfType<ArmTimer>().Single(arm => arm.Timer.Kind is TimerKind.ModelRetry);
        Kernel.Wait(TimeSpan.FromTicks(Math.Max(0, retry.DueAt - Kernel.Now)));
        Kernel.Apply(new ModelRetryDue(new CallId(call)) { At = 0 });
    }

    public ThinkReply Answer() => Kernel.One<AnswerModelCall>().Known;
}
