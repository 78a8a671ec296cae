using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Models;
using Analemma.Integration.Tests.Models.Wire;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Thinking;

/// <summary>The way of a model call from an agent to a provider and back, over a server on this machine.</summary>
public sealed class ProviderTests
{
    private static readonly Scene.Fails TooFast =
        new(WireError.RateLimited, Headers: "Retry-After: 0\r\n");

    [Theory]
    [InlineData("gemini")]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task An_agent_is_answered_once_though_the_provider_failed_twice(string provider)
    {
        await using var stage = await LoopbackProvider.StartAsync(
            provider, TooFast, new Scene.Fails(WireError.Overloaded), new Scene.Answers("Forty", "-two."));
        var agent = await stage.Kernel.SpawnPythonAsync(
            """
            import analemma
            with analemma.Kernel() as kernel:
                answer = kernel.think("What is 6 * 7?", max_tokens=50)
                print(answer.content, answer.attempts, answer.provider, answer.model, answer.simulated)
                print(answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.microdollars)
            """);
        Assert.Equal(0, (await stage.Kernel.WaitAsync(agent)).Exit!.Code);
        var lines = (await stage.Kernel.OutputAsync(agent)).Split('\n');
        Assert.Equal($"Forty-two. 3 {provider} test-model-1 False", lines[0]);
        // The failed attempts used nothing, and the one that did is billed once.
        var usage = lines[1].Split(' ').Select(long.Parse).ToArray();
        Assert.Equal(usage[0] + (2 * usage[1]), usage[2]);
        Assert.Equal(3, stage.Server.Requests.Count);
        var asked = stage.Wire.Read(stage.Server.Requests.Last());
        Assert.Equal(50, asked.TokensMax);
        Assert.Equal("What is 6 * 7?", asked.LastText);
    }

    [Theory]
    [InlineData("gemini")]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task An_answer_streams_to_the_agent_as_it_comes(string provider)
    {
        await using var stage = await LoopbackProvider.StartAsync(provider, new Scene.Answers("Häl", "lo ", "🌊."));
        var agent = await stage.Kernel.SpawnPythonAsync(
            """
            import analemma
            with analemma.Kernel() as kernel:
                stream = kernel.think_stream("Greet the sea.")
                print([piece for piece in stream])
                print(stream.gather().finish_reason)
            """);
        Assert.Equal(0, (await stage.Kernel.WaitAsync(agent)).Exit!.Code);
        Assert.Equal("['Häl', 'lo ', '🌊.']\nstop\n", await stage.Kernel.OutputAsync(agent));
        Assert.True(stage.Wire.Read(Assert.Single(stage.Server.Requests)).IsStream);
    }

    [Fact]
    public async Task A_tool_call_keeps_its_signature_on_its_way_through_an_agent()
    {
        const string call = """
            {"candidates":[{"content":{"role":"model","parts":[{"functionCall":{"name":"add","args":{"a":2}},
             "thoughtSignature":"c2lnbmF0dXJl"}]},"finishReason":"STOP"}],
             "usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":4}}
            """;
        await using var stage = await LoopbackProvider.StartAsync(
            "gemini", new Scene.Wire(exchange => exchange.AnswerAsync(200, call)), new Scene.Answers("4"));
        var agent = await stage.Kernel.SpawnPythonAsync(
            """
            import analemma
            with analemma.Kernel() as kernel:
                tools = [{"name": "add", "description": "Adds.", "parameters": {"type": "object"}}]
                talk = [{"role": "user", "content": "Add 2 and 2."}]
                talk.append(kernel.think(messages=talk, tools=tools))
                talk.append({"role": "tool", "tool_call_id": talk[-1].tool_calls[0].id, "content": "4"})
                print(kernel.think(messages=talk, tools=tools))
            """);
        Assert.Equal(0, (await stage.Kernel.WaitAsync(agent)).Exit!.Code);
        Assert.Equal("4\n", await stage.Kernel.OutputAsync(agent));
        var sent = System.Text.Encoding.UTF8.GetString(stage.Server.Requests.Last().Body);
        Assert.Contains("c2lnbmF0dXJl", sent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_its_client_takes_back_ends_at_the_provider()
    {
        await using var stage = await LoopbackProvider.StartAsync("openai", new Scene.Stalls());
        using var cancel = new CancellationTokenSource();
        var asking = stage.Kernel.Client.ThinkAsync(new Think { Prompt = "Hello?" }, cancel.Token);
        await stage.Server.Received.WaitAsync(Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await stage.Server.ClientLeft.WaitAsync(TimeSpan.FromSeconds(30), Token);
    }

    [Fact]
    public async Task A_call_of_an_agent_that_is_killed_ends_at_the_provider()
    {
        await using var stage = await LoopbackProvider.StartAsync("openai", new Scene.Stalls());
        var agent = await stage.Kernel.SpawnPythonAsync(
            "import analemma\nanalemma.Kernel().think('Hello?')");
        await stage.Server.Received.WaitAsync(Token);
        await stage.Kernel.Client.KillAsync(new Kill { Id = agent.Id, GraceMs = 0 }, Token);
        await stage.Server.ClientLeft.WaitAsync(TimeSpan.FromSeconds(30), Token);
    }

    [Fact]
    public async Task A_call_is_over_when_its_time_is()
    {
        // The first call takes its time to reach anybody, and would be over before.
        await using var stage = await LoopbackProvider.StartAsync(
            "openai", new Scene.Answers("Hello."), new Scene.Stalls());
        await stage.Kernel.Client.ThinkAsync(new Think { Prompt = "Hello?" }, Token);
        var late = await Assert.ThrowsAsync<SyscallException>(() => stage.Kernel.Client.ThinkAsync(
            new Think { Prompt = "Hello?", TimeoutMs = 2_000 }, Token));
        Assert.Equal(SysErrorCode.TimedOut, late.Code);
        await stage.Server.ClientLeft.WaitAsync(TimeSpan.FromSeconds(30), Token);
    }

    [Theory]
    [InlineData(WireError.KeyRejected, SysErrorCode.ModelFailed, "key_rejected")]
    [InlineData(WireError.UnknownModel, SysErrorCode.ModelFailed, "unknown_model")]
    [InlineData(WireError.BadRequest, SysErrorCode.ModelFailed, "bad_request")]
    public async Task A_failure_that_stays_is_told_with_its_cause(object error, SysErrorCode code, string reason)
    {
        await using var stage = await LoopbackProvider.StartAsync("openai", new Scene.Fails((WireError)error));
        var failed = await Assert.ThrowsAsync<SyscallException>(
            () => stage.Kernel.Client.ThinkAsync(new Think { Prompt = "Hello?" }, Token));
        Assert.Equal(code, failed.Code);
        Assert.Contains(reason, failed.Message, StringComparison.Ordinal);
        Assert.NotNull(failed.Hint);
        Assert.Single(stage.Server.Requests);
    }

    [Fact]
    public async Task A_model_that_nobody_has_is_refused_with_those_that_there_are()
    {
        await using var stage = await LoopbackProvider.StartAsync("openai", new Scene.Answers("Yes."));
        var refused = await Assert.ThrowsAsync<SyscallException>(
            () => stage.Kernel.Client.ThinkAsync(new Think { Prompt = "Hello?", Model = "nope" }, Token));
        Assert.Equal(SysErrorCode.NoSuchModel, refused.Code);
        Assert.Contains("sim, test-model-1", refused.Message, StringComparison.Ordinal);
        var simulated = await stage.Kernel.Client.ThinkAsync(new Think { Prompt = "Hello?", Model = "sim" }, Token);
        Assert.True(simulated.Simulated);
        Assert.Empty(stage.Server.Requests);
        Assert.False((await stage.Kernel.Client.ThinkAsync(new Think { Prompt = "Hello?" }, Token)).Simulated);
    }
}
