using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>What the Step Functions Developer Guide and API reference say; each test names the page.</summary>
public sealed class GuideApiTests : IDisposable
{
    private const string Work = "arn:aws:lambda:us-east-1:000000000000:function:work";

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-guide-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "workflows.db");

    // Task state, Activity: it must be there before it is used.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_task_of_an_activity_that_is_not_there_cannot_be_scheduled(bool wasThere)
    {
        const string Arn = "arn:aws:states:us-east-1:000000000000:activity:a";
        await using var bench = WorkflowBench.Open(Path, new FunctionBook());
        if (wasThere)
        {
            await bench.CallAsync("CreateActivity", ("name", "a"));
            await bench.CallAsync("DeleteActivity", ("activityArn", Arn));
        }

        var machine = await bench.CreateAsync(
            "m", """{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"ARN","End":true}}}"""
                .Replace("ARN", Arn, StringComparison.Ordinal));
        var execution = await bench.StartAsync(machine);
        var end = await bench.EndAsync(execution);
        Assert.Equal(
            ("States.Runtime", $"The activity {Arn} does not exist."),
            (end["error"].AsString(), end["cause"].AsString()));
        Assert.Equal(
            ["ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityScheduleFailed", "ExecutionFailed"],
            await bench.HistoryAsync(execution));
    }

    // ResultWriter (Map), Transformations; DescribeExecution, redriveStatus.
    [Theory]
    [InlineData("STANDARD", "")]
    [InlineData("EXPRESS", "\"ResultWriter\":{\"WriterConfig\":{\"Transformation\":\"FLATTEN\"}},")]
    [InlineData("STANDARD", "\"ResultWriter\":{\"WriterConfig\":{\"Transformation\":\"NONE\"}},")]
    public async Task What_failed_and_is_borne_is_told_with_its_execution(string type, string writer)
    {
        var functions = new FunctionBook().With("work", (input, _) => input["bad"].IsTrue
            ? Analemma.Daemon.Workflows.Tasks.TaskOutcome.Failed("Bad", "is bad")
            : Analemma.Daemon.Workflows.Tasks.TaskOutcome.Done(JsonValue.Parse("[1]")));
        await using var bench = WorkflowBench.Open(Path, functions);
        var machine = await bench.CreateAsync("m", """
            {"StartAt":"M","States":{"M":{"Type":"Map","ToleratedFailureCount":1,WRITER "Label":"l","End":true,
              "ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"TYPE"},
                "StartAt":"A","States":{"A":{"Type":"Task","Resource":"WORK","End":true}}}}}}
            """.Replace("WRITER", writer, StringComparison.Ordinal).Replace("TYPE", type, StringComparison.Ordinal)
            .Replace("WORK", Work, StringComparison.Ordinal));
        var end = await bench.EndAsync(await bench.StartAsync(machine, """[{"bad":false},{"bad":true}]"""));
        Assert.Equal("SUCCEEDED", end["status"].AsString());
        var output = JsonValue.Parse(end["output"].AsString());
        Assert.Equal(2, output.AsArray().Count);
        var (good, bad) = (output[0], output[1]);
        Assert.Equal(
            writer.Contains("NONE", StringComparison.Ordinal) ? "[1]"
            : writer.Contains("FLATTEN", StringComparison.Ordinal) ? "1" : "[1]",
            good.IsObject ? good["Output"].AsString() : good.ToString());
        Assert.Equal(
            ("FAILED", "Bad", "is bad", "REDRIVABLE_BY_MAP_RUN", """{"bad":true}"""),
            (bad["Status"].AsString(), bad["Error"].AsString(), bad["Cause"].AsString(),
                bad["RedriveStatus"].AsString(), bad["Input"].AsString()));

        // EXPRESS ones too are described when a Map Run has started them.
        var child = await bench.CallAsync("DescribeExecution", ("executionArn", bad["ExecutionArn"]));
        Assert.Equal("REDRIVABLE_BY_MAP_RUN", child["redriveStatus"].AsString());
        Assert.True(child["redriveStatusReason"].IsUndefined);
        Assert.Equal(bad["Name"].AsString(), child["name"].AsString());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
