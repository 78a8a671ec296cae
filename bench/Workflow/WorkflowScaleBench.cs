using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Analemma.Bench.Kernel;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Sqlite;

namespace Analemma.Bench.Workflow;

/// <summary>
/// Many executions: what one that waits costs in memory, how soon a kernel that was killed with ten thousand of them
/// is there again, and whether a start notices a million that have ended.
/// </summary>
internal sealed class WorkflowScaleBench(BenchReport report, string repository, bool quick)
{
    private const double MemoryGoalKiB = 4;
    private const double RestartGoalMs = 2000;
    private const double StartGoal = 1.1;
    private const int AtOnce = 100;
    private const int StartsAtOnce = 4;

    private const string Waits =
        """{"StartAt":"Wait","States":{"Wait":{"Type":"Wait","Seconds":86400,"End":true}}}""";

    private const string Passes = """{"StartAt":"Pass","States":{"Pass":{"Type":"Pass","End":true}}}""";

    private readonly int _waiting = quick ? 2_000 : 10_000;
    private readonly int _ended = quick ? 50_000 : 1_000_000;
    private readonly int _starts = quick ? 500 : 4_000;

    private static string Database => Path.Combine(BenchKernel.StateFolder, "workflows.db");

    public void Run() => RunAsync().GetAwaiter().GetResult();

    private async Task RunAsync()
    {
        var kernel = Start();
        var passes = await CreateAsync(kernel, "passes", Passes);
        var waits = await CreateAsync(kernel, "waits", Waits);
        await StartsAsync(kernel, passes, _starts);
        kernel.WaitForTrim();
        var few = await StartsAsync(kernel, passes, _starts);
        kernel.WaitForTrim();
        var before = kernel.ResidentBytes();
        await ManyAsync(kernel, waits, _waiting);
        kernel.WaitForTrim();
        var each = (kernel.ResidentBytes() - before) / 1024.0 / _waiting;
        Add($"memory of a waiting execution, {_waiting} of them", each, "KiB", MemoryGoalKiB);
        kernel.Kill();
        kernel = Start();
        await CountOpenAsync(kernel, waits);
        Add(
            $"kernel start with {_waiting} open executions, after a kill",
            kernel.StartTime.TotalMilliseconds, "ms", RestartGoalMs);
        kernel.Kill();
        var began = Stopwatch.GetTimestamp();
        Generate(passes);
        Console.Error.WriteLine($"{_ended} executions written in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s");
        kernel = Start();
        await StartsAsync(kernel, passes, _starts);
        kernel.WaitForTrim();
        var many = await StartsAsync(kernel, passes, _starts);
        report.Add(new BenchRow("workflows", $"StartExecution beside {_ended} that have ended, p50", many.P50, "us")
        {
            Reference = few.P50,
            Goal = "1.1 x",
            Met = many.P50 <= StartGoal * few.P50,
        });
        kernel.Dispose();
    }

    private BenchKernel Start() => BenchKernel.Start(repository, "--pool.created=0", "--pool.preloaded=0");

    private void Add(string name, double value, string unit, double goal) =>
        report.Add(new BenchRow("workflows", name, value, unit)
        {
            Goal = string.Create(CultureInfo.InvariantCulture, $"{goal}"),
            Met = value <= goal,
        });

    private static async Task<string> CreateAsync(BenchKernel kernel, string name, string definition)
    {
        var made = await WorkflowsBench.AskAsync(kernel, "CreateStateMachine", new JsonObject
        {
            ["name"] = name,
            ["roleArn"] = "arn:aws:iam::000000000000:role/bench",
            ["definition"] = definition,
        });
        return made.GetProperty("stateMachineArn").GetString()!;
    }

    private static Task<System.Text.Json.JsonElement> StartAsync(BenchKernel kernel, string machine) =>
        WorkflowsBench.AskAsync(
            kernel, "StartExecution", new JsonObject { ["stateMachineArn"] = machine, ["input"] = "{}" });

    private static async Task ManyAsync(BenchKernel kernel, string machine, int count)
    {
        var left = count;
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(async _ =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await StartAsync(kernel, machine);
            }
        }));
    }

    /// <summary>How long a start takes, with few at once.</summary>
    private static async Task<Latency> StartsAsync(BenchKernel kernel, string machine, int count)
    {
        HostLoad.WaitForQuiet();
        var all = await Task.WhenAll(Enumerable.Range(0, StartsAtOnce).Select(async _ =>
        {
            List<double> took = [];
            for (var i = 0; i < count / StartsAtOnce; i++)
            {
                var began = Stopwatch.GetTimestamp();
                await StartAsync(kernel, machine);
                took.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
            }

            return took;
        }));
        return Latency.Of([.. all.SelectMany(took => took)]);
    }

    private async Task CountOpenAsync(BenchKernel kernel, string machine)
    {
        var found = 0;
        string? next = null;
        do
        {
            JsonObject input = new()
            {
                ["stateMachineArn"] = machine,
                ["statusFilter"] = "RUNNING",
                ["maxResults"] = 1000,
            };
            if (next is not null)
            {
                input["nextToken"] = next;
            }

            var page = await WorkflowsBench.AskAsync(kernel, "ListExecutions", input);
            found += page.GetProperty("executions").GetArrayLength();
            next = page.TryGetProperty("nextToken", out var token) ? token.GetString() : null;
        }
        while (next is not null);
        if (found != _waiting)
        {
            throw new BenchException($"{found} of {_waiting} executions are there after the kill");
        }
    }

    /// <summary>Copies one that has ended, as the kernel wrote it, under names as the kernel gives them.</summary>
    private void Generate(string machine)
    {
        using var store = SqliteExecutionStore.Open(Database);
        var model = store.List(new ExecutionQuery { Machine = machine, Max = 1 })[0];
        var records = store.Records(model.Key);
        var key = store.LastKey;
        var prefix = model.Arn[..(model.Arn.LastIndexOf(':') + 1)];
        var at = new DateTimeOffset(model.StartedTicks, TimeSpan.Zero).AddMilliseconds(-_ended);
        using CountdownEvent left = new(_ended);
        using SemaphoreSlim room = new(20_000);
        for (var i = 0; i < _ended; i++)
        {
            room.Wait();
            key++;
            at = at.AddMilliseconds(1);
            var last = JournalPosition.Beginning;
            List<JournalRecord> own = [];
            foreach (var record in records)
            {
                own.Add(HashChain.Next(last, new JournalEntry(record.Type, record.Body, record.Ticks)));
                last = own[^1].Position;
            }

            store.Write(
                new ExecutionStoreChange
                {
                    Key = key,
                    Begins = model with { Key = key, Arn = $"{prefix}{Guid.CreateVersion7(at)}" },
                    Records = own,
                },
                failure =>
                {
                    room.Release();
                    left.Signal();
                });
        }

        left.Wait();
    }
}
