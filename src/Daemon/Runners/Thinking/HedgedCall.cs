using System.Collections.Concurrent;
using Analemma.Daemon.Loop;
using Analemma.Kernel.Effects;

namespace Analemma.Daemon.Runners.Thinking;

/// <summary>
/// A call that two attempts may run for at once; it is kept with the call, and both have it. The first that shows
/// anything claims it, and the other shows nothing.
/// </summary>
internal sealed class HedgedCall
{
    private readonly ConcurrentDictionary<int, ModelAnswer> _answers = new();
    private int _claimedBy;

    /// <summary>The call's own, made with its first attempt; null for a call that is never hedged.</summary>
    public static HedgedCall? Of(StartModelCall start, CallTable calls)
    {
        if (!start.MayHedge)
        {
            return null;
        }

        if (calls.FindKept(start.Call.Value) is not HedgedCall hedged)
        {
            calls.Keep(start.Call.Value, hedged = new HedgedCall());
        }

        if (!start.IsHedge)
        {
            // No other is under way: what one before had, such as a summary, is done with.
            Volatile.Write(ref hedged._claimedBy, 0);
        }

        return hedged;
    }

    /// <summary>Whether the call is this attempt's from now on, or is already.</summary>
    public bool TryClaim(int attempt) =>
        Interlocked.CompareExchange(ref _claimedBy, attempt, 0) is var by && (by == 0 || by == attempt);

    /// <summary>The attempt has come to nothing, and has shown nothing.</summary>
    public void Leave(int attempt) => Interlocked.CompareExchange(ref _claimedBy, 0, attempt);

    public void Keep(ModelAnswer answer) => _answers[answer.Attempt] = answer;

    public ModelAnswer? Of(int attempt) => _answers.GetValueOrDefault(attempt);
}
