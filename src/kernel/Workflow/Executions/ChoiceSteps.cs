using Analemma.Workflow.Definitions;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Executions;

/// <summary>Choice: the first rule that is met leads on.</summary>
internal static class ChoiceSteps
{
    public static void Begin(Turn turn, Frame frame, ChoiceDefinition choice)
    {
        var input = DataFlow.EffectiveInput(turn, frame);
        var scope = DataFlow.Scope(turn, frame, input);
        foreach (var branch in choice.Choices)
        {
            if (IsMet(branch, scope))
            {
                Leave(turn, frame, scope, branch.Next, branch.Assign, branch.Output ?? choice.Output);
                return;
            }
        }

        if (choice.Default is not { } otherwise)
        {
            // What the guide calls States.NoChoiceMatched, the service calls so.
            throw StateErrorException.Runtime(
                "Failed to transition out of the state. The state does not point to a next state.");
        }

        Leave(turn, frame, scope, otherwise, choice.Assign, choice.Output);
    }

    private static bool IsMet(ChoiceBranch branch, EvaluationScope scope)
    {
        if (branch.Rule is not null)
        {
            return branch.Rule.IsMet(scope);
        }

        var value = branch.Condition!.Evaluate(scope);
        return value.IsBoolean ? value.IsTrue : throw Failures.WrongType(branch.Condition, "boolean", value);
    }

    private static void Leave(
        Turn turn, Frame frame, EvaluationScope scope, string next, Template? assign, Template? output)
    {
        var assigned = assign?.Evaluate(scope) ?? default;
        var made = frame.State.IsJsonata
            ? output?.Evaluate(scope) ?? frame.Input
            : DataFlow.Select(turn, frame, frame.State.OutputPath, scope.Input);
        StateSteps.Leave(turn, frame, made, assigned, next);
    }
}
