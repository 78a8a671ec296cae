using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Kernel;
using Analemma.Integration.Tests.Models;
using Analemma.Integration.Tests.Models.Wire;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Thinking;

/// <summary>EMBED on a real kernel.</summary>
public sealed class EmbedTests(SharedKernel shared) : IClassFixture<SharedKernel>
{
    private readonly RunningKernel _kernel = shared.Kernel;

    [Fact]
    public async Task Each_text_gets_its_vector_which_is_billed_and_labelled()
    {
        var before = await CallsAsync();
        var reply = await _kernel.Client.EmbedAsync(new Embed { Inputs = ["sea", "the sea", "tax"] }, Token);

        Assert.Equal((true, "sim", "sim", 1), (reply.Simulated, reply.Provider, reply.Model, reply.Attempts));
        Assert.Equal([256, 256, 256], reply.Vectors.Select(vector => vector.Count));
        Assert.True(Dot(reply.Vectors[0], reply.Vectors[1]) > Dot(reply.Vectors[0], reply.Vectors[2]) + 0.2f);
        Assert.Equal((reply.Tokens, 0L), (reply.Usage.InputTokens, reply.Usage.OutputTokens));
        Assert.True(reply.Tokens >= 3);
        Assert.Equal(before + 1, await CallsAsync());
    }

    [Fact]
    public async Task What_is_wrong_with_a_request_is_said_at_once()
    {
        var failure = await Assert.ThrowsAsync<SyscallException>(() => _kernel.Client.EmbedAsync(
            new Embed { Inputs = ["a", ""], Dimensions = 0, TaskType = "a b" }, Token));

        Assert.Equal(SysErrorCode.InvalidArgument, failure.Error.Code);
        Assert.All(
            ["inputs[1]", "dimensions is 0", "task_type"],
            part => Assert.Contains(part, failure.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_budget_that_the_texts_would_go_over_refuses_them_unsent()
    {
        var failure = await Assert.ThrowsAsync<SyscallException>(() => _kernel.Client.EmbedAsync(
            new Embed { Inputs = [new string('x', 4_000)], Budget = new ModelBudget { Tokens = 100 } }, Token));

        Assert.Equal(SysErrorCode.BudgetExhausted, failure.Error.Code);
    }

    [Fact]
    public async Task Where_the_model_fails_no_other_is_asked_though_a_question_would_fall_back()
    {
        await using var stage = await LoopbackProvider.StartAsync(
            "openai",
            warm: 0,
            ["--retry.attempts_max=1", "--models.fallback=test-model-1=sim", "--sim.speed=0"],
            new Scene.Fails(WireError.Overloaded));
        var kernel = stage.Kernel;

        var failure = await Assert.ThrowsAsync<SyscallException>(
            () => kernel.Client.EmbedAsync(new Embed { Inputs = ["a"] }, Token));
        var answer = await kernel.Client.ThinkAsync(new Think { Prompt = "Hello?" }, Token);

        Assert.Equal(SysErrorCode.ModelFailed, failure.Error.Code);
        Assert.Contains("test-model-1", failure.Message, StringComparison.Ordinal);
        Assert.Equal("sim", answer.Model);
    }

    private async Task<long> CallsAsync() =>
        (await _kernel.Client.LlmAsync(new Llm { All = true }, Token)).Agents.Sum(row => row.Calls);

    private static float Dot(IReadOnlyList<float> one, IReadOnlyList<float> other) =>
        one.Zip(other, (a, b) => a * b).Sum();
}
