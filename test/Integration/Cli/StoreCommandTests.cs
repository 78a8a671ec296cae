using System.Text.Json;

namespace Analemma.Integration.Tests.Cli;

/// <summary><c>analemma store</c>, as scripts use it.</summary>
public sealed class StoreCommandTests
{
    [Fact]
    public async Task Values_are_set_got_listed_and_deleted()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start")).Code);
        Assert.Equal("rate has version 1\n", (await cli.RunAsync("store", "set", "rate", "5")).Output);
        Assert.Equal(0, (await cli.RunAsync("store", "set", "greeting", "hello you", "--ttl", "1h")).Code);
        Assert.Equal(0, (await cli.TypeAsync("""{"a": [1]}""", "store", "set", "big")).Code);
        Assert.Equal("5\n", (await cli.RunAsync("store", "get", "rate")).Output);
        Assert.Equal("\"hello you\"\n", (await cli.RunAsync("store", "get", "greeting")).Output);
        Assert.Equal("""{"a":[1]}""" + "\n", (await cli.RunAsync("store", "get", "big")).Output);

        var (code, _, error) = await cli.RunAsync("store", "set", "rate", "6", "--if-version", "0");
        Assert.Equal(1, code);
        Assert.Contains("version_conflict", error, StringComparison.Ordinal);
        using var list = JsonDocument.Parse((await cli.RunAsync("store", "keys", "--json")).Output);
        Assert.Equal(
            ["big", "greeting", "rate"],
            list.RootElement.GetProperty("keys").EnumerateArray().Select(key => key.GetProperty("key").GetString()));
        Assert.Contains("EXPIRES", (await cli.RunAsync("store", "keys", "gr")).Output, StringComparison.Ordinal);

        Assert.Equal("rate is forgotten\n", (await cli.RunAsync("store", "delete", "rate")).Output);
        Assert.Equal("there was no rate\n", (await cli.RunAsync("store", "delete", "rate")).Output);
        var (missing, _, why) = await cli.RunAsync("store", "get", "rate");
        Assert.Equal(1, missing);
        Assert.Contains("no_such_key", why, StringComparison.Ordinal);
    }
}
