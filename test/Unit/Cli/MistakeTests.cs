using System.CommandLine;
using Analemma.Abi;
using Analemma.Cli;
using Analemma.Unit.Tests.Client;

namespace Analemma.Unit.Tests.Cli;

/// <summary>Who mistypes is told in words, and who asks for help is shown how.</summary>
public sealed class MistakeTests
{
    [Fact]
    public async Task Help_of_each_command_has_examples()
    {
        var commands = Below(CommandLine.Build(Terminal.OfThisProcess()), []).ToList();
        Assert.InRange(commands.Count, 50, int.MaxValue);
        List<string> silent = [];
        foreach (var command in commands)
        {
            var run = await CliRun.AloneAsync([.. command, "--help"]);
            Assert.Equal(0, run.Code);
            if (!run.Output.Contains("Examples:\n", StringComparison.Ordinal))
            {
                silent.Add(string.Join(' ', command));
            }
        }

        Assert.Empty(silent);
    }

    [Theory]
    [InlineData("as a whole number", "logs", "a", "--tail", "many")]
    [InlineData("as a whole number", "audit", "list", "--process", "x")]
    [InlineData("as a number", "budget", "set", "a", "--dollars", "much")]
    [InlineData("as a number", "send", "a", "b", "--ttl", "long")]
    [InlineData("as one of its words", "send", "a", "b", "--priority", "urgent")]
    public async Task What_is_no_number_is_told_in_words(string words, params string[] args)
    {
        var run = await CliRun.AloneAsync(args);

        Assert.Equal(2, run.Code);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Analemma.", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("audit", "list")]
    [InlineData("journal", "verify")]
    public async Task A_socket_names_no_state_folder(params string[] args)
    {
        var run = await CliRun.AloneAsync([.. args, "--socket", "/tmp/none.sock"]);

        Assert.Equal((2, ""), (run.Code, run.Output));
        Assert.Contains("--set kernel.state_folder=", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-2")]
    [InlineData("-0.5")]
    [InlineData("1e20")]
    [InlineData("100000000000000")]
    public async Task An_amount_that_is_none_sets_no_budget(string dollars)
    {
        await using var fake = new FakeKernel(request => request.Reply("""{"budgets":[]}"""));

        var run = await CliRun.AgainstAsync(fake, "budget", "set", "worker", $"--dollars={dollars}");

        Assert.Equal((2, ""), (run.Code, run.Output));
        Assert.StartsWith("error usage: ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("argv", "/usr/bin/sort -n")]
    [InlineData("argv", "sort -n")]
    [InlineData("script", "script.py -n")]
    [InlineData("script", "./named -n")]
    public async Task A_stage_is_a_script_only_when_it_says_so(string field, string pipeline)
    {
        var folder = Directory.CreateTempSubdirectory("analemma-test");
        File.WriteAllText(Path.Combine(folder.FullName, "script.py"), "");
        File.WriteAllText(Path.Combine(folder.FullName, "named"), "#!/usr/bin/env python3\n");
        pipeline = pipeline.Replace("script.py", $"{folder}/script.py", StringComparison.Ordinal)
            .Replace("./named", $"{folder}/named", StringComparison.Ordinal);
        var spawned = "";
        await using var fake = new FakeKernel(request =>
        {
            switch (request.Number)
            {
                case SyscallNumber.Spawn:
                    spawned = request.Text;
                    request.Fail(SysErrorCode.StartFailed, "enough was seen", "");
                    break;
                default:
                    request.Reply("""{"pipe":1}""");
                    break;
            }
        });

        await CliRun.AgainstAsync(fake, "run", pipeline);

        folder.Delete(recursive: true);
        Assert.Contains($"\"{field}\":", spawned, StringComparison.Ordinal);
    }

    private static IEnumerable<string[]> Below(Command command, string[] path) => command.Subcommands.SelectMany(
        below => Below(below, [.. path, below.Name]).Prepend([.. path, below.Name]));
}
