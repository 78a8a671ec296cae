using System.Globalization;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Definitions;

/// <summary>Whether every transition leads somewhere, and every state is led to.</summary>
internal static class TransitionCheck
{
    public static void Check(StateMachineDefinition machine, JsonObject states, Diagnostics diagnostics)
    {
        if (!states.Has(machine.StartAt))
        {
            diagnostics.Add(
                DiagnosticCodes.MissingTransitionTarget,
                $"Missing 'Next' target: {machine.StartAt}",
                $"{machine.Location}/StartAt");
        }

        foreach (var state in machine.States.Values)
        {
            foreach (var (field, target) in TargetsOf(state))
            {
                if (!states.Has(target))
                {
                    diagnostics.Add(
                        DiagnosticCodes.MissingTransitionTarget,
                        $"Missing 'Next' target: {target}",
                        $"{state.Location}/{field}");
                }
            }
        }

        // With a state that could not be read, nobody knows where it leads.
        if (machine.States.Count == states.Count)
        {
            CheckReachable(machine, diagnostics);
        }
    }

    // A state is reachable when some transition names it: whether that one can be reached is not asked.
    private static void CheckReachable(StateMachineDefinition machine, Diagnostics diagnostics)
    {
        if (machine.States.Count > 0 && !machine.States.Values.Any(EndsIn))
        {
            diagnostics.Add(DiagnosticCodes.MissingEndState, "Workflow has no terminal state", location: null);
            return;
        }

        HashSet<string> named = new(StringComparer.Ordinal) { machine.StartAt };
        foreach (var state in machine.States.Values)
        {
            named.UnionWith(TargetsOf(state).Select(transition => transition.Target));
        }

        foreach (var state in machine.States.Values.Where(state => !named.Contains(state.Name)))
        {
            diagnostics.Add(
                DiagnosticCodes.MissingTransitionTarget,
                $"State \"{state.Name}\" is not reachable.",
                state.Location);
        }
    }

    private static bool EndsIn(StateDefinition state) =>
        state.Type is StateType.Succeed or StateType.Fail || (state.Type is not StateType.Choice && state.Next is null);

    // The field as the place has it, and the target.
    private static IEnumerable<(string Field, string Target)> TargetsOf(StateDefinition state)
    {
        if (state.Next is { } next)
        {
            yield return ("Next", next);
        }

        for (var i = 0; i < state.Catch.Count; i++)
        {
            yield return (At("Catch", i), state.Catch[i].Next);
        }

        if (state is not ChoiceDefinition choice)
        {
            yield break;
        }

        for (var i = 0; i < choice.Choices.Count; i++)
        {
            yield return (At("Choices", i), choice.Choices[i].Next);
        }

        if (choice.Default is { } otherwise)
        {
            yield return ("Default", otherwise);
        }
    }

    private static string At(string field, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"{field}[{index}]/Next");
}
