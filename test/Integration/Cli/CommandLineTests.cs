using System.Diagnostics;
using System.Text.Json;

namespace Analemma.Integration.Tests.Cli;

/// <summary>The command line, the daemon and real sandboxes together, as processes.</summary>
public sealed class CommandLineTests
{
    [Fact]
    public async Task A_kernel_starts_runs_an_agent_and_stops()
    {
        await using var cli = new CliProcess();

        var start = await cli.RunAsync("kernel", "start", "--json");
        Assert.True(start.Code == 0, start.Error);
        var pid = JsonDocument.Parse(start.Output).RootElement.GetProperty("pid").GetInt32();
        Assert.True(CliProcess.Runs(pid));
        Assert.Equal(1, (await cli.RunAsync("kernel", "start")).Code);

        const string line = "echo out; echo err >&2; exit 42";
        var spawn = await cli.RunAsync("spawn", "-f", "--name", "said", "--", "sh", "-c", line);
        Assert.Equal((42, "out\n"), (spawn.Code, spawn.Output));
        Assert.Contains("err\n", spawn.Error, StringComparison.Ordinal);

        var listed = await cli.RunAsync("ps", "--all", "--json");
        var ps = JsonDocument.Parse(listed.Output).RootElement.GetProperty("processes");
        Assert.Equal("said", ps[0].GetProperty("name").GetString());
        Assert.Equal(42, ps[0].GetProperty("exit").GetProperty("code").GetInt32());

        Assert.Equal(0, (await cli.RunAsync("kernel", "stop")).Code);
        Assert.False(CliProcess.Runs(pid));
        Assert.Equal(3, (await cli.RunAsync("kernel", "status")).Code);
    }

    [Fact]
    public async Task A_kernel_that_cannot_start_says_why()
    {
        await using var cli = new CliProcess();

        var start = await cli.RunAsync("kernel", "start", "--set", "pool.crated=1");

        Assert.Equal(1, start.Code);
        Assert.Contains("did you mean pool.created?", start.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_c_on_a_followed_agent_ends_it_too()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        using var spawn = cli.Start("spawn", "-f", "--name", "long", "--", "sh", "-c", "echo up; exec sleep 600");
        Assert.Equal("up", await spawn.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

        await CliProcess.SignalAsync(spawn, "-INT");
        await spawn.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(130, spawn.ExitCode);
        var wait = await cli.RunAsync("wait", "long");
        Assert.Contains("killed-by-operator", wait.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Following_ends_when_nobody_reads_any_more()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        const string ticking = "while :; do echo tick; sleep 0.05; done";
        Assert.Equal(0, (await cli.RunAsync("spawn", "--name", "clock", "--", "sh", "-c", ticking)).Code);
        using var logs = cli.Start("logs", "-f", "clock");
        Assert.Equal("tick", await logs.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

        logs.StandardOutput.Close();

        await logs.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(141, logs.ExitCode);
        Assert.Equal("", await logs.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Names_that_are_not_utf8_are_left_out_and_a_full_folder_is_told()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        Assert.Equal(0, (await cli.RunAsync("spawn", "--name", "box", "--work-size", "1M", "--", "sleep", "600")).Code);
        var source = Directory.CreateDirectory(Path.Combine(cli.Folder, "odd")).FullName;
        const string make = "printf a >\"$(printf 'bad\\377')\"";
        using (var shell = Process.Start("sh", ["-c", $"cd \"$0\"; {make}; printf b >z", source]))
        {
            await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var into = await cli.RunAsync("cp", source, "box:");
        using (var remove = Process.Start("rm", ["-r", source]))
        {
            // .NET cannot name the file, and so not remove it.
            await remove.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.True(into.Code == 0, into.Error);
        Assert.Contains("its name is not UTF-8", into.Error, StringComparison.Ordinal);
        var made = await cli.RunAsync("exec", "box", "--", "sh", "-c", $"cd odd; cat z; {make}");
        Assert.Equal((0, "b"), (made.Code, made.Output));
        var back = await cli.RunAsync("cp", "box:odd", "back");
        Assert.True(back.Code == 0, back.Error);
        Assert.Equal("b", File.ReadAllText(Path.Combine(cli.Folder, "back", "z")));

        var pipe = await cli.RunAsync("cp", "/dev/null", "box:null");
        Assert.Equal(1, pipe.Code);
        var large = Path.Combine(cli.Folder, "large");
        File.WriteAllBytes(large, new byte[2 << 20]);
        var full = await cli.RunAsync("cp", large, "box:");
        Assert.Equal(1, full.Code);
        Assert.Contains("error limit_exceeded: there is no room left in /work", full.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_journal_is_verified_and_its_first_bad_record_named()
    {
        await using var cli = new CliProcess();
        var none = await cli.RunAsync("journal", "verify");
        Assert.Equal(1, none.Code);
        Assert.Contains("there is no journal", none.Error, StringComparison.Ordinal);

        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        Assert.Equal(0, (await cli.RunAsync("spawn", "--wait", "--", "true")).Code);
        Assert.Equal(0, (await cli.RunAsync("journal", "verify")).Code);
        Assert.Equal(0, (await cli.RunAsync("kernel", "stop")).Code);
        var whole = await cli.RunAsync("journal", "verify");
        Assert.True(whole.Code == 0, whole.Error);
        Assert.Contains("the journal is whole\n", whole.Output, StringComparison.Ordinal);

        const string change = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); "
            + "db.execute(\"UPDATE record SET body = x'7b7d' WHERE sequence = 2\"); db.commit()";
        using (var python = Process.Start("python3", ["-c", change, $"{cli.Folder}/state/journal.db"]))
        {
            await python.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, python.ExitCode);
        }

        var bad = await cli.RunAsync("journal", "verify", "--json");
        Assert.Equal(1, bad.Code);
        var report = JsonDocument.Parse(bad.Output).RootElement;
        Assert.Equal(2, report.GetProperty("damage").GetProperty("sequence").GetInt64());
        Assert.Equal(1, report.GetProperty("last_sequence").GetInt64());
        var words = await cli.RunAsync("journal", "verify");
        Assert.Contains("record 2 is not what was written: hash is", words.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_go_in_and_come_out_as_they_were()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        Assert.Equal(0, (await cli.RunAsync("spawn", "--name", "box", "--", "sleep", "600")).Code);
        var source = Directory.CreateDirectory(Path.Combine(cli.Folder, "source", "below")).Parent!.FullName;
        var content = Enumerable.Range(0, 5_000_000).Select(i => (byte)(i % 241)).ToArray();
        File.WriteAllBytes(Path.Combine(source, "below", "large"), content);
        File.WriteAllText(Path.Combine(source, "run"), "#!/bin/sh\necho ran\n");
        File.SetUnixFileMode(Path.Combine(source, "run"), (UnixFileMode)0b111_101_000);

        Assert.Equal(0, (await cli.RunAsync("cp", source, "box:")).Code);
        var ran = await cli.RunAsync("exec", "box", "--", "sh", "-c", "ln -s /etc source/out; source/run");
        var back = await cli.RunAsync("cp", "box:source", "back");

        Assert.Equal((0, "ran\n"), (ran.Code, ran.Output));
        Assert.True(back.Code == 0, back.Error);
        Assert.Contains("skipped source/out: a link", back.Error, StringComparison.Ordinal);
        Assert.Equal((UnixFileMode)0b111_101_000, File.GetUnixFileMode(Path.Combine(cli.Folder, "back", "run")));
        var copied = Path.Combine(cli.Folder, "back", "below", "large");
        Assert.True(content.AsSpan().SequenceEqual(File.ReadAllBytes(copied)));
        Assert.False(Path.Exists(Path.Combine(cli.Folder, "back", "out")));
    }

    [Fact]
    public async Task Doctor_asks_the_host_when_no_kernel_runs_and_leaves_none_behind()
    {
        await using var cli = new CliProcess();

        var doctor = await cli.RunAsync("doctor", "--json");

        var status = JsonDocument.Parse(doctor.Output).RootElement;
        var guarantees = status.GetProperty("guarantees").EnumerateArray().ToArray();
        Assert.Equal(11, guarantees.Length);
        Assert.Equal(guarantees.All(guarantee => guarantee.GetProperty("enforced").GetBoolean()) ? 0 : 1, doctor.Code);
        Assert.Equal(3, (await cli.RunAsync("kernel", "status")).Code);
    }
}
