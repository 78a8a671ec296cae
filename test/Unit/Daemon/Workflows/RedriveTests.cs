using System.Collections.Concurrent;
using Analemma.Daemon.Workflows.Api;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Journal.Executions;
using Analemma.Workflow.Executions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Executions of branches and items go on with what failed, and only with that.</summary>
public sealed class RedriveTests : IDisposable
{
    private const string Work = "arn:aws:lambda:us-east-1:000000000000:function:work";

    private const string Inner =
        """{"StartAt":"T","States":{"T":{"Type":"Task","End":true,"Resource":""" + "\"" + Work + "\"}}}";

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-redrive-").FullName;

    [Theory]
    [InlineData("inline")]
    [InlineData("distributed")]
    [InlineData("parallel")]
    public async Task A_redrive_runs_what_failed_again_and_keeps_what_did_not(string kind)
    {
        ConcurrentDictionary<string, int> calls = new(StringComparer.Ordinal);
        var isGood = false;
        var functions = new FunctionBook().With("work", (input, _) =>
        {
            var item = input.AsString();
            calls.AddOrUpdate(item, 1, (_, count) => count + 1);
            return item == "b" && !Volatile.Read(ref isGood)
                ? TaskOutcome.Failed("Shaky", "not yet")
                : TaskOutcome.Done(item.ToUpperInvariant());
        });
        string execution;
        await using (var bench = WorkflowBench.Open(Path.Combine(_folder, "workflows.db"), functions))
        {
            var machine = await bench.CreateAsync("m", Definition(kind));
            execution = await bench.StartAsync(machine, """["a","b"]""");
            var failed = await bench.EndAsync(execution);
            Assert.Equal(("FAILED", "REDRIVABLE"), (failed["status"].AsString(), failed["redriveStatus"].AsString()));
        }

        var before = calls["a"];
        Volatile.Write(ref isGood, true);
        // By another kernel, which knows of the first run only what is on disk.
        await using var next = WorkflowBench.Open(Path.Combine(_folder, "workflows.db"), functions);
        await next.CallAsync("RedriveExecution", ("executionArn", execution));
        var end = await next.EndAsync(execution);

        Assert.Equal(("SUCCEEDED", """["A","B"]"""), (end["status"].AsString(), end["output"].AsString()));
        Assert.Equal((before, 2), (calls["a"], calls["b"]));
        var history = await next.HistoryAsync(execution);
        Assert.Contains("ExecutionRedriven", history);
        Assert.Equal(kind == "distributed", history.Contains("MapRunRedriven"));
    }

    [Fact]
    public async Task An_execution_that_runs_again_tells_how_often_and_since_when()
    {
        var path = Path.Combine(_folder, "workflows.db");
        string execution;
        await using (var bench = WorkflowBench.Open(path, new FunctionBook()))
        {
            await bench.CallAsync("CreateActivity", ("name", "work"));
            const string Activity = "arn:aws:states:us-east-1:000000000000:activity:work";
            var machine = await bench.CreateAsync("m", Inner.Replace(Work, Activity, StringComparison.Ordinal));
            execution = await bench.StartAsync(machine);
            await bench.CallAsync("StopExecution", ("executionArn", execution));
            await bench.CallAsync("RedriveExecution", ("executionArn", execution));
            await RedrivenAsync(bench, machine);
        }

        await using var next = WorkflowBench.Open(path, new FunctionBook());
        await RedrivenAsync(next, execution[..execution.LastIndexOf(':')].Replace(
            ":execution:", ":stateMachine:", StringComparison.Ordinal));

        async Task RedrivenAsync(WorkflowBench bench, string machine)
        {
            var described = await bench.CallAsync("DescribeExecution", ("executionArn", execution));
            var listed = await bench.CallAsync(
                "ListExecutions", ("stateMachineArn", machine), ("redriveFilter", "REDRIVEN"));
            Assert.Equal(1, listed["executions"].AsArray().Count);
            foreach (var told in new[] { described, listed["executions"][0] })
            {
                Assert.Equal(("RUNNING", "1"), (told["status"].AsString(), told["redriveCount"].ToString()));
                Assert.True(told["redriveDate"].IsDefined);
                Assert.True(told["stopDate"].IsUndefined);
            }
        }
    }

    [Theory]
    [InlineData("STANDARD", 2, 1)]
    [InlineData("EXPRESS", 3, 0)]
    public async Task Items_that_did_not_succeed_are_redriven_as_themselves_and_express_ones_started_anew(
        string type, int executions, int redrives)
    {
        var path = Path.Combine(_folder, "workflows.db");
        var isGood = false;
        var functions = new FunctionBook().With("work", (input, _) => input.AsString() == "b" && !isGood
            ? TaskOutcome.Failed("Shaky", "not yet") : TaskOutcome.Done(input));
        string execution;
        string run;
        await using (var bench = WorkflowBench.Open(path, functions))
        {
            var machine = await bench.CreateAsync(
                "m", Definition("distributed").Replace("STANDARD", type, StringComparison.Ordinal));
            execution = await bench.StartAsync(machine, """["a","b"]""");
            await bench.EndAsync(execution);
            run = await RunOfAsync(bench, execution);
        }

        isGood = true;
        await using var next = WorkflowBench.Open(path, functions);
        await next.CallAsync("RedriveExecution", ("executionArn", execution));
        Assert.Equal("SUCCEEDED", (await next.EndAsync(execution))["status"].AsString());

        // The run is the same; it has been redriven once, and so has the one that did not succeed.
        Assert.Equal(run, await RunOfAsync(next, execution));
        var described = await next.CallAsync("DescribeMapRun", ("mapRunArn", run));
        Assert.Equal("1", described["redriveCount"].ToString());
        Assert.True(described["redriveDate"].IsNumber);
        foreach (var counts in (string[])["itemCounts", "executionCounts"])
        {
            Assert.Equal(("2", "0", "2", "0"), (
                described[counts]["succeeded"].ToString(), described[counts]["failed"].ToString(),
                described[counts]["total"].ToString(), described[counts]["pendingRedrive"].ToString()));
        }

        var children = next.Store.List(new ExecutionQuery { Run = run }).Select(FoundExecution.Of).ToArray();
        Assert.Equal(executions, children.Length);
        var last = children.Single(each => each.Head.ParentIndex == 1 && each.Status is ExecutionStatus.Succeeded);
        Assert.Equal(redrives, last.RedriveCount);
        Assert.Equal(
            redrives,
            next.Engine.History(last.Key).Count(each => each.Type is HistoryEventType.ExecutionRedriven));
        Assert.Equal(0, children.Single(each => each.Head.ParentIndex == 0).RedriveCount);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_kernel_that_is_killed_at_any_commit_of_a_redrive_redrives_each_item_once(bool isKept)
    {
        var path = Path.Combine(_folder, "first.db");
        var isGood = false;
        var functions = new FunctionBook().With("work", (input, _) => input.AsString() == "b" && !isGood
            ? TaskOutcome.Failed("Shaky", "not yet") : TaskOutcome.Done(input));
        string execution;
        await using (var bench = WorkflowBench.Open(path, functions))
        {
            execution = await bench.StartAsync(
                await bench.CreateAsync("m", Definition("distributed")), """["a","b","c"]""");
            await bench.EndAsync(execution);
        }

        isGood = true;
        var cuts = 0;
        for (var cutAt = 1; ; cutAt++)
        {
            var copy = Path.Combine(_folder, $"{cutAt}.db");
            File.Copy(path, copy);
            CutStore? cut = null;
            await using (var killed = WorkflowBench.Open(
                copy, functions, store => cut = new CutStore(store, cutAt, isKept)))
            {
                await Task.WhenAny(cut!.Cut, RedriveAsync(killed, execution));
            }

            await using var next = WorkflowBench.Open(copy, functions);
            if (next.Store.Find(execution)!.Standing.Status == (int)ExecutionStatus.Failed)
            {
                Assert.True(cutAt == 1 && !isKept, "a redrive is lost");
                await next.CallAsync("RedriveExecution", ("executionArn", execution));
            }

            var end = await next.EndAsync(execution);
            Assert.Equal(("SUCCEEDED", """["a","b","c"]"""), (end["status"].AsString(), end["output"].AsString()));
            var children = next.Store.List(new ExecutionQuery { Run = await RunOfAsync(next, execution) })
                .Select(FoundExecution.Of).OrderBy(each => each.Head.ParentIndex).ToArray();
            Assert.Equal([0, 1, 0], children.Select(each => each.RedriveCount));
            Assert.Empty(next.Panics);
            if (!cut.Cut.IsCompleted)
            {
                break;
            }

            cuts++;
        }

        Assert.True(cuts > 5, $"killed {cuts} times");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task RedriveAsync(WorkflowBench bench, string execution)
    {
        await bench.CallAsync("RedriveExecution", ("executionArn", execution));
        await bench.EndAsync(execution);
    }

    private static async Task<string> RunOfAsync(WorkflowBench bench, string execution) =>
        (await bench.CallAsync("ListMapRuns", ("executionArn", execution)))["mapRuns"][0]["mapRunArn"].AsString();

    // One after the other, so that what comes before the failure has ended.
    private static string Definition(string kind) => kind switch
    {
        "parallel" => """{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":[A,B]}}}"""
            .Replace("A,B", Branch("0", waits: false) + "," + Branch("1", waits: true), StringComparison.Ordinal),
        "inline" => """{"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1,"End":true,"ItemProcessor":I}}}"""
            .Replace("I}", Inner + "}", StringComparison.Ordinal),
        _ => """{"StartAt":"M","States":{"M":{"Type":"Map","MaxConcurrency":1,"End":true,"ItemProcessor":I}}}"""
            .Replace(
                "I}",
                """{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},""" + Inner[1..] + "}",
                StringComparison.Ordinal),
    };

    // The second waits a day of virtual time, so that the first has ended when it fails.
    private static string Branch(string item, bool waits) =>
        (waits
            ? """{"StartAt":"W1","States":{"W1":{"Type":"Wait","Seconds":86400,"Next":"T1"},"""
            : """{"StartAt":"T0","States":{""")
        + "\"T" + item + "\":{\"Type\":\"Task\",\"InputPath\":\"$[" + item + "]\",\"End\":true,\"Resource\":\"" + Work
        + "\"}}}";
}
