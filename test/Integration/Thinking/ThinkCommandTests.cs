using System.Text.Json;
using Analemma.Integration.Tests.Cli;

namespace Analemma.Integration.Tests.Thinking;

/// <summary>The commands about models, as people run them.</summary>
public sealed class ThinkCommandTests
{
    [Fact]
    public async Task Think_answers_and_llm_counts_it()
    {
        await using var cli = new CliProcess();
        Assert.Equal(0, (await cli.RunAsync("kernel", "start", "--set", "sim.speed=0")).Code);

        var (code, output, error) = await cli.RunAsync("think", "Why is the sky blue?");
        Assert.Equal(0, code);
        Assert.StartsWith("This is a simulated answer.", output, StringComparison.Ordinal);
        Assert.Contains("no model was asked", error, StringComparison.Ordinal);

        using var whole = JsonDocument.Parse((await cli.RunAsync("think", "Why is the sky blue?", "--json")).Output);
        Assert.Equal(output.TrimEnd(), whole.RootElement.GetProperty("content").GetString());

        var (refused, _, why) = await cli.RunAsync("think", "Hello?", "--max-tokens", "0");
        Assert.Equal(1, refused);
        Assert.Contains("max_tokens is 0", why, StringComparison.Ordinal);

        using var llm = JsonDocument.Parse((await cli.RunAsync("llm", "--json")).Output);
        var host = llm.RootElement.GetProperty("agents")[0];
        Assert.Equal(("host", 2), (host.GetProperty("name").GetString(), host.GetProperty("calls").GetInt32()));
        Assert.Contains("sim (simulated)", (await cli.RunAsync("llm")).Output, StringComparison.Ordinal);
        Assert.Contains("sim (simulated, always there, the default)", (await cli.RunAsync("doctor")).Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_setting_is_refused_with_its_key()
    {
        await using var cli = new CliProcess();
        var (code, _, error) = await cli.RunAsync("kernel", "start", "--set", "models.default=nope");
        Assert.NotEqual(0, code);
        Assert.Contains("models.default is nope", error, StringComparison.Ordinal);
    }
}
