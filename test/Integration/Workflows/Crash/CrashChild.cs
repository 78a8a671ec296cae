using System.Diagnostics;
using System.Globalization;
using Analemma.Journal.Executions;
using Analemma.Storage.Postgres;
using Analemma.Storage.Sqlite;
using Analemma.Unit.Tests.Daemon.Workflows;
using Analemma.Workflow.Hosting;

namespace Analemma.Integration.Tests.Workflows.Crash;

/// <summary>Where the workflows of one run are kept.</summary>
/// <param name="Folder">Its own.</param>
/// <param name="Postgres">The connection string; empty for a database in the folder.</param>
/// <param name="Snapshots">Whether each commit has a snapshot; else those that are due have.</param>
internal sealed record CrashPlace(string Folder, string Postgres, bool Snapshots = false)
{
    public string Effects => Path.Combine(Folder, "effects");

    public string Database => Path.Combine(Folder, "workflows.db");

    public IExecutionStore Open() => Postgres.Length > 0
        ? PostgresExecutionStore.Open(Postgres)
        : SqliteExecutionStore.Open(Database);
}

/// <summary>
/// The test program run again as a process with the workflow engine, which dies by SIGKILL at one commit. What its
/// functions do to the world are lines in a file.
/// </summary>
internal static class CrashChild
{
    private const string Variable = "ANALEMMA_TEST_CRASH_CHILD";

    private static readonly Lock Gate = new();

    public static bool IsAsked => Environment.GetEnvironmentVariable(Variable) is not null;

    /// <summary>Whether the process was killed, and did not end by itself.</summary>
    public static async Task<bool> RunAsync(CrashPlace place, string workflow, int killAt, bool isKept)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardError = true };
        start.Environment[Variable] = string.Join('\n',
            place.Folder, place.Postgres, workflow, killAt.ToString(CultureInfo.InvariantCulture), isKept ? "1" : "0",
            place.Snapshots ? "1" : "0");
        start.Environment["DOTNET_TieredPGO"] = "0";
        using var child = Process.Start(start)!;
        var errors = await child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(child.ExitCode is 0 or 128 + 9, $"the process ended with {child.ExitCode}: {errors}");
        return child.ExitCode != 0;
    }

    public static async Task BeAsync()
    {
        var told = Environment.GetEnvironmentVariable(Variable)!.Split('\n');
        CrashPlace place = new(told[0], told[1], told[5] == "1");
        await using var bench = await RunAsync(
            place, told[2], store => new KillingStore(
                store, int.Parse(told[3], CultureInfo.InvariantCulture), told[4] == "1"));
    }

    /// <summary>Runs a workflow to its end, from its beginning.</summary>
    public static async Task<WorkflowBench> RunAsync(
        CrashPlace place, string workflow, Func<IExecutionStore, IExecutionStore>? wrap = null)
    {
        var bench = Bench(place, wrap);
        await bench.CallAsync("CreateActivity", ("name", "nobody"));
        await bench.CreateAsync("child", WorkflowBook.Child);
        var machine = await bench.CreateAsync("m", WorkflowBook.Definitions()[workflow].ToString());
        await bench.EndAsync(await bench.StartAsync(machine, WorkflowBook.Input, "x"));
        return bench;
    }

    public static WorkflowBench Bench(CrashPlace place, Func<IExecutionStore, IExecutionStore>? wrap = null)
    {
        var store = place.Open();
        return WorkflowBench.Over(
            wrap is null ? store : wrap(store),
            place.Database,
            WorkflowBook.Functions(key =>
            {
                // Two that append at once would write over each other.
                lock (Gate)
                {
                    File.AppendAllText(place.Effects, key + "\n");
                }
            }),
            place.Snapshots ? new SnapshotRule(1, 0, 0) : null);
    }
}
