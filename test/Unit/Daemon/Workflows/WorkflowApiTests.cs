using Analemma.Daemon.Workflows.Tasks;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>The workflow API over a real database: what is kept, what is refused, and who wins.</summary>
public sealed class WorkflowApiTests : IDisposable
{
    private const string Work = "arn:aws:states:us-east-1:000000000000:activity:work";

    private const string WaitForToken =
        """{"StartAt":"A","States":{"A":{"Type":"Task","End":true,"Resource":""" + "\"" + Work + "\"}}}";

    private const string Shaky = """
        {"StartAt":"A","States":{"A":{"Type":"Task","End":true,
         "Resource":"arn:aws:lambda:us-east-1:000000000000:function:shaky"}}}
        """;

    private const string Pass = """{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-workflows-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "workflows.db");

    [Fact]
    public async Task A_year_of_waiting_takes_no_time()
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook());
        var machine = await bench.CreateAsync(
            "year", """{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":31536000,"End":true}}}""");

        var end = await bench.EndAsync(await bench.StartAsync(machine));

        Assert.Equal("SUCCEEDED", end["status"].AsString());
        Assert.Equal(31_536_000, end["stopDate"].AsDouble() - end["startDate"].AsDouble(), 0.01);
    }

    [Fact]
    public async Task Of_a_hundred_who_send_a_token_back_one_is_taken()
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook());
        await bench.CallAsync("CreateActivity", ("name", "work"));
        var machine = await bench.CreateAsync("m", WaitForToken);
        var execution = await bench.StartAsync(machine);
        var task = await bench.CallAsync(
            "GetActivityTask", ("activityArn", Work));
        var token = task["taskToken"].AsString();

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(
            n => Task.Run(() => bench.AskAsync("SendTaskSuccess", ("taskToken", token), ("output", $"{n}")))));

        var winner = Assert.Single(answers.Index(), each => !each.Item.IsRefused).Index;
        Assert.All(answers.Where(each => each.IsRefused), each => Assert.Equal("TaskTimedOut", each.Error));
        var end = await bench.EndAsync(execution);
        Assert.Equal(("SUCCEEDED", $"{winner}"), (end["status"].AsString(), end["output"].AsString()));
        var never = await bench.AskAsync("SendTaskSuccess", ("taskToken", "guessed"), ("output", "1"));
        Assert.Equal(("InvalidToken", "Invalid Token: 'Invalid token'"), (never.Error, never.Message));
    }

    [Fact]
    public async Task The_same_start_twice_is_one_execution_and_another_of_its_name_is_refused()
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook());
        await bench.CallAsync("CreateActivity", ("name", "work"));
        var machine = await bench.CreateAsync("m", WaitForToken);
        var first = await bench.StartAsync(machine, """{"a":1}""", "x");

        Assert.Equal(first, await bench.StartAsync(machine, """{"a":1}""", "x"));
        var other = await bench.AskAsync(
            "StartExecution", ("stateMachineArn", machine), ("input", """{"a":2}"""), ("name", "x"));
        Assert.Equal("ExecutionAlreadyExists", other.Error);
        await bench.CallAsync("StopExecution", ("executionArn", first), ("error", "Enough"));
        var end = await bench.EndAsync(first);
        Assert.Equal(("ABORTED", "Enough"), (end["status"].AsString(), end["error"].AsString()));
        var again = await bench.AskAsync(
            "StartExecution", ("stateMachineArn", machine), ("input", """{"a":1}"""), ("name", "x"));
        Assert.Equal("ExecutionAlreadyExists", again.Error);
    }

    [Fact]
    public async Task An_execution_stays_on_the_definition_that_it_began_with()
    {
        var functions = new FunctionBook();
        string execution;
        await using (var bench = WorkflowBench.Open(Path, functions))
        {
            await bench.CallAsync("CreateActivity", ("name", "work"));
            var machine = await bench.CreateAsync("m", WaitForToken);
            execution = await bench.StartAsync(machine);
            await bench.CallAsync("UpdateStateMachine", ("stateMachineArn", machine), ("definition", Pass));
            await bench.CallAsync("DeleteStateMachine", ("stateMachineArn", machine));
        }

        await using var next = WorkflowBench.Open(Path, functions);
        var task = await next.CallAsync(
            "GetActivityTask", ("activityArn", Work));
        await next.CallAsync("SendTaskSuccess", ("taskToken", task["taskToken"]), ("output", "\"done\""));

        Assert.Equal("\"done\"", (await next.EndAsync(execution))["output"].AsString());
        var described = await next.CallAsync("DescribeStateMachineForExecution", ("executionArn", execution));
        Assert.Contains("activity:work", described["definition"].AsString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_redrive_goes_on_where_it_failed_also_after_a_restart()
    {
        var isGood = false;
        var functions = new FunctionBook().With(
            "shaky", (_, _) => isGood ? TaskOutcome.Done("good") : TaskOutcome.Failed("Shaky", "not yet"));
        string execution;
        await using (var bench = WorkflowBench.Open(Path, functions))
        {
            var machine = await bench.CreateAsync("m", Shaky);
            execution = await bench.StartAsync(machine);
            Assert.Equal("FAILED", (await bench.EndAsync(execution))["status"].AsString());
        }

        isGood = true;
        await using var next = WorkflowBench.Open(Path, functions);
        await next.CallAsync("RedriveExecution", ("executionArn", execution));
        var end = await next.EndAsync(execution);

        Assert.Equal(("SUCCEEDED", "\"good\""), (end["status"].AsString(), end["output"].AsString()));
        end["redriveCount"].TryGetInt32(out var redrives);
        Assert.Equal(1, redrives);
        Assert.Contains("ExecutionRedriven", await next.HistoryAsync(execution));
        var again = await next.AskAsync("RedriveExecution", ("executionArn", execution));
        Assert.Equal("ExecutionNotRedrivable", again.Error);
    }

    [Fact]
    public async Task Pages_of_executions_are_whole_and_newest_first()
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook());
        var machine = await bench.CreateAsync("m", Pass);
        foreach (var n in Enumerable.Range(0, 7))
        {
            await bench.StartAsync(machine, name: $"e{n}");
        }

        List<string> names = [];
        JsonValue token = default;
        do
        {
            var page = await bench.CallAsync(
                "ListExecutions", ("stateMachineArn", machine), ("maxResults", 3), ("nextToken", token));
            foreach (var each in page["executions"].AsArray())
            {
                names.Add(each["name"].AsString());
            }

            token = page["nextToken"];
        }
        while (token.IsDefined);

        Assert.Equal(["e6", "e5", "e4", "e3", "e2", "e1", "e0"], names);
        Assert.Equal(
            "InvalidToken",
            (await bench.AskAsync("ListExecutions", ("stateMachineArn", machine), ("nextToken", "x"))).Error);
    }

    [Fact]
    public async Task A_history_that_was_changed_on_disk_is_not_run_on_and_not_shown()
    {
        string execution;
        await using (var bench = WorkflowBench.Open(Path, new FunctionBook()))
        {
            await bench.CallAsync("CreateActivity", ("name", "work"));
            var machine = await bench.CreateAsync("m", WaitForToken);
            execution = await bench.StartAsync(machine);
        }

        Spoil(Path);
        await using var next = WorkflowBench.Open(Path, new FunctionBook());

        Assert.Null(next.Engine.Find(execution));
        var history = await next.AskAsync("GetExecutionHistory", ("executionArn", execution));
        Assert.Equal("InternalFailure", history.Error);
        var other = await next.EndAsync(await next.StartAsync(await next.CreateAsync("n", Pass)));
        Assert.Equal("SUCCEEDED", other["status"].AsString());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Another role in the middle of a record: the text is as long as before, and its hash is another.
    private static void Spoil(string path)
    {
        var file = File.ReadAllBytes(path);
        var at = file.AsSpan().LastIndexOf("ExecutionStarted"u8);
        Assert.True(at > 0, "the record is not in the file");
        file[at] = (byte)'F';
        File.WriteAllBytes(path, file);
    }
}
