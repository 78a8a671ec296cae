using System.Security.Cryptography;
using System.Text;
using Analemma.Daemon.Workflows.Payloads;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Payloads;
using Analemma.Workflow.Executions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Payloads beyond what AWS takes: kept beside the database, checked, collected, and never lost.</summary>
public sealed class LargePayloadTests : IDisposable
{
    private const string Work = "arn:aws:states:us-east-1:000000000000:activity:work";

    private const string Waits = """
        {"StartAt":"P","States":{"P":{"Type":"Pass","Next":"A"},
         "A":{"Type":"Task","End":true,"ResultPath":"$.r","Resource":
        """ + "\"" + Work + "\"}}}";

    private static readonly string Large = $$"""{"text":"{{new string('x', 300_000)}}","n":1}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-payloads-").FullName;

    private string Path => System.IO.Path.Combine(_folder, "workflows.db");

    private string Blobs => WorkflowBench.PayloadsOf(Path);

    [Fact]
    public async Task A_large_input_is_kept_once_and_comes_back_whole_also_after_a_restart()
    {
        string execution;
        await using (var bench = WorkflowBench.Open(Path, new FunctionBook()))
        {
            execution = await StartWaitingAsync(bench);
            // Entered, left, and entered again with the same value.
            var blob = Assert.Single(Files());
            Assert.Equal(DigestOf(Large), System.IO.Path.GetFileName(blob));
        }

        Assert.InRange(new FileInfo(Path).Length, 1, 200_000);
        await using var next = WorkflowBench.Open(Path, new FunctionBook());
        var task = await next.CallAsync("GetActivityTask", ("activityArn", Work));
        Assert.Equal(Large, task["input"].AsString());
        await next.CallAsync("SendTaskSuccess", ("taskToken", task["taskToken"]), ("output", "2"));
        var end = await next.EndAsync(execution);

        var output = Large[..^1] + ""","r":2}""";
        Assert.Equal("SUCCEEDED", end["status"].AsString());
        Assert.True(end["output"].IsUndefined && end["input"].IsUndefined);
        Assert.Equal("false", end["outputDetails"]["included"].ToString());
        Assert.Equal(DigestOf(output), end["outputDetails"]["sha256"].AsString());
        var read = (await next.AskOwnerAsync("ReadPayload", ("sha256", end["outputDetails"]["sha256"]))).Output;
        Assert.Equal(output, Encoding.UTF8.GetString(Convert.FromBase64String(read["data"].AsString())));
        Assert.Equal(2, Files().Length);
        var history = await next.CallAsync("GetExecutionHistory", ("executionArn", execution));
        var first = history["events"][0]["executionStartedEventDetails"];
        Assert.True(first["input"].IsUndefined && first["inputDetails"]["truncated"].IsTrue);
        Assert.Equal(DigestOf(Large), first["inputDetails"]["sha256"].AsString());
    }

    [Fact]
    public async Task The_same_large_start_twice_is_one_execution()
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook());
        var first = await StartWaitingAsync(bench);
        var machine = first.Replace(":execution:", ":stateMachine:", StringComparison.Ordinal)[..^2];

        Assert.Equal(first, await bench.StartAsync(machine, Large, "x"));
        var other = await bench.AskAsync(
            "StartExecution", ("stateMachineArn", machine), ("input", Large.Replace("1}", "2}")), ("name", "x"));
        Assert.Equal("ExecutionAlreadyExists", other.Error);
    }

    [Fact]
    public async Task A_flipped_byte_is_found_and_says_which_payload_and_who_refers_to_it()
    {
        string execution;
        await using (var bench = WorkflowBench.Open(Path, new FunctionBook()))
        {
            execution = await StartWaitingAsync(bench);
        }

        var file = Assert.Single(Files());
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        bytes[100_000] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);

        await using var next = WorkflowBench.Open(Path, new FunctionBook());
        Assert.Null(next.Engine.Find(execution));
        var stored = next.Store.Find(execution)!;
        var wrong = Assert.Throws<PayloadException>(() => next.Engine.MapRunsOf(stored));
        Assert.Equal(PayloadFailure.Corrupt, wrong.Failure);
        Assert.Contains(DigestOf(Large), wrong.Message, StringComparison.Ordinal);
        Assert.Contains($"{execution}, input of event 1", wrong.Message, StringComparison.Ordinal);
        // The execution is as it was, and goes on when the file is.
        var read = await next.AskOwnerAsync("ReadPayload", ("sha256", DigestOf(Large)));
        Assert.Equal("ServiceUnavailable", read.Error);
        Assert.Equal(0, stored.Standing.Status);
    }

    [Fact]
    public async Task A_payload_that_went_bad_is_written_anew_while_its_value_is_known()
    {
        await using (var bench = WorkflowBench.Open(Path, new FunctionBook()))
        {
            await StartWaitingAsync(bench);
        }

        var file = Assert.Single(Files());
        await File.WriteAllBytesAsync(file, new byte[Large.Length], TestContext.Current.CancellationToken);
        await using var next = WorkflowBench.Open(Path, new FunctionBook());
        await next.StartAsync("arn:aws:states:us-east-1:000000000000:stateMachine:m", Large, "y");

        Assert.Equal(Large, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_nothing_refers_to_is_swept_and_nothing_else()
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook());
        var first = await StartWaitingAsync(bench);
        var second = await bench.StartAsync(
            "arn:aws:states:us-east-1:000000000000:stateMachine:m", Large.Replace("1}", "2}"), "y");
        // Shared by both, and kept while one of them is there.
        var key = bench.Store.Find(first)!.Key;
        Assert.Equal(new PayloadSweep(2, 0), await SweepAsync(bench));

        await ForgetAsync(bench, key);

        Assert.Equal(new PayloadSweep(1, 1), await SweepAsync(bench));
        Assert.Equal(DigestOf(Large.Replace("1}", "2}")), System.IO.Path.GetFileName(Assert.Single(Files())));
        await ForgetAsync(bench, bench.Store.Find(second)!.Key);
        Assert.Equal(new PayloadSweep(0, 1), await SweepAsync(bench));
        Assert.Empty(bench.Store.Documents("payload"));
    }

    [Fact]
    public async Task A_file_that_is_no_payload_is_left_alone()
    {
        await using var bench = WorkflowBench.Open(Path, new FunctionBook());
        await StartWaitingAsync(bench);
        var foreign = Directory.CreateDirectory(System.IO.Path.Combine(Blobs, "ab")).FullName + "/x";
        await File.WriteAllTextAsync(foreign, "", TestContext.Current.CancellationToken);

        Assert.Equal(new PayloadSweep(1, 0), await SweepAsync(bench));
        Assert.True(File.Exists(foreign));
    }

    [Fact]
    public async Task A_delete_that_takes_long_holds_up_only_who_wants_that_payload()
    {
        Directory.CreateDirectory(Blobs);
        using SlowDeletes payloads = new(FilePayloadStore.Open(Blobs));
        await using var bench = WorkflowBench.Open(Path, new FunctionBook(), payloads: payloads);
        var first = await StartWaitingAsync(bench);
        await ForgetAsync(bench, bench.Store.Find(first)!.Key);
        var sweep = Task.Run(() => SweepAsync(bench), TestContext.Current.CancellationToken);
        await payloads.Begun;

        const string Machine = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
        // Run apart, for who waits for a lock does not give its thread back.
        var other = Task.Run(() => bench.StartAsync(Machine, Large.Replace("1}", "2}"), "y"));
        await other.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var same = Task.Run(() => bench.StartAsync(Machine, Large, "z"));
        payloads.Release();
        await Task.WhenAll(sweep, same);

        // That one was deleted, and is there again.
        Assert.Equal(2, Files().Length);
        Assert.Equal(new PayloadSweep(2, 0), await SweepAsync(bench));
    }

    [Fact]
    public async Task A_sweep_leaves_what_a_commit_in_flight_will_refer_to()
    {
        HeldStore? held = null;
        await using var bench = WorkflowBench.Open(
            Path,
            new FunctionBook(),
            store =>
            {
                (store, held) = HeldStore.Make(store);
                return store;
            });
        await bench.CallAsync("CreateActivity", ("name", "work"));
        var machine = await bench.CreateAsync("m", Waits);
        var started = bench.StartAsync(machine, Large, "x");
        await held!.Held;

        Assert.Equal(new PayloadSweep(1, 0), await SweepAsync(bench));
        held.Release();
        await started;

        Assert.Equal(new PayloadSweep(1, 0), await SweepAsync(bench));
    }

    [Fact]
    public async Task What_a_killed_kernel_left_without_a_commit_is_swept()
    {
        CutStore? cut = null;
        await using (var bench = WorkflowBench.Open(
            Path, new FunctionBook(), store => cut = new CutStore(store, 1, isKept: false)))
        {
            await bench.CallAsync("CreateActivity", ("name", "work"));
            var machine = await bench.CreateAsync("m", Waits);
            _ = bench.StartAsync(machine, Large, "x");
            await cut!.Cut;
            // On disk before the commit that refers to it.
            Assert.Single(Files());
        }

        await using var next = WorkflowBench.Open(Path, new FunctionBook());
        Assert.Equal(new PayloadSweep(0, 1), await SweepAsync(next));
    }

    [Fact]
    public async Task As_at_AWS_when_the_limit_is_that_of_AWS()
    {
        var functions = new FunctionBook().With("big", (_, _) => TaskOutcome.Done(new string('x', 262_143)));
        await using var bench = WorkflowBench.Open(Path, functions, payloadMax: ExecutionLimits.PayloadBytesMax);
        var machine = await bench.CreateAsync("m", """
            {"StartAt":"A","States":{"A":{"Type":"Task","End":true,
             "Resource":"arn:aws:lambda:us-east-1:000000000000:function:big"}}}
            """);

        var end = await bench.EndAsync(await bench.StartAsync(machine));
        Assert.Equal("States.DataLimitExceeded", end["error"].AsString());
        var refused = await bench.AskAsync("StartExecution", ("stateMachineArn", machine), ("input", Large));
        Assert.Equal("ValidationException", refused.Error);
    }

    [Fact]
    public async Task A_store_of_payloads_that_has_no_room_refuses_and_what_runs_waits_for_it()
    {
        var full = new FullStore(FilePayloadStore.Open(Blobs));
        await using var bench = WorkflowBench.Open(Path, new FunctionBook(), payloads: full);
        await bench.CallAsync("CreateActivity", ("name", "work"));
        var machine = await bench.CreateAsync("m", Waits);
        full.IsFull = true;
        var refused = await bench.AskAsync("StartExecution", ("stateMachineArn", machine), ("input", Large));
        Assert.Equal("ServiceUnavailable", refused.Error);
        var execution = await bench.StartAsync(machine, """{"n":1}""");
        var task = await bench.CallAsync("GetActivityTask", ("activityArn", Work));
        var told = bench.AskAsync("SendTaskSuccess", ("taskToken", task["taskToken"]), ("output", Large));
        await full.Refused;
        Assert.Equal("ServiceUnavailable", (await told).Error);
        full.IsFull = false;
        await bench.CallAsync("SendTaskSuccess", ("taskToken", task["taskToken"]), ("output", Large));

        Assert.Equal("SUCCEEDED", (await bench.EndAsync(execution))["status"].AsString());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task<string> StartWaitingAsync(WorkflowBench bench)
    {
        await bench.CallAsync("CreateActivity", ("name", "work"));
        var machine = await bench.CreateAsync("m", Waits);
        return await bench.StartAsync(machine, Large, "x");
    }

    private static Task<PayloadSweep> SweepAsync(WorkflowBench bench) =>
        bench.Payloads.SweepAsync(TestContext.Current.CancellationToken);

    private static Task ForgetAsync(WorkflowBench bench, long key)
    {
        TaskCompletionSource done = new();
        bench.Store.Write(new ExecutionStoreChange { Forget = [key] }, (JournalStoreException? _) => done.SetResult());
        return done.Task;
    }

    private static string DigestOf(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private string[] Files() => Directory.GetFiles(Blobs, "*", SearchOption.AllDirectories);
}
