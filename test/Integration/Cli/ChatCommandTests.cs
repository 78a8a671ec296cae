using System.Text.Json;

namespace Analemma.Integration.Tests.Cli;

/// <summary><c>analemma chat</c> in a pipe, as scripts use it.</summary>
public sealed class ChatCommandTests
{
    [Fact]
    public async Task A_chat_in_a_pipe_answers_line_by_line_forks_counts_and_is_gone()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start", "--set", "sim.speed=0")).Code);
        var (code, output, error) = await cli.TypeAsync(
            "Name a city.\n/tokens\n/fork\nAnother one.\n/history\n/quit\n", "chat", "--system", "Be brief.");
        Assert.True(code == 0, error);
        Assert.Equal(2, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("simulated", output, StringComparison.Ordinal);
        Assert.Contains("sim reads at most", error, StringComparison.Ordinal);
        Assert.Contains("now in conversation 2; 1 stays as it is", error, StringComparison.Ordinal);
        Assert.Contains("user: Another one.", error, StringComparison.Ordinal);

        // The fork was left with /quit; what it was forked from stays until it is closed.
        using var list = JsonDocument.Parse((await cli.RunAsync("chat", "--list", "--json")).Output);
        var left = Assert.Single(list.RootElement.GetProperty("conversations").EnumerateArray());
        Assert.Equal((1, 2), (left.GetProperty("conversation").GetInt32(), left.GetProperty("messages").GetInt32()));
        Assert.Contains("chat", (await cli.RunAsync("chat", "--list")).Output, StringComparison.Ordinal);
        var (again, more, _) = await cli.TypeAsync("And another.\n", "chat", "-c", "1", "--json");
        Assert.Equal(0, again);
        Assert.True(JsonDocument.Parse(more).RootElement.GetProperty("simulated").GetBoolean());
        using var kept = JsonDocument.Parse((await cli.RunAsync("chat", "--list", "--json")).Output);
        Assert.Equal(4, kept.RootElement.GetProperty("conversations")[0].GetProperty("messages").GetInt32());
    }

    [Fact]
    public async Task A_line_that_is_refused_ends_a_script_with_its_code()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start", "--set", "sim.speed=0")).Code);
        var (code, _, error) = await cli.TypeAsync("Hello?\n", "chat", "--model", "nope");
        Assert.Equal(1, code);
        Assert.Contains("no_such_model", error, StringComparison.Ordinal);
        var (other, _, missing) = await cli.TypeAsync("Hello?\n", "chat", "-c", "99");
        Assert.Equal(1, other);
        Assert.Contains("no_such_conversation", missing, StringComparison.Ordinal);
    }
}
