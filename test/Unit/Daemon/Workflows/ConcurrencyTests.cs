using System.Collections.Concurrent;
using System.Diagnostics;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Bursts of executions and tasks: let in, made to wait, or refused, and never more than may run.</summary>
public sealed class ConcurrencyTests : IDisposable
{
    private const string Work = "arn:aws:states:us-east-1:000000000000:activity:work";
    private const string Pass = """{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}""";

    private const string Waits =
        """{"StartAt":"A","States":{"A":{"Type":"Task","End":true,"Resource":""" + "\"" + Work + "\"}}}";

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-concurrency-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "workflows.db");

    [Fact]
    public async Task A_burst_of_a_hundred_times_what_may_run_is_taken_in_order_and_is_over_at_once()
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook());
        await bench.CallAsync("CreateActivity", ("name", "work"));
        var machine = await bench.CreateAsync("m", Waits);
        var other = await bench.CreateAsync("other", Pass);
        await SetAsync(bench, machine, max: 10, queueMax: 900);
        List<string> taken = [];
        var refused = 0;
        for (var n = 0; n < 1000; n++)
        {
            var answer = await bench.AskAsync(
                "StartExecution", ("stateMachineArn", machine), ("name", $"e{n:d4}"));
            if (answer.IsRefused)
            {
                Assert.Equal("ExecutionLimitExceeded", answer.Error);
                refused++;
            }
            else
            {
                taken.Add(answer.Output["executionArn"].AsString());
            }
        }

        Assert.Equal((910, 90), (taken.Count, refused));
        var lane = await LaneAsync(bench, machine);
        Assert.Equal("10 900", $"{lane["running"]} {lane["queued"]}");
        // What waits is there, and does nothing yet; others do not wait for it.
        Assert.Equal(["ExecutionStarted"], await bench.HistoryAsync(taken[^1]));
        var described = await bench.CallAsync("DescribeExecution", ("executionArn", taken[^1]));
        Assert.Equal("RUNNING", described["status"].AsString());
        Assert.Equal("SUCCEEDED", (await bench.EndAsync(await bench.StartAsync(other)))["status"].AsString());

        var began = Stopwatch.GetTimestamp();
        List<string> order = [];
        for (var n = 0; n < taken.Count; n++)
        {
            var task = await bench.CallAsync("GetActivityTask", ("activityArn", Work));
            order.Add(bench.Engine.Tokens.Find(task["taskToken"].AsString())!.Execution.Head.Arn);
            await bench.CallAsync("SendTaskSuccess", ("taskToken", task["taskToken"]), ("output", "1"));
        }

        var took = Stopwatch.GetElapsedTime(began);
        // Places are given in order; which of the ten that have one is first to ask for its worker is chance.
        Assert.Equal(taken, order.Order(StringComparer.Ordinal));
        Assert.All(order, (arn, at) => Assert.InRange(taken.IndexOf(arn) - at, -10, 10));
        Assert.True(took < TimeSpan.FromSeconds(60), $"{taken.Count} were over after {took}");
        Assert.Equal("SUCCEEDED", (await bench.EndAsync(taken[^1]))["status"].AsString());
        Assert.Equal((0, 0), (bench.Engine.Admission.Figures.Running, bench.Engine.Admission.Figures.Queued));
        await bench.StartAsync(machine, name: "after");
    }

    [Fact]
    public async Task What_waits_is_there_after_a_restart_in_its_order()
    {
        List<string> taken = [];
        string machine;
        await using (var bench = WorkflowBench.Open(Path, new FunctionBook()))
        {
            await bench.CallAsync("CreateActivity", ("name", "work"));
            machine = await bench.CreateAsync("m", Waits);
            await SetAsync(bench, machine, max: 2);
            foreach (var n in Enumerable.Range(0, 12))
            {
                taken.Add(await bench.StartAsync(machine, name: $"e{n}"));
            }

            // One that waits can be stopped, and is then no more in line.
            await bench.CallAsync("StopExecution", ("executionArn", taken[5]));
            Assert.Equal("ABORTED", (await bench.EndAsync(taken[5]))["status"].AsString());
        }

        taken.RemoveAt(5);
        await using var next = WorkflowBench.Open(Path, new FunctionBook());
        var lane = await LaneAsync(next, machine);
        Assert.Equal("2 9 2", $"{lane["running"]} {lane["queued"]} {lane["max"]}");
        // Of two that run the task of either may be offered first.
        await SetAsync(next, machine, max: 1);
        List<string> order = [];
        for (var n = 0; n < taken.Count; n++)
        {
            var task = await next.CallAsync("GetActivityTask", ("activityArn", Work));
            order.Add(next.Engine.Tokens.Find(task["taskToken"].AsString())!.Execution.Head.Arn);
            await next.CallAsync("SendTaskSuccess", ("taskToken", task["taskToken"]), ("output", "1"));
        }

        Assert.Equal(taken, order);
    }

    [Fact]
    public async Task One_that_was_stopped_in_line_can_be_driven_again()
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook());
        await bench.CallAsync("CreateActivity", ("name", "work"));
        var machine = await bench.CreateAsync("m", Waits);
        await SetAsync(bench, machine, max: 1);
        var first = await bench.StartAsync(machine, name: "first");
        var second = await bench.StartAsync(machine, name: "second");
        await bench.CallAsync("StopExecution", ("executionArn", second));
        var refused = await bench.AskAsync("RedriveExecution", ("executionArn", second));
        Assert.Equal("ExecutionLimitExceeded", refused.Error);
        await bench.CallAsync("StopExecution", ("executionArn", first));

        await bench.CallAsync("RedriveExecution", ("executionArn", second));

        Assert.Contains("TaskStateEntered", await bench.HistoryAsync(second));
    }

    [Fact]
    public async Task A_child_that_is_waited_for_does_not_wait_for_its_parent()
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook(), executionsMax: 1);
        var child = await bench.CreateAsync("child", Pass);
        var parent = await bench.CreateAsync("parent", """
            {"StartAt":"A","States":{"A":{"Type":"Task","End":true,
             "Resource":"arn:aws:states:::states:startExecution.sync:2",
             "Parameters":{"StateMachineArn":"CHILD"}}}}
            """.Replace("CHILD", child, StringComparison.Ordinal));

        var ends = await Task.WhenAll(Enumerable.Range(0, 5).Select(async n =>
            await bench.EndAsync(await bench.StartAsync(parent, name: $"p{n}"))));

        Assert.All(ends, end => Assert.Equal("SUCCEEDED", end["status"].AsString()));
    }

    [Fact]
    public async Task A_child_whose_name_was_used_is_refused_to_each_branch_that_asks_for_it()
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook());
        var child = await bench.CreateAsync("child", Pass);
        string Branch(string name) => """
            {"StartAt":"NAME","States":{"NAME":{"Type":"Task","End":true,
             "Resource":"arn:aws:states:::states:startExecution.sync:2",
             "Parameters":{"StateMachineArn":"CHILD","Name":"NAME"}}}}
            """.Replace("CHILD", child, StringComparison.Ordinal).Replace("NAME", name, StringComparison.Ordinal);
        var parent = await bench.CreateAsync(
            "parent",
            """{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":["""
            + Branch("one") + "," + Branch("two") + "]}}}");

        Assert.Equal("SUCCEEDED", (await bench.EndAsync(await bench.StartAsync(parent)))["status"].AsString());
        for (var i = 0; i < 20; i++)
        {
            var again = await bench.EndAsync(await bench.StartAsync(parent));
            Assert.Equal("StepFunctions.ExecutionAlreadyExistsException", again["error"].AsString());
        }
    }

    [Fact]
    public async Task A_call_with_a_token_that_fails_fails_its_task()
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook());
        var machine = await bench.CreateAsync("m", """
            {"StartAt":"T","States":{"T":{"Type":"Task","End":true,
             "Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken",
             "Parameters":{"FunctionName":"nobody","Payload":{"token.$":"$$.Task.Token"}}}}}
            """);

        var execution = await bench.StartAsync(machine);

        Assert.Equal("FAILED", (await bench.EndAsync(execution))["status"].AsString());
        Assert.Contains("TaskSubmitFailed", await bench.HistoryAsync(execution));
    }

    [Fact]
    public async Task No_more_tasks_of_a_resource_run_than_may()
    {
        const int Most = 3;
        ConcurrentBag<int> seen = [];
        var running = 0;
        TaskCompletionSource full = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource go = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var functions = new FunctionBook().WithAsync("slow", async () =>
        {
            seen.Add(Interlocked.Increment(ref running));
            if (seen.Count == Most)
            {
                full.SetResult();
            }

            await go.Task;
            Interlocked.Decrement(ref running);
            return TaskOutcome.Done(1);
        });
        await using var bench = WorkflowBench.Open(Path, functions);
        Assert.False((await bench.AskOwnerAsync("SetConcurrency", ("resource", "lambda"), ("max", Most))).IsRefused);
        var machine = await bench.CreateAsync("m", """
            {"StartAt":"A","States":{"A":{"Type":"Task","End":true,
             "Resource":"arn:aws:lambda:us-east-1:000000000000:function:slow"}}}
            """);
        var started = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => bench.StartAsync(machine)));
        await full.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        JsonValue listed;
        do
        {
            listed = (await bench.AskOwnerAsync("ListConcurrency")).Output["resources"][0];
        }
        while (listed["queued"].ToString() != "27");

        Assert.Equal("\"lambda\" 3 27", $"{listed["name"]} {listed["running"]} {listed["queued"]}");
        go.SetResult();
        foreach (var execution in started)
        {
            Assert.Equal("SUCCEEDED", (await bench.EndAsync(execution))["status"].AsString());
        }

        Assert.Equal(Most, seen.Max());
    }

    [Theory]
    [InlineData("max", 0)]
    [InlineData("reserved", -1)]
    [InlineData("reserved", 1_000_000)]
    public async Task Limits_that_make_no_sense_are_refused(string name, int value)
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook());
        var machine = await bench.CreateAsync("m", Pass);

        var answer = await bench.AskOwnerAsync("SetConcurrency", ("stateMachineArn", machine), (name, value));

        Assert.Equal("ValidationException", answer.Error);
        Assert.Contains(name, answer.Message, StringComparison.Ordinal);
        var stranger = await bench.AskAsync("SetConcurrency", ("stateMachineArn", machine), ("max", 1));
        Assert.Equal("UnknownOperationException", stranger.Error);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task SetAsync(WorkflowBench bench, string machine, int max, int queueMax = 10_000)
    {
        var answer = await bench.AskOwnerAsync(
            "SetConcurrency", ("stateMachineArn", machine), ("max", max), ("queueMax", queueMax));
        Assert.False(answer.IsRefused, answer.Message);
    }

    private static async Task<JsonValue> LaneAsync(WorkflowBench bench, string machine)
    {
        var listed = (await bench.AskOwnerAsync("ListConcurrency")).Output["stateMachines"].AsArray();
        return listed.Items.ToArray().Single(lane => lane["name"].AsString() == machine);
    }
}
