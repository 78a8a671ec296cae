using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Bench.Kernel;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Sqlite;

namespace Analemma.Bench.Workflow;

/// <summary>
/// Executions of a hundred durable steps, one and a hundred at once, beside the same store written to with nothing
/// around it. A step is a task that the kernel itself answers at once: the engine decides, commits, acts, and is told.
/// </summary>
internal sealed class WorkflowsBench(BenchReport report, string repository, bool quick)
{
    private const int Steps = 100;
    private const int AtOnce = 100;
    private const double StepGoal = 1.3;

    // Closed where it is used: what comes after a state differs.
    private const string Asks =
        """{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:sfn:listActivities","Parameters":{}""";

    private readonly int _rounds = quick ? 3 : 10;

    public void Run() => RunAsync().GetAwaiter().GetResult();

    private async Task RunAsync()
    {
        var single = await CommitsAsync(1);
        var grouped = await CommitsAsync(AtOnce);
        report.Add(new BenchRow("workflows", "store, one writer", single, "commits/s"));
        report.Add(new BenchRow("workflows", "store, 100 writers", grouped, "commits/s"));
        using var kernel = BenchKernel.Start(repository, "--pool.created=0", "--pool.preloaded=0");
        var durable = await CreateAsync(kernel, "durable", Asks);
        var states = await CreateAsync(kernel, "states", """{"Type":"Pass" """);
        await StepsAsync(kernel, durable, 1, 2);
        var one = await StepsAsync(kernel, durable, 1, _rounds);
        report.Add(new BenchRow("workflows", "durable steps, 1 execution", one, "steps/s") { Reference = single });
        report.Add(new BenchRow("workflows", "durable step, 1 execution", 1e6 / one, "us")
        {
            Reference = 1e6 / single,
            Goal = "<= 1.3 x",
            Met = single / one <= StepGoal,
        });
        var many = await StepsAsync(kernel, durable, AtOnce, _rounds * 2);
        report.Add(new BenchRow("workflows", "durable steps, 100 executions", many, "steps/s") { Reference = grouped });
        var free = await StepsAsync(kernel, states, AtOnce, _rounds * 2);
        report.Add(new BenchRow("workflows", "states that want nothing, 100 executions", free, "states/s"));
    }

    private static async Task<string> CreateAsync(BenchKernel kernel, string name, string state)
    {
        StringBuilder definition = new("""{"StartAt":"S1","States":{""");
        for (var step = 1; step <= Steps; step++)
        {
            var next = step < Steps ? $"\"Next\":\"S{step + 1}\"" : "\"End\":true";
            var end = step < Steps ? "," : "}}";
            definition.Append(CultureInfo.InvariantCulture, $"\"S{step}\":{state},{next}}}{end}");
        }

        var made = await AskAsync(kernel, "CreateStateMachine", new JsonObject
        {
            ["name"] = name,
            ["type"] = "EXPRESS",
            ["roleArn"] = "arn:aws:iam::000000000000:role/bench",
            ["definition"] = definition.ToString(),
        });
        return made.GetProperty("stateMachineArn").GetString()!;
    }

    /// <summary>Steps a second of executions one after the other, so many at once.</summary>
    private static async Task<double> StepsAsync(BenchKernel kernel, string machine, int atOnce, int rounds)
    {
        HostLoad.WaitForQuiet();
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(async _ =>
        {
            for (var round = 0; round < rounds; round++)
            {
                var end = await AskAsync(
                    kernel, "StartSyncExecution", new JsonObject { ["stateMachineArn"] = machine, ["input"] = "{}" });
                if (end.GetProperty("status").GetString() != "SUCCEEDED")
                {
                    throw new BenchException($"an execution ended otherwise: {end}");
                }
            }
        }));
        return (double)Steps * atOnce * rounds / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static Task<JsonElement> AskAsync(BenchKernel kernel, string operation, JsonObject input)
    {
        using var request = JsonDocument.Parse(input.ToJsonString());
        return kernel.Client.WorkflowCallAsync(operation, request.RootElement.Clone());
    }

    /// <summary>Commits a second of a record as a step writes one, by so many who each wait for theirs.</summary>
    private async Task<double> CommitsAsync(int writers)
    {
        var path = Path.Combine(BenchKernel.Folder, $"store-{writers}.db");
        using var store = SqliteExecutionStore.Open(path);
        store.GrowLog();
        var commits = (quick ? 2_000 : 10_000) / (writers == 1 ? 2 : 1);
        var body = new byte[300];
        HostLoad.WaitForQuiet();
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(1, writers).Select(async writer =>
        {
            var last = JournalPosition.Beginning;
            ExecutionStanding standing = new(0, null, null);
            StoredExecution execution = new(writer, $"arn:{writer}", "m", 0, body, standing);
            for (var n = 0; n < commits / writers; n++)
            {
                var record = HashChain.Next(last, new JournalEntry("step", body, 0));
                last = record.Position;
                TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
                store.Write(
                    new ExecutionStoreChange { Key = writer, Begins = n == 0 ? execution : null, Records = [record] },
                    failure => done.SetResult());
                await done.Task;
            }
        }));
        return commits / writers * writers / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}
