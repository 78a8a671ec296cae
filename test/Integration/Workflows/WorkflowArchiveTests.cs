using Analemma.Daemon.Boot;
using Analemma.Daemon.Configuration;
using Analemma.Daemon.Runners;
using Analemma.Daemon.Workflows;
using Analemma.Daemon.Workflows.Archives;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Integration.Tests.Storage;
using Analemma.Integration.Tests.Storage.Executions;
using Analemma.Integration.Tests.Workflows.Crash;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Storage.Sqlite;
using Analemma.Unit.Tests.Daemon.Workflows;
using Microsoft.Extensions.Logging.Abstractions;

namespace Analemma.Integration.Tests.Workflows;

/// <summary>Histories of workflows are checked, taken away, brought back, made small and forgotten.</summary>
public sealed class WorkflowArchiveTests : IDisposable
{
    private const string Execution = "arn:aws:states:us-east-1:000000000000:execution:m:x";

    private const StringComparison Kind = StringComparison.Ordinal;

    private readonly JournalDirectory _directory = new();

    private string Archive => _directory.PathOf("workflows.jsonl");

    [Fact]
    public async Task What_was_exported_and_imported_is_the_same_and_goes_on()
    {
        var (options, place) = await RunAsync("two children");
        var exported = WorkflowJournal.Export(options, Archive);
        Assert.Equal((3, true), (exported.Executions, exported.Records > 6));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Archive));

        // On another host, where no kernel has run.
        WorkflowOptions other = new() { Path = Path.Combine(_directory.PathOf("other"), "workflows.db") };
        var imported = WorkflowJournal.Import(other, Archive, TimeProvider.System);
        Assert.Equal(exported, imported);
        Assert.Equal(Contents(options), Contents(other));
        StringWriter check = new();
        Assert.Equal(0, JournalCheckup.Print(_directory.PathOf("no-journal.db"), other, check));
        Assert.Contains("\"executions\":3", check.ToString(), Kind);
        await using var bench = WorkflowBench.Over(
            SqliteExecutionStore.Open(other.Path), place.Database, WorkflowBook.Functions());
        Assert.Equal("SUCCEEDED", (await bench.EndAsync(Execution))["status"].AsString());
        var machine = Execution.Replace(":execution:", ":stateMachine:", StringComparison.Ordinal)[..^2];
        Assert.Equal(
            "SUCCEEDED", (await bench.EndAsync(await bench.StartAsync(machine, name: "again")))["status"].AsString());
    }

    [Fact]
    public async Task A_file_that_was_cut_off_or_changed_is_refused_with_its_line_and_nothing_is_taken()
    {
        var (options, _) = await RunAsync("three tasks");
        WorkflowJournal.Export(options, Archive);
        var lines = await File.ReadAllLinesAsync(Archive, TestContext.Current.CancellationToken);
        var record = Array.FindLastIndex(lines, line => line.StartsWith("{\"record\"", StringComparison.Ordinal));
        (string Change, int Line, string Words)[] cases =
        [
            (string.Join('\n', lines[..^1]), lines.Length, "cut off"),
            (string.Join('\n', [.. lines[..record], .. lines[(record + 1)..]]), record + 1, "records"),
            (string.Join('\n', lines).Replace("function:double", "function:triple", Kind), 0, "corrupt"),
            ("{}", 1, "format"),
            ("", 1, "empty"),
            (lines[0] + "\n{\"execution\":7}", 2, "must be"),
            (lines[0] + "\n[", 2, "JSON"),
        ];
        foreach (var (change, line, words) in cases)
        {
            var damaged = _directory.PathOf("damaged.jsonl");
            await File.WriteAllTextAsync(damaged, change, TestContext.Current.CancellationToken);
            WorkflowOptions other = new() { Path = _directory.PathOf("other.db") };
            var refused = Assert.Throws<ArchiveException>(
                () => WorkflowJournal.Import(other, damaged, TimeProvider.System));
            Assert.Contains(words, refused.Message, StringComparison.Ordinal);
            Assert.True(line == 0 || line == refused.Line, $"{words}: line {refused.Line}, not {line}");
            Assert.False(File.Exists(other.Path));
        }
    }

    [Fact]
    public async Task An_import_into_a_store_with_executions_is_refused()
    {
        var (options, _) = await RunAsync("passes");
        WorkflowJournal.Export(options, Archive);
        Assert.Throws<JournalStoreException>(() => WorkflowJournal.Import(options, Archive, TimeProvider.System));
        Assert.Throws<IOException>(() => WorkflowJournal.Export(options, Archive));
    }

    [Fact]
    public void Where_there_is_no_journal_none_is_made_small()
    {
        var request = MachineOptions.Load(
            ["--compact-journal", $"--kernel.state_folder={_directory.PathOf("none")}"],
            new Dictionary<string, string>(),
            root: false);
        var refused = Assert.Throws<JournalStoreException>(() => JournalUpkeep.Compact(request, TextWriter.Null));
        Assert.Contains("there is no journal", refused.Message, Kind);
    }

    [Fact]
    public async Task Damage_is_told_with_the_execution_and_the_event_also_beside_a_kernel()
    {
        var (options, place) = await RunAsync("three tasks");
        Assert.Empty(WorkflowJournal.Verify(options).Damaged);
        using (SqliteExecutionStore.Open(options.Path))
        {
            var beside = WorkflowJournal.Verify(options);
            Assert.Equal((1, true), (beside.Executions, beside.Records > 3));
        }

        SqliteCompaction.Compact(place.Database);
        var bytes = await File.ReadAllBytesAsync(place.Database, TestContext.Current.CancellationToken);
        var at = bytes.AsSpan().LastIndexOf("\"succeeded\""u8);
        bytes[at + 2] ^= 1;
        await File.WriteAllBytesAsync(place.Database, bytes, TestContext.Current.CancellationToken);
        var damaged = Assert.Single(WorkflowJournal.Verify(options).Damaged);
        Assert.Equal((Execution, "hash"), (damaged.Execution, damaged.Damage.What));
        Assert.InRange(damaged.Event, 2, 20);
        var refused = Assert.Throws<ArchiveException>(() => WorkflowJournal.Export(options, Archive));
        Assert.StartsWith($"{Execution}: journal record", refused.Message, Kind);
        Assert.False(File.Exists(Archive));
    }

    [Fact]
    public async Task What_ended_long_ago_is_forgotten_in_batches_and_compaction_gives_its_room_back()
    {
        var path = _directory.PathOf("many.db");
        using (var store = SqliteExecutionStore.Open(path))
        {
            var day = TimeSpan.TicksPerDay;
            for (var key = 1; key <= 2 * RetentionSweeps.BatchMax + 30; key++)
            {
                var ended = WorkflowBench.Start.UtcTicks - (key % 10 == 0 ? day : 91 * day);
                await store.KeepAsync(new ExecutionStoreChange
                {
                    Key = key,
                    Begins = Chains.Execution(key, $"e{key}") with
                    {
                        Standing = key == 1
                            ? new ExecutionStanding(0, null, null) : Chains.Ended(1, ended),
                    },
                    Records = Chains.Of(new byte[2000]),
                });
            }

            await using BackgroundTasks background = new(_ => { }, NullLogger.Instance);
            using RetentionSweeps sweeps = new(
                store, TimeSpan.FromDays(90), background, new StillClock(), NullLogger.Instance);
            Assert.Equal(206, await sweeps.SweepAsync(TestContext.Current.CancellationToken));
            Assert.Equal(0, await sweeps.SweepAsync(TestContext.Current.CancellationToken));
            Assert.Equal(24, store.List(new ExecutionQuery { Max = 1000 }).Count);
            Assert.Single(store.Open());
            Assert.Throws<JournalStoreException>(() => SqliteCompaction.Compact(path));
        }

        var compacted = SqliteCompaction.Compact(path);
        Assert.True(compacted.BytesAfter < compacted.BytesBefore / 3, $"{compacted}");
        using var again = SqliteExecutionStore.Open(path);
        Assert.Equal(24, ExecutionVerifier.Verify(again, null).Executions);
    }

    public void Dispose() => _directory.Dispose();

    private async Task<(WorkflowOptions Options, CrashPlace Place)> RunAsync(string workflow)
    {
        CrashPlace place = new(Directory.CreateDirectory(_directory.PathOf("run")).FullName, "");
        await using var bench = await CrashChild.RunAsync(place, workflow);
        return (new WorkflowOptions { Path = place.Database }, place);
    }

    private static string Contents(WorkflowOptions options)
    {
        using var store = ExecutionStores.OpenToRead(options);
        return string.Join('\n', ExecutionVerifier.All(store).Select(each =>
            $"{each.Key} {each.Arn} {each.Machine} {each.Run} {each.Standing.Status} {each.Standing.EndedTicks} "
            + $"{Convert.ToHexString(each.Head)} {each.Last}"));
    }

    private sealed class StillClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => WorkflowBench.Start;
    }
}
