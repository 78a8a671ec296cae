using System.Diagnostics;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>What must not be lost when something goes wrong, comes twice, or stops in between.</summary>
public sealed class WorkflowFaultTests : IDisposable
{
    private const string Work = "arn:aws:states:us-east-1:000000000000:activity:work";

    private const string Waits =
        """{"StartAt":"A","States":{"A":{"Type":"Task","End":true,"Resource":""" + "\"" + Work + "\"}}}";

    private const string Fails = """{"StartAt":"A","States":{"A":{"Type":"Fail","Error":"E"}}}""";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-faults-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "workflows.db");

    [Fact]
    public async Task What_an_execution_started_goes_on_when_the_kernel_stops_and_ends_when_the_execution_does()
    {
        string parent;
        string child;
        await using (var bench = WorkflowBench.Open(Path, new FunctionBook()))
        {
            await bench.CallAsync("CreateActivity", ("name", "work"));
            var machine = await bench.CreateAsync("child", Waits);
            parent = await bench.StartAsync(await bench.CreateAsync("parent", """
                {"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::states:startExecution.sync",
                 "Parameters":{"StateMachineArn":"M","Name":"c"},"End":true}}}
                """.Replace("\"M\"", $"\"{machine}\"", StringComparison.Ordinal)));
            child = machine.Replace(":stateMachine:", ":execution:", StringComparison.Ordinal) + ":c";
            await TakeAsync(bench);
        }

        await using var next = WorkflowBench.Open(Path, new FunctionBook());
        Assert.Equal("RUNNING", await StatusAsync(next, child));
        Assert.Equal("RUNNING", await StatusAsync(next, parent));
        await next.CallAsync("StopExecution", ("executionArn", parent));
        Assert.Equal("ABORTED", (await next.EndAsync(child))["status"].AsString());
    }

    [Fact]
    public async Task Of_two_redrives_at_once_one_is_refused_and_the_store_stays_whole()
    {
        var (bench, hooks) = Hooked();
        await using var closed = bench;
        var execution = await bench.StartAsync(await bench.CreateAsync("m", Fails));
        await bench.EndAsync(execution);
        var isFirst = true;
        hooks.Before = (method, _) =>
        {
            if (method == nameof(IExecutionStore.Records) && isFirst)
            {
                // The other one begins and ends, while this one has read where the execution stands.
                isFirst = false;
                Wait(bench.CallAsync("RedriveExecution", ("executionArn", execution)));
                Wait(bench.EndAsync(execution));
            }
        };

        var refused = await bench.AskAsync("RedriveExecution", ("executionArn", execution));
        Assert.Equal("ExecutionNotRedrivable", refused.Error);
        Assert.Null(bench.Store.Health.Refusal);
        await bench.CallAsync("RedriveExecution", ("executionArn", execution));
    }

    [Fact]
    public async Task A_redrive_that_could_not_be_kept_can_be_asked_again()
    {
        var (bench, hooks) = Hooked();
        await using var closed = bench;
        var execution = await bench.StartAsync(await bench.CreateAsync("m", Fails));
        await bench.EndAsync(execution);
        hooks.IsFull = _ => true;
        Assert.Equal("ServiceUnavailable", (await bench.AskAsync(
            "RedriveExecution", ("executionArn", execution))).Error);

        hooks.IsFull = null;
        await bench.CallAsync("RedriveExecution", ("executionArn", execution));
        Assert.Equal("FAILED", (await bench.EndAsync(execution))["status"].AsString());
    }

    [Fact]
    public async Task A_start_whose_name_could_not_be_looked_up_can_be_asked_again()
    {
        var (bench, hooks) = Hooked();
        await using var closed = bench;
        var machine = await bench.CreateAsync("m", Fails);
        hooks.Before = (method, args) =>
        {
            if (method == nameof(IExecutionStore.Find) && args is [string])
            {
                throw new JournalStoreException(JournalStoreFailure.Gone, "not now");
            }
        };
        Assert.Equal("ServiceUnavailable", (await bench.AskAsync(
            "StartExecution", ("stateMachineArn", machine), ("name", "x"))).Error);
        Assert.Empty(bench.Engine.Running);

        hooks.Before = null;
        await bench.EndAsync(await bench.StartAsync(machine, name: "x"));
    }

    [Fact]
    public async Task The_same_start_twice_is_one_execution_also_while_the_first_is_under_way()
    {
        HeldStore? held = null;
        await using var bench = WorkflowBench.Open(Path, new FunctionBook(), store =>
        {
            (store, held) = HeldStore.Make(store);
            return store;
        });
        await bench.CallAsync("CreateActivity", ("name", "work"));
        var machine = await bench.CreateAsync("m", Waits);
        var first = bench.StartAsync(machine, name: "x");
        await held!.Held;
        var second = bench.StartAsync(machine, name: "x");
        held.Release();

        Assert.Equal(await first, await second);
    }

    [Fact]
    public async Task A_task_that_could_not_be_given_to_a_worker_is_the_next_ones()
    {
        var (bench, hooks) = Hooked();
        await using var closed = bench;
        await bench.CallAsync("CreateActivity", ("name", "work"));
        await bench.StartAsync(await bench.CreateAsync("m", Waits));
        hooks.IsFull = change => change.Key != 0;
        Assert.Equal("ServiceUnavailable", (await bench.AskAsync("GetActivityTask", ("activityArn", Work))).Error);

        hooks.IsFull = null;
        await TakeAsync(bench);
    }

    [Fact]
    public async Task An_execution_that_cannot_be_read_after_a_fault_is_left_as_it_is()
    {
        var (bench, hooks) = Hooked();
        await using var closed = bench;
        await bench.CallAsync("CreateActivity", ("name", "work"));
        var execution = await bench.StartAsync(await bench.CreateAsync("m", Waits));
        hooks.Before = (method, _) =>
        {
            if (method == nameof(IExecutionStore.Records))
            {
                throw new JournalCorruptException(1, "hash", "a", "b");
            }
        };

        bench.Engine.Find(execution)!.Post(_ => throw new InvalidOperationException("a mistake of the machine"));

        Assert.Null(bench.Engine.Find(execution));
        Assert.Equal(0, bench.Store.Find(execution)!.Standing.Status);
    }

    [Fact]
    public async Task Items_of_a_distributed_Map_that_has_been_stopped_do_not_begin()
    {
        using ManualResetEventSlim goesOn = new();
        TaskCompletionSource looked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var (bench, hooks) = Hooked();
        await using (bench)
        {
            await bench.CallAsync("CreateActivity", ("name", "work"));
            hooks.Before = (method, args) =>
            {
                if (method == nameof(IExecutionStore.Find) && args is [string arn] && arn.Contains('/'))
                {
                    looked.TrySetResult();
                    goesOn.Wait(Patience);
                }
            };
            var parent = await bench.StartAsync(await bench.CreateAsync("m", Distributed), "[1,2]");
            await looked.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);
            await bench.CallAsync("StopExecution", ("executionArn", parent));
            goesOn.Set();
        }

        await using var next = WorkflowBench.Open(Path, new FunctionBook());
        Assert.Empty(next.Engine.Running);
    }

    [Fact]
    public async Task A_mistake_in_reading_items_fails_the_Map_and_not_the_kernel()
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook(), files: new BrokenFiles());
        var execution = await bench.StartAsync(await bench.CreateAsync("m", Distributed.Replace(
            "\"ItemProcessor\"",
            """
            "ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"JSON"},
             "Parameters":{"Bucket":"b","Key":"k"}},"ItemProcessor"
            """,
            StringComparison.Ordinal)));

        var end = await bench.EndAsync(execution);
        Assert.Empty(bench.Panics);
        Assert.Equal(("FAILED", "States.ItemReaderFailed"), (end["status"].AsString(), end["error"].AsString()));
    }

    [Theory]
    [InlineData('\ud800')]
    [InlineData('\udc00')]
    public async Task Half_a_surrogate_pair_is_no_name(char half)
    {
        var name = $"a{half}b";
        await using var bench = WorkflowBench.Open(Path, new FunctionBook());
        Assert.Equal("InvalidName", (await bench.AskAsync("CreateActivity", ("name", name))).Error);
        Assert.Equal("ValidationException", (await bench.AskOwnerAsync(
            "SetConcurrency", ("resource", name), ("max", 1))).Error);
        var label = await bench.AskAsync(
            "ValidateStateMachineDefinition",
            ("definition", Distributed.Replace(
                "\"ItemP", $"\"Label\":\"\\u{(int)half:x4}\",\"ItemP", StringComparison.Ordinal)));
        Assert.Equal("FAIL", label.Output["result"].AsString());
        // Whole pairs are characters as others.
        await bench.CallAsync("CreateActivity", ("name", "\U0001F600"));
    }

    [Fact]
    public async Task Resources_with_what_cannot_be_kept_in_a_text_have_no_limits()
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook());
        Assert.Equal("ValidationException", (await bench.AskOwnerAsync(
            "SetConcurrency", ("resource", "a\0b"), ("max", 1))).Error);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private const string Distributed = """
        {"StartAt":"M","States":{"M":{"Type":"Map","End":true,"ItemProcessor":{
         "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"STANDARD"},"StartAt":"A","States":{"A":{
          "Type":"Task","End":true,"Resource":"arn:aws:states:us-east-1:000000000000:activity:work"}}}}}}
        """;

    // A worker's patience passes at once in eager time: it asks again until there is a task.
    private static async Task TakeAsync(WorkflowBench bench)
    {
        var began = Stopwatch.GetTimestamp();
        while (!(await bench.CallAsync("GetActivityTask", ("activityArn", Work)))["taskToken"].IsString)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, "no task came");
        }
    }

    private static async Task<string> StatusAsync(WorkflowBench bench, string execution) =>
        (await bench.CallAsync("DescribeExecution", ("executionArn", execution)))["status"].AsString();

    private static void Wait(Task task) => Assert.True(task.Wait(Patience, TestContext.Current.CancellationToken));

    private (WorkflowBench Bench, HookedStore Hooks) Hooked()
    {
        HookedStore? hooks = null;
        var bench = WorkflowBench.Open(Path, new FunctionBook(), store =>
        {
            (store, hooks) = HookedStore.Make(store);
            return store;
        });
        return (bench, hooks!);
    }

    private sealed class BrokenFiles : IMapFiles
    {
        public Task<MapFileItems> ReadAsync(
            ItemReaderDefinition reader, JsonValue parameters, long? itemsMax, CancellationToken cancelled) =>
            throw new UriFormatException("a mistake");

        public Task<JsonValue> WriteAsync(
            ResultWriterDefinition writer,
            JsonValue parameters,
            string mapRunArn,
            MapResults results,
            CancellationToken cancelled) => throw new UriFormatException("a mistake");
    }
}
