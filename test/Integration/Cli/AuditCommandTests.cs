using System.Text;
using System.Text.Json;

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
        var head = $"{last.RootElement.GetProperty("id")}:{last.RootElement.GetProperty("hash").GetString()}";
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

        return errors;
    }
}
