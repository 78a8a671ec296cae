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
/// Executions of a hundred durable steps, one and a hundred at once: steps that run code in another process beside
/// those of Restate and DBOS, steps that the kernel itself answers beside the same store written to with nothing around
/// it, and states that want nothing beside an interpreter that keeps nothing.
/// </summary>
/// <param name="report">Takes the rows.</param>
/// <param name="repository">Where the programs of the others are.</param>
/// <param name="quick">Fewer rounds.</param>
/// <param name="parts">Which of store, engine, states, peers, python, node and executions.</param>
internal sealed class WorkflowsBench(BenchReport report, string repository, bool quick, BenchParts parts)
{
    private const int Steps = 100;
    private const int AtOnce = 100;
    private const double StepGoal = 1.3;
    private const double OneGoal = 2;
    private const double ManyGoal = 5;

    // Closed where it is used: what comes after a state differs.
    private const string Asks =
        """{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:sfn:listActivities","Parameters":{}""";

    private const string Calls =
        """{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:000000000000:function:NAME" """;

    private static readonly (string Runtime, string Source)[] Functions =
    [
        ("node", "exports.handler = async (event) => ({ n: event.n + 1 });"),
        ("python", "def handler(event, context):\n    return {'n': event['n'] + 1}"),
    ];

    private readonly int _rounds = quick ? 3 : 10;
    private readonly BenchParts _parts =
        parts.Of("store", "engine", "states", "peers", "python", "node", "executions");

    public void Run()
    {
        RunAsync().GetAwaiter().GetResult();
        if (Has("executions"))
        {
            new WorkflowScaleBench(report, repository, quick).Run();
        }
    }

    private bool Has(string part) => _parts.Has(part);

    private async Task RunAsync()
    {
        double? single = null;
        double? grouped = null;
        if (Has("store"))
        {
            single = await CommitsAsync(1);
            grouped = await CommitsAsync(AtOnce);
            report.Add(new BenchRow("workflows", "store, one writer", single.Value, "commits/s"));
            report.Add(new BenchRow("workflows", "store, 100 writers", grouped.Value, "commits/s"));
        }

        using var kernel = BenchKernel.Start(repository);
        if (Has("engine"))
        {
            await EngineAsync(kernel, single, grouped);
        }

        WorkflowPeers? peers = Has("peers") ? new(repository, Steps, AtOnce, quick) : null;
        if (Has("states"))
        {
            await StatesAsync(kernel, peers);
        }

        await FunctionsAsync(kernel, peers);
    }

    private async Task EngineAsync(BenchKernel kernel, double? single, double? grouped)
    {
        var durable = await CreateAsync(kernel, "durable", Asks);
        await WarmAsync(kernel, durable);
        var one = await StepsAsync(kernel, durable, 1, _rounds * 3);
        report.Add(new BenchRow("workflows", "engine steps, 1 execution", one.PerSecond, "steps/s")
        {
            Reference = single,
        });
        report.Add(new BenchRow("workflows", "engine step, 1 execution", 1e6 / one.PerSecond, "us")
        {
            Reference = 1e6 / single,
            Goal = "1.3 x",
            Met = single is { } commits ? commits / one.PerSecond <= StepGoal : null,
        });
        report.Add(new BenchRow("workflows", "engine step, 1 execution, processor", one.CpuMicros, "us"));
        var many = await StepsAsync(kernel, durable, AtOnce, _rounds * 2);
        report.Add(new BenchRow("workflows", "engine steps, 100 executions", many.PerSecond, "steps/s")
        {
            Reference = grouped,
        });
        report.Add(new BenchRow("workflows", "engine step, 100 executions, processor", many.CpuMicros, "us"));
    }

    private async Task StatesAsync(BenchKernel kernel, WorkflowPeers? peers)
    {
        const string Pass = """{"Type":"Pass" """;
        var machine = await CreateAsync(kernel, "states", Pass);
        await WarmAsync(kernel, machine);
        var one = await StepsAsync(kernel, machine, 1, _rounds * 10);
        var many = await StepsAsync(kernel, machine, AtOnce, _rounds * 2);
        var reference = peers?.Interpreter(Definition(Pass));
        report.Add(new BenchRow("workflows", "states, 1 execution, durable", one.PerSecond, "states/s")
        {
            Reference = reference?.One,
        });
        report.Add(new BenchRow("workflows", "states, 100 executions, durable", many.PerSecond, "states/s")
        {
            Reference = reference?.Many,
        });
    }

    private async Task FunctionsAsync(BenchKernel kernel, WorkflowPeers? peers)
    {
        var restate = peers?.Restate();
        var dbos = peers?.Dbos();
        foreach (var (name, rates) in new[] { ("Restate", restate), ("DBOS", dbos) })
        {
            if (rates is not null)
            {
                report.Add(new BenchRow("workflows", $"{name}, run steps, 1 execution", rates.One, "steps/s"));
                report.Add(new BenchRow("workflows", $"{name}, run steps, 100 executions", rates.Many, "steps/s"));
            }
        }

        double? bestOne = Best(restate?.One, dbos?.One);
        double? bestMany = Best(restate?.Many, dbos?.Many);
        foreach (var (runtime, source) in Functions.Where(each => Has(each.Runtime)))
        {
            var name = $"step-{runtime}";
            await AskAsync(kernel, "PutFunction", new JsonObject
            {
                ["name"] = name,
                ["runtime"] = runtime,
                ["source"] = source,
            });
            var machine = await CreateAsync(kernel, name, Calls.Replace("NAME", name, StringComparison.Ordinal));
            await WarmAsync(kernel, machine);
            var one = await StepsAsync(kernel, machine, 1, _rounds * 2);
            report.Add(Judged($"function steps, {runtime}, 1 execution", one, bestOne, OneGoal));
            var many = await StepsAsync(kernel, machine, AtOnce, _rounds);
            report.Add(Judged($"function steps, {runtime}, 100 executions", many, bestMany, ManyGoal));
            report.Add(new BenchRow(
                "workflows", $"function step, {runtime}, 100 executions, processor", many.CpuMicros, "us"));
        }
    }

    private static double? Best(double? one, double? other) =>
        one is { } a && other is { } b ? Math.Max(a, b) : one ?? other;

    private static BenchRow Judged(string name, Measured measured, double? best, double goal) =>
        new("workflows", name, measured.PerSecond, "steps/s")
        {
            Reference = best,
            Goal = string.Create(CultureInfo.InvariantCulture, $"{goal} x"),
            Met = best is { } reference ? measured.PerSecond >= goal * reference : null,
        };

    private static async Task<string> CreateAsync(BenchKernel kernel, string name, string state)
    {
        var made = await AskAsync(kernel, "CreateStateMachine", new JsonObject
        {
            ["name"] = name,
            ["type"] = "EXPRESS",
            ["roleArn"] = "arn:aws:iam::000000000000:role/bench",
            ["definition"] = Definition(state),
        });
        return made.GetProperty("stateMachineArn").GetString()!;
    }

    private static string Definition(string state)
    {
        StringBuilder definition = new("""{"StartAt":"S1","States":{""");
        for (var step = 1; step <= Steps; step++)
        {
            var next = step < Steps ? $"\"Next\":\"S{step + 1}\"" : "\"End\":true";
            var end = step < Steps ? "," : "}}";
            definition.Append(CultureInfo.InvariantCulture, $"\"S{step}\":{state},{next}}}{end}");
        }

        return definition.ToString();
    }

    /// <summary>Until what runs often is compiled as well as it will be; the others have a round for it.</summary>
    private async Task WarmAsync(BenchKernel kernel, string machine)
    {
        var began = Stopwatch.GetTimestamp();
        do
        {
            await ExecuteAsync(kernel, machine, AtOnce, 1);
        }
        while (Stopwatch.GetElapsedTime(began).TotalSeconds < (quick ? 4 : 8));
    }

    /// <summary>Steps a second of executions one after the other, so many at once.</summary>
    private static async Task<Measured> StepsAsync(BenchKernel kernel, string machine, int atOnce, int rounds)
    {
        HostLoad.WaitForQuiet();
        var cpu = kernel.ProcessorTime();
        var began = Stopwatch.GetTimestamp();
        await ExecuteAsync(kernel, machine, atOnce, rounds);
        var steps = (double)Steps * atOnce * rounds;
        var took = Stopwatch.GetElapsedTime(began);
        return new Measured(steps / took.TotalSeconds, (kernel.ProcessorTime() - cpu).TotalMicroseconds / steps);
    }

    private static Task ExecuteAsync(BenchKernel kernel, string machine, int atOnce, int rounds) =>
        Task.WhenAll(Enumerable.Range(0, atOnce).Select(async _ =>
        {
            for (var round = 0; round < rounds; round++)
            {
                var end = await AskAsync(
                    kernel,
                    "StartSyncExecution",
                    new JsonObject { ["stateMachineArn"] = machine, ["input"] = """{"n":0}""" });
                if (end.GetProperty("status").GetString() != "SUCCEEDED")
                {
                    throw new BenchException($"an execution ended otherwise: {end}");
                }
            }
        }));

    internal static Task<JsonElement> AskAsync(BenchKernel kernel, string operation, JsonObject input)
    {
        using var request = JsonDocument.Parse(input.ToJsonString());
        return kernel.Client.WorkflowCallAsync(operation, request.RootElement.Clone());
    }

    /// <summary>Commits a second of a record as a step writes one, by so many who each wait for theirs.</summary>
    private async Task<double> CommitsAsync(int writers)
    {
        var path = Path.Combine(BenchKernel.Folder, $"store-{writers}.db");
        using var store = SqliteExecutionStore.Open(path);
        store.Ready();
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

    /// <param name="PerSecond">Steps.</param>
    /// <param name="CpuMicros">Of the kernel, a step: it hardly depends on what else the host does.</param>
    private sealed record Measured(double PerSecond, double CpuMicros);
}
