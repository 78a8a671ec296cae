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
                $"Missing 'StartAt' target: {machine.StartAt}",
                $"{machine.Location}/StartAt");
        }

        foreach (var state in machine.States.Values)
        {
            foreach (var (field, name, target) in TargetsOf(state))
            {
                if (!states.Has(target))
                {
                    diagnostics.Add(
                        DiagnosticCodes.MissingTransitionTarget,
                        $"Missing '{name}' target: {target}",
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

    private static void CheckReachable(StateMachineDefinition machine, Diagnostics diagnostics)
    {
        HashSet<string> reached = new(StringComparer.Ordinal);
        Queue<string> waiting = new([machine.StartAt]);
        var ends = false;
        while (waiting.TryDequeue(out var name))
        {
            if (!machine.States.TryGetValue(name, out var state) || !reached.Add(name))
            {
                continue;
            }

            ends |= EndsIn(state);
            foreach (var (_, _, target) in TargetsOf(state))
            {
                waiting.Enqueue(target);
            }
        }

        foreach (var state in machine.States.Values.Where(state => !reached.Contains(state.Name)))
        {
            diagnostics.Add(
                DiagnosticCodes.MissingTransitionTarget,
                $"State \"{state.Name}\" is not reachable.",
                state.Location);
        }

        if (!ends && machine.States.ContainsKey(machine.StartAt))
        {
            diagnostics.Warn(
                DiagnosticCodes.MissingEndState,
                "The workflow does not have a terminal state",
                $"{machine.Location}/States");
        }
    }

    private static bool EndsIn(StateDefinition state) =>
        state.Type is StateType.Succeed or StateType.Fail || (state.Type is not StateType.Choice && state.Next is null);

    // The field as the place has it, its name, and the target.
    private static IEnumerable<(string Field, string Name, string Target)> TargetsOf(StateDefinition state)
    {
        if (state.Next is { } next)
        {
            yield return ("Next", "Next", next);
        }

        for (var i = 0; i < state.Catch.Count; i++)
        {
            yield return (At("Catch", i), "Next", state.Catch[i].Next);
        }

        if (state is not ChoiceDefinition choice)
        {
            yield break;
        }

        for (var i = 0; i < choice.Choices.Count; i++)
        {
            yield return (At("Choices", i), "Next", choice.Choices[i].Next);
        }

        if (choice.Default is { } otherwise)
        {
            yield return ("Default", "Default", otherwise);
        }
    }

    private static string At(string field, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"{field}[{index}]/Next");
}
