using System.Diagnostics;
using System.Text.Json;

namespace Analemma.Integration.Tests.Cli;

/// <summary><c>analemma run</c>: pipelines of real sandboxes.</summary>
public sealed class RunCommandTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_pipeline_carries_bytes_from_the_commands_input_to_its_output()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        await File.WriteAllTextAsync(
            Path.Combine(cli.Folder, "upper.py"),
            "import sys\nfor line in sys.stdin: print(line.upper() + sys.argv[2], end='')\n"
            + "print('seen', file=sys.stderr)\n",
            TestContext.Current.CancellationToken);

        var (code, output, error) = await cli.TypeAsync("one\ntwo\n", "run", "cat | upper.py '| ' | tail -n 1");
        Assert.Equal((0, "| "), (code, output));
        Assert.Matches(@"(?m)^agent-\d+: seen$", error);

        // More than all pipes between hold, and the last reads no more: the first ends by SIGPIPE.
        var (cut, first, _) = await cli.RunAsync("run", "yes | head -n 2");
        Assert.Equal("y\ny\n", first);
        Assert.NotEqual(0, cut);
        using var left = JsonDocument.Parse((await cli.RunAsync("ps", "--json")).Output);
        Assert.DoesNotContain("running", left.RootElement.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_code_is_that_of_the_last_stage_that_failed_and_nothing_starts_half()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        Assert.Equal(3, (await cli.RunAsync("run", "sh -c 'exit 7' | sh -c 'exit 3' | cat")).Code);
        Assert.Equal(0, (await cli.RunAsync("run", "true | true")).Code);

        var (code, _, error) = await cli.RunAsync("run", "no-such-program | cat");
        Assert.NotEqual(0, code);
        Assert.Contains("no-such-program", error, StringComparison.Ordinal);
        Assert.DoesNotContain("\"running\"", (await cli.RunAsync("ps", "--json")).Output, StringComparison.Ordinal);
        Assert.Equal(2, (await cli.RunAsync("run", "missing.py | cat")).Code);
        Assert.Equal(2, (await cli.RunAsync("run", "a > b")).Code);
    }

    [Fact]
    public async Task An_interrupt_ends_every_stage()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        using Process process = cli.Start("run", "sh -c 'echo up; sleep 1000' | sh -c 'cat; sleep 1000'");
        Assert.Equal("up", await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        await CliProcess.SignalAsync(process, "-INT");
        await process.WaitForExitAsync(TestContext.Current.CancellationToken)
            .WaitAsync(Patience, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Equal(130, process.ExitCode);
        Assert.DoesNotContain("\"running\"", (await cli.RunAsync("ps", "--json")).Output, StringComparison.Ordinal);
    }
}
