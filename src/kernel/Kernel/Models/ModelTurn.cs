namespace Analemma.Kernel.Models;

/// <summary>One attempt's place: at which model it is, and what limits and counters were charged for it.</summary>
public abstract class ModelTurn : FairEntry
{
    private protected ModelTurn(ModelGate gate) => Gate = gate;

    /// <summary>Numbers the attempt among those of its call, over all models.</summary>
    public int Attempt { get; internal set; }

    /// <summary>It is under way at the provider, and has one of its slots.</summary>
    public bool IsRunning { get; internal set; }

    /// <summary>Whose model it waits for, or runs on.</summary>
    public string Provider => Gate.Lane.Options.Name;

    /// <summary>The model that is asked now.</summary>
    internal ModelGate Gate { get; set; }

    internal long OutputMax { get; set; }

    internal long StartedAt { get; set; }

    /// <summary>Tokens that rate limits were charged for it.</summary>
    internal long RateTokens { get; set; }

    /// <summary>Nobody wants its answer any more, and the runner was told.</summary>
    internal bool IsTakenBack { get; set; }
}

/// <summary>A second attempt beside one that is slow.</summary>
public sealed class ModelHedge : ModelTurn
{
    internal ModelHedge(ModelGate gate, long outputMax)
        : base(gate) => OutputMax = outputMax;
}
