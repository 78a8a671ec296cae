using Analemma.Abi.Syscalls;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Http;

/// <summary>
/// Programs that have never heard of the kernel, with the official clients of model providers, in a sandbox: they are
/// given no address and no key but by the variables that every agent has.
/// </summary>
public sealed class ModelClientTests
{
    [Theory]
    [InlineData("openai.mjs", 16)]
    [InlineData("anthropic.mjs", 9)]
    [InlineData("gemini.mjs", 10)]
    [InlineData("langchain.mjs", 21)]
    public async Task Each_works_as_with_its_provider(string program, int checks)
    {
        // One for each: a model that was made to fail is left alone for a while.
        await using var kernel = await RunningKernel.StartAsync(
            "--pool.created=0", "--pool.preloaded=0", "--sim.any_model=true");
        var agent = await kernel.Client.SpawnAsync(NodeClients.Program(program), Token);
        var exit = (await kernel.WaitAsync(agent)).Exit;
        var output = await kernel.OutputAsync(agent);

        Assert.True(exit?.Code == 0, output);
        var lines = output.Split('\n').Where(line => line.StartsWith("ok ", StringComparison.Ordinal));
        Assert.Equal(checks, lines.Count());
        var used = (await kernel.Client.LlmAsync(new Llm { All = true }, Token))
            .Agents.Single(row => row.Process == agent.Id);
        Assert.True(used.Calls > 0, "its calls were not the kernel's");
        Assert.Equal((0, 0), (used.Running, used.Waiting));
    }
}
