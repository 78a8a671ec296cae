using System.Text;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;

namespace Analemma.Workflow.Testing;

/// <summary>What a test is about, read from a request and checked.</summary>
internal sealed record StateTestSubject(StateDefinition State, JsonValue Input)
{
    private const string DefaultName = "StateName";

    private static readonly HashSet<string> ContextFields = new(StringComparer.Ordinal)
    {
        "Execution", "State", "StateMachine", "Task",
    };

    public JsonObject Variables { get; init; } = JsonObject.Empty;

    /// <summary>Undefined without one.</summary>
    public JsonValue MockResult { get; init; }

    /// <summary>Null without any.</summary>
    public string? ItemReaderData { get; init; }

    /// <summary>Whether it is a state of what a Map does for each item.</summary>
    public bool IsInMap { get; init; }

    /// <summary>Null when it can be made.</summary>
    public static StateTestRefusal? TryRead(StateTestRequest request, out StateTestSubject? subject)
    {
        subject = null;
        if (ReadState(request, out var state, out var isInMap) is { } unreadable)
        {
            return unreadable;
        }

        if (MockRules.Check(request, state!) is { } wrong)
        {
            return wrong;
        }

        if (!ExecutionInput.TryParse(request.Input ?? "{}", out var input, out var problem))
        {
            return new StateTestRefusal(
                "InvalidExecutionInput", $"Invalid State Machine Execution Input: '{problem}'");
        }

        if (CheckContext(request.Context) is { } bad)
        {
            return bad;
        }

        var variables = Parse(request.Variables);
        if (request.Variables is not null && !variables.IsObject)
        {
            return StateTestRefusal.Invalid("Invalid Variables provided: it must be a JSON object");
        }

        subject = new StateTestSubject(state!, input)
        {
            Variables = variables.TryGetObject(out var given) ? given : JsonObject.Empty,
            MockResult = Parse(request.Mock?.Result),
            ItemReaderData = request.Configuration.MapItemReaderData,
            IsInMap = isInMap,
        };
        return null;
    }

    /// <summary>Members of the context that the request gives.</summary>
    public static JsonValue ContextOf(StateTestRequest request) => Parse(request.Context);

    /// <summary>Undefined when it is no JSON.</summary>
    public static JsonValue Parse(string? text) =>
        text is not null && JsonValue.TryParse(Encoding.UTF8.GetBytes(text), JsonLimits.Default, out var value, out _)
            ? value
            : default;

    private static StateTestRefusal? ReadState(
        StateTestRequest request, out StateDefinition? state, out bool isInMap)
    {
        (state, isInMap) = (null, false);
        if (request.StateName is { } name)
        {
            var machine = DefinitionReader.Read(request.Definition);
            if (machine.Machine is null)
            {
                return new StateTestRefusal(
                    "InvalidDefinition", InvalidDefinition.Message(machine, request.Definition));
            }

            state = machine.Machine.FindState(name);
            isInMap = machine.Machine.AllStates().OfType<MapDefinition>()
                .Any(map => map.Processor.FindState(name) is not null);
            return state is null ? StateTestRefusal.Invalid("State not found in definition") : null;
        }

        var reading = DefinitionReader.ReadState(Parse(request.Definition), DefaultName);
        state = reading.State;
        return state is null
            ? new StateTestRefusal("InvalidDefinition", $"Invalid State Machine Definition: '{reading.Problem}'")
            : null;
    }

    private static StateTestRefusal? CheckContext(string? context)
    {
        if (context is null)
        {
            return null;
        }

        if (!Parse(context).TryGetObject(out var fields))
        {
            return StateTestRefusal.Invalid("Invalid Context object provided: it must be a JSON object");
        }

        foreach (var (name, value) in fields)
        {
            if (!ContextFields.Contains(name))
            {
                return StateTestRefusal.Invalid(
                    $"Invalid Context object provided: '{name}' field is not supported when mocking a Context object");
            }

            if (!value.IsObject)
            {
                return StateTestRefusal.Invalid($"Invalid Context object provided: '{name}' must be a JSON object");
            }
        }

        return null;
    }
}
