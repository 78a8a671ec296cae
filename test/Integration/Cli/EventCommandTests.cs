using System.Text.Json;

namespace Analemma.Integration.Tests.Cli;

/// <summary><c>analemma events</c> and <c>analemma emit</c>, as scripts use them.</summary>
public sealed class EventCommandTests
{
    [Fact]
    public async Task What_is_emitted_can_be_shown_and_gone_on_from()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        Assert.Equal(0, (await cli.RunAsync("emit", "deploy-done", """{"version": 7}""", "--durable")).Code);
        Assert.Equal(0, (await cli.RunAsync("emit", "note", "just text")).Code);

        var shown = await cli.RunAsync("events", "--from", "oldest", "--type", "_host/*", "--json");
        var events = shown.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(
            ["_host/deploy-done", "_host/note"], events.Select(each => each.GetProperty("type").GetString()));
        Assert.Equal("just text", events[1].GetProperty("data").GetString());

        var rest = await cli.RunAsync(
            "events", "--from", events[0].GetProperty("cursor").GetString()!, "--where", "data=just text");
        Assert.Contains("_host/note  \"just text\"", rest.Output, StringComparison.Ordinal);
        Assert.Single(rest.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty((await cli.RunAsync("events", "--from", "oldest", "--where", "data.version=8")).Output);
    }

    [Theory]
    [InlineData("there is no event \"denid\"", "events", "--type", "denid")]
    [InlineData("--where colour is not FIELD=VALUE", "events", "--where", "colour")]
    [InlineData("there is no field \"colour\"", "events", "--where", "colour=red")]
    [InlineData("from is \"yesterday\"", "events", "--from", "yesterday")]
    [InlineData("no event has had that cursor yet", "events", "--from", "99999")]
    [InlineData("type is \"Loud\"", "emit", "Loud")]
    public async Task What_is_wrong_is_named(string expected, params string[] args)
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        var (code, _, error) = await cli.RunAsync(args);
        Assert.NotEqual(0, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }
}
