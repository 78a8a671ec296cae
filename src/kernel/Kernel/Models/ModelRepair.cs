using Analemma.Abi;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Models;

/// <summary>
/// An answer that does not satisfy its schema: when the caller wants it repaired, the same call goes back to the head
/// of the queue, to be asked with its answer and what is wrong with it. What that costs is reserved as before.
/// </summary>
internal static class ModelRepair
{
    private const int BytesPerToken = 4;

    public static void Invalid(
        KernelState state, ModelCall call, ModelFailure failure, bool delivered, SysError error, List<Effect> effects)
    {
        if (delivered || call.Repairs >= (call.Request.Repair ?? 0))
        {
            ModelEnd.Fail(state, call, error, effects);
            return;
        }

        var more = failure.AnswerBytes + Limits.RepairBytesMax;
        call.Input = new TokenEstimate(call.Question.Likely + (more / BytesPerToken), call.Question.Most + more);
        if (call.Input.Likely > call.Gate.Entry.ContextTokens
            || state.Models.Budgets.TryReplace(state, call.Hold, call.Most) is not null)
        {
            // The answer was wrong, and that is what the caller can do something about.
            ModelEnd.Fail(state, call, error, effects);
            return;
        }

        call.Repairs++;
        (call.Flaws, call.Flawed) = (failure.Flaws, call.Attempt);
        call.AttemptsOnModel = 0;
        ModelAdmission.Enqueue(state, call, first: true);
    }
}
