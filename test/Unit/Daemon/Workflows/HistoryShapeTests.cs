using Analemma.Daemon.Workflows.Tasks;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Details of events as the API model has them: a client made from it fails over any other.</summary>
public sealed class HistoryShapeTests : IDisposable
{
    private const string Work = "arn:aws:lambda:us-east-1:000000000000:function:work";

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-shape-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "workflows.db");

    // API reference, TaskCredentials.
    [Theory]
    [InlineData("arn:aws:states:::lambda:invoke", "taskScheduledEventDetails")]
    [InlineData(Work, "lambdaFunctionScheduledEventDetails")]
    public async Task Credentials_of_a_task_are_told_as_their_role(string resource, string details)
    {
        await using var bench = WorkflowBench.Open(
            Path, new FunctionBook().With("work", (_, _) => TaskOutcome.Done(JsonValue.Null)));
        var machine = await bench.CreateAsync(
            "m",
            """
            {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"RESOURCE","End":true,
              "Credentials":{"RoleArn.$":"$.role"},"Parameters":{"FunctionName":"work"}}}}
            """.Replace("RESOURCE", resource, StringComparison.Ordinal));
        var execution = await bench.StartAsync(machine, """{"role":"arn:aws:iam::1:role/x"}""");
        await bench.EndAsync(execution);
        foreach (var withData in new[] { true, false })
        {
            var history = await bench.CallAsync(
                "GetExecutionHistory", ("executionArn", execution), ("includeExecutionData", withData));
            Assert.Equal(
                """{"roleArn":"arn:aws:iam::1:role/x"}""",
                history["events"][2][details]["taskCredentials"].ToString());
        }
    }

    // API reference, ExecutionStartedEventDetails.
    [Fact]
    public async Task What_an_execution_was_started_by_stands_in_its_first_event()
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook());
        var machine = await bench.CreateAsync("m", """{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}""");
        await bench.CallAsync("PublishStateMachineVersion", ("stateMachineArn", machine));
        JsonValue route = JsonObject.Of(("stateMachineVersionArn", $"{machine}:1"), ("weight", 100));
        await bench.CallAsync(
            "CreateStateMachineAlias", ("name", "live"), ("routingConfiguration", JsonArray.Of(route)));

        Assert.Equal((null, null), await StartedByAsync(bench, machine));
        Assert.Equal(($"{machine}:1", null), await StartedByAsync(bench, $"{machine}:1"));
        Assert.Equal(($"{machine}:1", $"{machine}:live"), await StartedByAsync(bench, $"{machine}:live"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task<(string? Version, string? Alias)> StartedByAsync(WorkflowBench bench, string machine)
    {
        var execution = await bench.StartAsync(machine);
        await bench.EndAsync(execution);
        var history = await bench.CallAsync("GetExecutionHistory", ("executionArn", execution));
        var details = history["events"][0]["executionStartedEventDetails"];
        return (Text(details["stateMachineVersionArn"]), Text(details["stateMachineAliasArn"]));
    }

    private static string? Text(JsonValue value) => value.TryGetString(out var text) ? text : null;
}
