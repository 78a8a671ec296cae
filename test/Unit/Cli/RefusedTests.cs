using Analemma.Abi;
using Analemma.Cli.Host;
using Analemma.Unit.Tests.Client;

namespace Analemma.Unit.Tests.Cli;

/// <summary>What is refused is told, and hides nothing of what was done.</summary>
public sealed class RefusedTests
{
    [Theory]
    [InlineData]
    [InlineData("--json")]
    public async Task Of_many_that_are_killed_each_is_told_of(params string[] options)
    {
        await using var fake = new FakeKernel(request =>
        {
            if (request.Text.Contains("missing", StringComparison.Ordinal))
            {
                request.Fail(SysErrorCode.NoSuchProcess, "there is no missing", "look at ps");
                return;
            }

            request.Reply("""{"killed":true,"agent_id":7,"exit":{"cause":"killed-by-operator"}}""");
        });

        var run = await CliRun.AgainstAsync(fake, ["kill", "one", "missing", "other", .. options]);

        Assert.Equal(1, run.Code);
        Assert.Equal(2, run.Output.Split('7').Length - 1);
        Assert.Contains("there is no missing", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("analemma-kernel: /x: there is none\nhint: set kernel.y\n", "/x: there is none", "set kernel.y")]
    [InlineData("analemma-kernel: a\nanalemma-kernel: b\n", "a\nb", null)]
    [InlineData("", "the kernel's program ended with code 9 and no answer", null)]
    public void The_hint_of_the_kernels_program_stands_apart(string errors, string message, string? hint)
    {
        var refusal = KernelQuestion.Refusal("journal_unreadable", errors, 9);

        Assert.Equal(("journal_unreadable", message, hint), (refusal.Code, refusal.Message, refusal.Hint));
    }

    [Theory]
    [InlineData("1e30")]
    [InlineData("-1")]
    [InlineData("NaN")]
    public async Task A_time_that_is_none_is_a_mistake(string seconds)
    {
        await using var fake = new FakeKernel(request => request.Reply("""{"id":1}"""));

        var run = await CliRun.AgainstAsync(fake, "send", "x", "hello", "--request", $"--timeout={seconds}");

        Assert.Equal((2, ""), (run.Code, run.Output));
        Assert.Contains("seconds", run.Error, StringComparison.Ordinal);
    }
}
