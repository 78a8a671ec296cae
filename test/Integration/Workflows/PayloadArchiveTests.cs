using System.Text;
using Analemma.Daemon.Workflows;
using Analemma.Daemon.Workflows.Archives;
using Analemma.Daemon.Workflows.Functions;
using Analemma.Daemon.Workflows.Payloads;
using Analemma.Integration.Tests.Storage;
using Analemma.Journal.Executions;
using Analemma.Storage.Sqlite;
using Analemma.Unit.Tests.Daemon.Workflows;

namespace Analemma.Integration.Tests.Workflows;

/// <summary>Archives have the large payloads of executions with them.</summary>
public sealed class PayloadArchiveTests : IDisposable
{
    private const string Pass = """{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}""";

    // More than one line of an archive has.
    private static readonly string Large = "\"" + new string('x', 2_000_000) + "\"";

    private readonly JournalDirectory _directory = new();

    private string Archive => _directory.PathOf("workflows.jsonl");

    [Fact]
    public async Task What_was_imported_has_its_payloads_also_after_a_sweep()
    {
        var (options, execution) = await RunAsync();
        var exported = WorkflowJournal.Export(options, Archive);
        Assert.Equal((1, 0), (exported.Payloads, exported.MissingPayloads));
        var lines = await File.ReadAllLinesAsync(Archive, TestContext.Current.CancellationToken);
        Assert.Equal(3, lines.Count(line => line.StartsWith("{\"payload\"", StringComparison.Ordinal)));

        var other = Options("other");
        Assert.Equal(exported, WorkflowJournal.Import(other, Archive, TimeProvider.System));
        Assert.Equal(Large, await OutputAfterSweepAsync(other, execution, kept: 1));
    }

    // As archives were written before: nothing says who refers to what, and the payloads are copied.
    [Fact]
    public async Task An_archive_without_payloads_finds_those_that_are_there()
    {
        var (options, execution) = await RunAsync();
        var exported = WorkflowJournal.Export(options, Archive, withPayloads: false);
        Assert.Equal(0, exported.Payloads);
        var old = await File.ReadAllTextAsync(Archive, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            Archive,
            old.Replace("\"version\":2", "\"version\":1", StringComparison.Ordinal)
                .Replace(",\"payloads\":0", "", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);

        var none = Options("none");
        Assert.Equal(1, WorkflowJournal.Import(none, Archive, TimeProvider.System).MissingPayloads);
        var copied = Options("copied");
        foreach (var file in Directory.EnumerateFiles(options.PayloadsFolder, "*", SearchOption.AllDirectories))
        {
            var to = Path.Combine(copied.PayloadsFolder, Path.GetRelativePath(options.PayloadsFolder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(file, to);
        }

        Assert.Equal(0, WorkflowJournal.Import(copied, Archive, TimeProvider.System).MissingPayloads);
        Assert.Equal(Large, await OutputAfterSweepAsync(copied, execution, kept: 1));
    }

    [Fact]
    public async Task A_payload_that_was_changed_or_cut_is_refused_and_nothing_is_taken()
    {
        var (options, _) = await RunAsync();
        WorkflowJournal.Export(options, Archive);
        var lines = await File.ReadAllLinesAsync(Archive, TestContext.Current.CancellationToken);
        var first = Array.FindIndex(lines, line => line.StartsWith("{\"payload\"", StringComparison.Ordinal));
        (string Change, int Line, string Words)[] cases =
        [
            (string.Join('\n', lines).Replace("eHh4eHh4", "eHh4eXh4", StringComparison.Ordinal), first + 3, "SHA-256"),
            (string.Join('\n', [.. lines[..first], .. lines[(first + 1)..]]), first + 1, "the piece at 0"),
            (string.Join('\n', [.. lines[..(first + 2)], .. lines[(first + 3)..]]), first + 3, "ends after"),
        ];
        foreach (var (change, line, words) in cases)
        {
            var damaged = _directory.PathOf("damaged.jsonl");
            await File.WriteAllTextAsync(damaged, change, TestContext.Current.CancellationToken);
            var other = Options("refused");
            var refused = Assert.Throws<ArchiveException>(
                () => WorkflowJournal.Import(other, damaged, TimeProvider.System));
            Assert.Contains(words, refused.Message, StringComparison.Ordinal);
            Assert.Equal(line, refused.Line);
            Assert.False(File.Exists(other.Path));
        }

        // What has gone bad where it is kept is not handed on.
        var payload = Assert.Single(
            Directory.EnumerateFiles(options.PayloadsFolder, "*", SearchOption.AllDirectories));
        await File.WriteAllTextAsync(payload, "bad", TestContext.Current.CancellationToken);
        var copy = _directory.PathOf("copy.jsonl");
        Assert.Throws<PayloadException>(() => WorkflowJournal.Export(options, copy));
        Assert.False(File.Exists(copy));
    }

    [Fact]
    public async Task Functions_connections_and_limits_come_along()
    {
        var (options, _) = await RunAsync();
        using (var store = SqliteExecutionStore.Open(options.Path))
        {
            foreach (var kind in (string[])[AgentFunctions.Kind, "connection", "concurrency"])
            {
                TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
                store.Write(
                    new ExecutionStoreChange { Documents = [new StoredDocument(kind, "k", "{}"u8.ToArray())] },
                    _ => done.SetResult());
                await done.Task;
            }
        }

        WorkflowJournal.Export(options, Archive);
        var other = Options("other");
        WorkflowJournal.Import(other, Archive, TimeProvider.System);

        using var read = SqliteExecutionStore.Open(other.Path);
        foreach (var kind in (string[])[AgentFunctions.Kind, "connection", "concurrency"])
        {
            Assert.Equal("{}", Encoding.UTF8.GetString(Assert.Single(read.Documents(kind)).Body!));
        }
    }

    public void Dispose() => _directory.Dispose();

    private WorkflowOptions Options(string name) => new()
    {
        Path = _directory.PathOf($"{name}.db"),
        PayloadsFolder = WorkflowBench.PayloadsOf(_directory.PathOf($"{name}.db")),
    };

    private async Task<(WorkflowOptions Options, string Execution)> RunAsync()
    {
        var options = Options("first");
        await using var bench = WorkflowBench.Open(options.Path, new FunctionBook());
        var execution = await bench.StartAsync(await bench.CreateAsync("m", Pass), Large);
        Assert.Equal("SUCCEEDED", (await bench.EndAsync(execution))["status"].AsString());
        return (options, execution);
    }

    // What nobody refers to is deleted then.
    private static async Task<string> OutputAfterSweepAsync(WorkflowOptions options, string execution, int kept)
    {
        await using var bench = WorkflowBench.Open(options.Path, new FunctionBook());
        Assert.Equal(
            new PayloadSweep(kept, 0), await bench.Payloads.SweepAsync(TestContext.Current.CancellationToken));
        var digest = (await bench.EndAsync(execution))["outputDetails"]["sha256"].AsString();
        var read = (await bench.AskOwnerAsync("ReadPayload", ("sha256", digest))).Output;
        var whole = new StringBuilder();
        for (long offset = 0; offset < read["bytes"].AsDouble();)
        {
            var piece = Convert.FromBase64String((await bench.AskOwnerAsync(
                "ReadPayload", ("sha256", digest), ("offset", offset))).Output["data"].AsString());
            whole.Append(Encoding.UTF8.GetString(piece));
            offset += piece.Length;
        }

        return whole.ToString();
    }
}
