using System.Text;
using System.Text.Json;
using Analemma.Journal;
using Analemma.Storage.Sqlite;

namespace Analemma.Integration.Tests.Cli;

/// <summary><c>perms</c> and <c>audit</c>: what an agent may, and what it tried all the same.</summary>
public sealed class AuditCommandTests
{
    private const string Agent = """
        from analemma import Kernel, PermissionDenied
        try:
            Kernel().spawn(argv=["true"], name="forbidden-7")
        except PermissionDenied as refused:
            print(refused.hint)
        """;

    [Fact]
    public async Task What_was_denied_is_told_and_one_changed_byte_is_found_with_its_record()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        var script = Path.Combine(cli.Folder, "agent.py");
        await File.WriteAllTextAsync(script, Agent, TestContext.Current.CancellationToken);
        var run = await cli.RunAsync("spawn", "-f", "--name", "boss", "--may-spawn", "worker-*", script);
        Assert.Contains("missing capability: spawn forbidden-7", run.Output, StringComparison.Ordinal);
        using (var perms = JsonDocument.Parse((await cli.RunAsync("perms", "show", "boss", "--json")).Output))
        {
            var lists = perms.RootElement.GetProperty("permissions");
            Assert.Equal("worker-*", lists.GetProperty("spawn")[0].GetString());
            Assert.Equal("_family", lists.GetProperty("kill")[0].GetString());
        }

        Assert.Equal(0, (await cli.RunAsync("kernel", "stop")).Code);
        var security = await cli.RunAsync("audit", "list", "--category", "security");
        Assert.Contains("attempt.denied", security.Output, StringComparison.Ordinal);
        Assert.Contains("forbidden-7", security.Output, StringComparison.Ordinal);
        var lines = (await cli.RunAsync("audit", "export")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        using var last = JsonDocument.Parse(lines[^1]);
        var head = $"{last.RootElement.GetProperty("id")}:{last.RootElement.GetProperty("link").GetString()}";
        var whole = await cli.RunAsync("audit", "verify", "--expect", head);
        Assert.True(whole.Code == 0, whole.Error);
        var wrong = await cli.RunAsync("audit", "verify", "--expect", head[..^1] + (head[^1] == '0' ? '1' : '0'));
        Assert.Equal(1, wrong.Code);
        Assert.Contains("audit_changed", wrong.Error, StringComparison.Ordinal);

        var denied = lines.Select(line => JsonDocument.Parse(line).RootElement)
            .First(entry => entry.GetProperty("type").GetString() == "attempt.denied").GetProperty("id").GetInt64();
        Assert.Contains(
            await ErrorsOfChangesAsync(cli, "SPAWN forbidden-7"),
            error => error.Contains($"record {denied} is not what was written", StringComparison.Ordinal));
    }

    /// <summary>The archive is read as one with the journal, also by who looks for damage.</summary>
    [Fact]
    public async Task What_the_journal_forgot_is_listed_verified_and_exported_as_one_with_what_it_has()
    {
        await using var cli = new CliProcess();
        await WriteJournalAsync(Directory.CreateDirectory(Path.Combine(cli.Folder, "state")).FullName);

        var list = await cli.RunAsync("audit", "list", "--process", "7", "--json");
        using (var log = JsonDocument.Parse(list.Output))
        {
            Assert.Equal(
                Enumerable.Range(1, 300),
                log.RootElement.GetProperty("entries").EnumerateArray()
                    .Select(entry => entry.GetProperty("id").GetInt32()));
        }

        var lines = (await cli.RunAsync("audit", "export")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(300, lines.Length);
        using var old = JsonDocument.Parse(lines[9]);
        var (id, link) = (old.RootElement.GetProperty("id"), old.RootElement.GetProperty("link").GetString());
        var whole = await cli.RunAsync("audit", "verify", "--expect", $"{id}:{link}");
        Assert.True(whole.Code == 0, whole.Error);
        Assert.Contains(
            "300 audit records among 100 records of the journal and 200 of its archive check out",
            whole.Output,
            StringComparison.Ordinal);
        foreach (var record in new[] { 10, 200, 201 })
        {
            Assert.Contains(
                await ErrorsOfChangesAsync(cli, $"attempt number {record:D4}"),
                error => error.Contains($"record {record} is not what was written", StringComparison.Ordinal));
        }
    }

    private static async Task WriteJournalAsync(string folder)
    {
        var keeping = new AuditKeeping(type => type == "attempt.denied", 1 << 20, TimeSpan.Zero, TimeProvider.System);
        using var store = SqliteJournalStore.Open(Path.Combine(folder, "journal.db"), audit: keeping);
        var writer = new JournalWriter(store);
        var last = await writer.AppendAsync(
        [
            .. Enumerable.Range(1, 300).Select(i => new JournalEntry(
                "attempt.denied",
                Encoding.UTF8.GetBytes($$"""{"process":7,"what":"attempt number {{i:D4}}"}"""),
                TimeProvider.System.GetUtcNow().UtcTicks)),
        ]);
        await writer.CheckpointAsync(new Checkpoint(last, 1, default), 100, TestContext.Current.CancellationToken);
    }

    /// <summary>
    /// What verify says when one byte of a text is changed, for each place in the file that has it: the record, the
    /// checkpoint, and maybe a part of a page that is free now, where nothing is read.
    /// </summary>
    private static async Task<List<string>> ErrorsOfChangesAsync(CliProcess cli, string text)
    {
        var path = Path.Combine(cli.Folder, "state", "journal.db");
        var whole = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        var what = Encoding.UTF8.GetBytes(text);
        List<string> errors = [];
        for (var from = 0; whole.AsSpan(from).IndexOf(what) is var at and >= 0; from += at + 1)
        {
            var bytes = (byte[])whole.Clone();
            bytes[from + at] ^= 0x01;
            await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
            var (code, _, error) = await cli.RunAsync("audit", "verify");
            Assert.Equal(error.Length > 0, code == 1);
            errors.Add(error);
        }

        await File.WriteAllBytesAsync(path, whole, TestContext.Current.CancellationToken);
        return errors;
    }
}
