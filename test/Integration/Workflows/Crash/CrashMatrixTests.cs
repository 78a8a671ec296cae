using System.Globalization;
using Analemma.Integration.Tests.Storage.Executions;
using Analemma.Journal.Executions;
using Analemma.Unit.Tests.Daemon.Workflows;
using Analemma.Workflow.Json;

namespace Analemma.Integration.Tests.Workflows.Crash;

/// <summary>
/// Each workflow of workflows.json, its process killed with SIGKILL at each of its commits in turn, once before the
/// commit and once when it is durable and nobody has heard: the next process brings it to the same end as a run that
/// nothing disturbed, with the same history. No attempt of a task that was journaled as ended runs again, none is lost,
/// and those that were under way run at most twice. A few workflows by default; with ANALEMMA_CRASH_MATRIX=all, every
/// one (some 30 minutes).
/// </summary>
public sealed class CrashMatrixTests : IDisposable
{
    private const string Execution = "arn:aws:states:us-east-1:000000000000:execution:m:x";

    private static readonly string[] Few = ["parallel tasks", "child"];

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-crash-").FullName;

    public static TheoryData<string> Names =>
    [
        .. Environment.GetEnvironmentVariable("ANALEMMA_CRASH_MATRIX") == "all"
            ? WorkflowBook.Definitions().Names.ToArray() : Few,
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_killed_process_loses_and_doubles_nothing_on_SQLite(string workflow) =>
        EnumerateAsync(workflow, () => "");

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_killed_process_loses_and_doubles_nothing_on_PostgreSQL(string workflow) =>
        EnumerateAsync(workflow, PostgresClusters.Shared.NewStore);

    /// <summary>Each commit has a snapshot, and each process begins from one.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public Task A_killed_process_loses_and_doubles_nothing_from_snapshots_on_SQLite(string workflow) =>
        EnumerateAsync(workflow, () => "", snapshots: true);

    [Theory]
    [MemberData(nameof(Names))]
    public Task A_killed_process_loses_and_doubles_nothing_from_snapshots_on_PostgreSQL(string workflow) =>
        EnumerateAsync(workflow, PostgresClusters.Shared.NewStore, snapshots: true);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task EnumerateAsync(string workflow, Func<string> newStore, bool snapshots = false)
    {
        var expected = await UndisturbedAsync(workflow, Place("undisturbed", newStore(), snapshots));
        var kills = 0;
        foreach (var isKept in (bool[])[false, true])
        {
            for (var killAt = 1; ; killAt++)
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{killAt}-{(isKept ? "kept" : "lost")}");
                var place = Place(name, newStore(), snapshots);
                if (!await CrashChild.RunAsync(place, workflow, killAt, isKept))
                {
                    break;
                }

                kills++;
                var outcome = await RecoverAsync(place);
                Assert.True(expected.Matches(outcome), $"{workflow}, killed at {name}:\n{expected}\n{outcome}");
                Directory.Delete(place.Folder, recursive: true);
            }
        }

        Assert.True(kills >= 2, "nothing was ever killed");
        TestContext.Current.SendDiagnosticMessage("{0}: {1} kills", workflow, kills);
        if (Environment.GetEnvironmentVariable("ANALEMMA_CRASH_MATRIX_LOG") is { } log)
        {
            await File.AppendAllTextAsync(log, $"{workflow}: {kills} kills\n", TestContext.Current.CancellationToken);
        }
    }

    private CrashPlace Place(string name, string store, bool snapshots)
    {
        CrashPlace place = new(Path.Combine(_folder, name), store, snapshots);
        Directory.CreateDirectory(place.Folder);
        File.WriteAllText(place.Effects, "");
        return place;
    }

    private static async Task<CrashOutcome> UndisturbedAsync(string workflow, CrashPlace place)
    {
        await using var bench = await CrashChild.RunAsync(place, workflow);
        return await OutcomeAsync(bench, place);
    }

    private static async Task<CrashOutcome> RecoverAsync(CrashPlace place)
    {
        HashSet<string> ended = [];
        using (var store = place.Open())
        {
            foreach (var each in store.List(new ExecutionQuery { Max = 1000 }))
            {
                ended.UnionWith(store.Records(each.Key)
                    .Select(record => EndedTask(each.Arn, record.Body)).OfType<string>());
            }
        }

        var before = await File.ReadAllLinesAsync(place.Effects, TestContext.Current.CancellationToken);
        await using var bench = CrashChild.Bench(place);
        if (bench.Store.Find(Execution) is null)
        {
            // The kill came before anybody was told that it had started: who asked asks again.
            var machine = Execution.Replace(":execution:", ":stateMachine:", StringComparison.Ordinal)[..^2];
            await bench.StartAsync(machine, WorkflowBook.Input, "x");
        }

        await bench.EndAsync(Execution);
        var outcome = await OutcomeAsync(bench, place);
        Assert.DoesNotContain(outcome.Runs.Skip(before.Length), ended.Contains);
        return outcome;
    }

    /// <summary>The attempt of a task that a record tells the end of, as its effect is told by.</summary>
    private static string? EndedTask(string arn, ReadOnlyMemory<byte> body)
    {
        if (!body.Span.StartsWith("""{"e":"""u8))
        {
            // The middle of a large one.
            return null;
        }

        var @event = JsonValue.Parse(body.Span, JsonLimits.Widest)["e"];
        return @event["type"].AsString() is "succeeded" or "failed"
            ? $"{arn}/{@event["task"]}" : null;
    }

    private static async Task<CrashOutcome> OutcomeAsync(WorkflowBench bench, CrashPlace place)
    {
        var end = await bench.EndAsync(Execution);
        foreach (var open in bench.Store.Open())
        {
            await bench.EndAsync(open.Arn);
        }

        Assert.Empty(bench.Store.Open());
        Assert.Empty(bench.Panics);
        var types = await bench.HistoryAsync(Execution);
        return new CrashOutcome(
            $"{end["status"]} {end["output"]} {end["error"]} {end["cause"]}",
            [.. types.Order(StringComparer.Ordinal)],
            await File.ReadAllLinesAsync(place.Effects, TestContext.Current.CancellationToken));
    }
}

/// <summary>How a workflow ended, and what it did.</summary>
internal sealed record CrashOutcome(string End, IReadOnlyList<string> Types, IReadOnlyList<string> Runs)
{
    public bool Matches(CrashOutcome run) => End == run.End
        && Types.SequenceEqual(run.Types)
        && Attempts(this).SequenceEqual(Attempts(run))
        && run.Runs.CountBy(key => key).All(each => each.Value <= 2);

    public override string ToString() => $"{End}, runs {string.Join(' ', Runs)}: {string.Join(' ', Types)}";

    // As many of each execution: which branch or item is first to try again, and so the numbers, differ from run to
    // run. A distributed Map's items are executions with names of their own, new in each run.
    private static IEnumerable<string> Attempts(CrashOutcome run) => run.Runs.Distinct()
        .Select(key => key.Contains(":m/", StringComparison.Ordinal) ? "item" : key[..key.LastIndexOf('/')])
        .Order(StringComparer.Ordinal);
}
