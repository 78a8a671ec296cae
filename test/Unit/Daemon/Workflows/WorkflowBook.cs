using System.Runtime.CompilerServices;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>The workflows of workflows.json and the functions that they call, for all who kill kernels.</summary>
internal static class WorkflowBook
{
    /// <summary>What every one of them is started with.</summary>
    public const string Input = """{"n": 0}""";

    /// <summary>What some of them start.</summary>
    public const string Child = """
        {"StartAt":"A","States":{
          "A":{"Type":"Wait","Seconds":7,"Next":"B"},
          "B":{"Type":"Pass","Result":"of the child","End":true}}}
        """;

    public static JsonObject Definitions() => JsonValue.Parse(
        File.ReadAllText(Path.Combine(Path.GetDirectoryName(ThisFile())!, "workflows.json"))).AsObject();

    public static FunctionBook Functions(Action<string>? ran = null) => new FunctionBook { Ran = ran }
        .With("double", (input, _) => TaskOutcome.Done(input.TryGetInt64(out var n) ? n * 2 : 21))
        .With("third", (_, retries) => retries < 2
            ? TaskOutcome.Failed("Busy", $"attempt {retries}") : TaskOutcome.Done(retries))
        .With("broken", (_, _) => TaskOutcome.Failed("Broken", "always"))
        .With("odd", (input, _) => input.TryGetInt64(out var n) && n % 2 == 1
            ? TaskOutcome.Done(n) : TaskOutcome.Failed("Even", "not odd"));

    private static string ThisFile([CallerFilePath] string thisFile = "") => thisFile;
}
