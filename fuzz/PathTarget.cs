using System.Text;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Intrinsics;
using Analemma.Workflow.Json;
using Analemma.Workflow.Paths;

namespace Analemma.Fuzz;

/// <summary>
/// Paths and intrinsic functions in this process: a text is one or is none; what one finds can be written and read
/// again, or it says what is missing; and in a state, it gives an output or an error by name.
/// </summary>
internal static class PathTarget
{
    private static readonly ExecutionIdentity Identity = new()
    {
        Id = "arn:e",
        Name = "e",
        RoleArn = "r",
        StateMachineArn = "arn:m",
        StateMachineName = "m",
        Seed = "seed",
    };

    public static int Run(byte[] made)
    {
        var end = Array.IndexOf(made, (byte)0);
        var text = Encoding.UTF8.GetString(made, 0, end);
        if (!JsonValue.TryParse(made.AsSpan(end + 1), JsonLimits.Default, out var input, out _))
        {
            input = JsonValue.Null;
        }

        if (JsonPath.TryParse(text) is { } path)
        {
            Find(path, input);
        }

        _ = IntrinsicCall.TryParse(text);
        Execute(text, input);
        return 1;
    }

    private static void Find(JsonPath path, JsonValue input)
    {
        var found = path.Find(input, out var missing);
        Demands.Hold(found.IsDefined || missing is { Length: > 0 }, $"{path} finds nothing, and does not say what");
        if (found.IsDefined)
        {
            var written = found.ToUtf8(JsonWriteOptions.Service);
            Demands.Json(written);
            Demands.Hold(
                JsonValue.TryParse(written, JsonLimits.Widest, out var back, out _) && back == found,
                $"{path} finds what is not read as it was written");
        }
    }

    private static void Execute(string text, JsonValue input)
    {
        JsonValue definition = JsonObject.Of(("StartAt", "A"), ("States", JsonObject.Of(("A", JsonObject.Of(
            ("Type", "Pass"), ("Parameters", JsonObject.Of(("x.$", text))), ("End", true))))));
        var reading = DefinitionReader.Read(definition.ToString(), isExpress: false);
        if (reading.Machine is not { } machine)
        {
            Demands.Hold(reading.Diagnostics.Count > 0, $"'{text}' is refused without a word");
            return;
        }

        ExecutionState state = new();
        ExecutionMachine.Step(machine, Identity, state, new ExecutionEvent.Started(default, input));
        Demands.Hold(
            state.Status is ExecutionStatus.Succeeded || state.Error is { Length: > 0 },
            $"'{text}' ends as {state.Status}, without an error's name");
    }
}
