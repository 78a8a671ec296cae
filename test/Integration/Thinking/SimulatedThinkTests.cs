using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Thinking;

/// <summary>THINK on a kernel without any key: the embedded model answers, and says what it is.</summary>
public sealed class SimulatedThinkTests(SharedKernel shared) : IClassFixture<SharedKernel>
{
    private readonly RunningKernel _kernel = shared.Kernel;

    [Theory]
    [InlineData(null)]
    [InlineData("sim")]
    public async Task An_answer_is_labelled(string? model)
    {
        var reply = await _kernel.Client.ThinkAsync(new Think { Prompt = "Hello?", Model = model }, Token);
        Assert.True(reply.Simulated);
        Assert.Equal(("sim", "sim"), (reply.Provider, reply.Model));
        Assert.Contains("simulated", reply.Content, StringComparison.Ordinal);
        Assert.Equal(reply.Tokens, reply.Usage.InputTokens + reply.Usage.OutputTokens);
    }

    [Fact]
    public async Task A_stream_says_in_pieces_what_a_call_says_at_once()
    {
        var think = new Think { Prompt = "Tell me of the sea." };
        var whole = await _kernel.Client.ThinkAsync(think, Token);
        var stream = _kernel.Client.Think(think);
        List<string> pieces = [];
        await foreach (var piece in stream.WithCancellation(Token))
        {
            pieces.Add(piece);
        }

        Assert.True(pieces.Count > 3);
        Assert.Equal(whole.Content, string.Concat(pieces));
        Assert.Equal("", stream.Reply.Content);
        Assert.Equal(whole.Usage, stream.Reply.Usage);
        Assert.Equal("stop", stream.Reply.FinishReason);
    }

    [Fact]
    public async Task A_stream_that_is_left_early_frees_its_slot()
    {
        await using var one = await RunningKernel.StartAsync("--sim.slots=1", "--pool.created=0", "--pool.preloaded=0");
        var stalled = one.Client.Think(new Think { Prompt = "[[sim:stall after=1]]" });
        await foreach (var _ in stalled.WithCancellation(Token))
        {
            break;
        }

        Assert.True((await one.Client.ThinkAsync(new Think { Prompt = "Next?" }, Token)).Simulated);
    }

    [Fact]
    public async Task A_stream_that_breaks_is_not_begun_anew()
    {
        var stream = _kernel.Client.Think(new Think { Prompt = "[[sim:cut after=2]]" });
        StringBuilder text = new();
        var broken = await Assert.ThrowsAsync<SyscallException>(async () =>
        {
            await foreach (var piece in stream.WithCancellation(Token))
            {
                text.Append(piece);
            }
        });
        Assert.Equal(SysErrorCode.ModelFailed, broken.Code);
        Assert.Contains("the stream broke", broken.Message, StringComparison.Ordinal);
        Assert.StartsWith("This is", text.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_malformed_answer_to_a_schema_is_asked_for_again()
    {
        var reply = await _kernel.Client.ThinkAsync(
            new Think
            {
                Prompt = "[[sim:malformed times=1]] Which city?",
                Repair = 1,
                ResponseSchema = System.Text.Json.JsonElement.Parse("""{"type":"object"}"""),
            },
            Token);
        Assert.Equal(2, reply.Attempts);
        Assert.StartsWith("{", reply.Content, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_budget_that_a_call_could_break_refuses_it()
    {
        var refused = await Assert.ThrowsAsync<SyscallException>(() => _kernel.Client.ThinkAsync(
            new Think { Prompt = "Hello?", Budget = new ModelBudget { Tokens = 10 } }, Token));
        Assert.Equal(SysErrorCode.BudgetExhausted, refused.Code);
    }

    [Fact]
    public async Task Arguments_that_no_provider_can_take_do_not_end_the_kernel()
    {
        var twice = System.Text.Json.JsonElement.Parse("""{"a":1,"a":2}""");
        var reply = await _kernel.Client.ThinkAsync(
            new Think
            {
                Messages =
                [
                    new ChatMessage(ChatRole.Assistant) { ToolCalls = [new ToolCall("c", "t") { Arguments = twice }] },
                    new ChatMessage(ChatRole.Tool) { ToolCallId = "c", Content = "done" },
                ],
            },
            Token);
        Assert.True(reply.Simulated);
    }

    [Fact]
    public async Task STATUS_tells_who_runs_models()
    {
        var status = await _kernel.Client.StatusAsync(Token);
        var provider = Assert.Single(status.Providers);
        Assert.Equal(("sim", true, false), (provider.Name, provider.Simulated, provider.HasKey));
        Assert.Equal("sim", status.DefaultModel);
    }
}
