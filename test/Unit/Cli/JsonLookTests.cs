using Analemma.Unit.Tests.Client;

namespace Analemma.Unit.Tests.Cli;

/// <summary>JSON on a terminal is read by people.</summary>
public sealed class JsonLookTests
{
    [Theory]
    [InlineData("store", "get", "k")]
    [InlineData("store", "get", "k", "--json")]
    public async Task Letters_are_letters_and_control_characters_are_not(params string[] args)
    {
        await using var fake = new FakeKernel(request => request.Reply(
            """{"key":"k","scope":"group","exists":true,"version":1,"value":"Zoë's <b>\u001b[31m\u009b"}"""));

        var run = await CliRun.OnATerminalAsync(fake, args);

        Assert.Equal(0, run.Code);
        Assert.Contains("""Zoë's <b>\u001B[31m\u009B""", run.Output, StringComparison.Ordinal);
    }
}
