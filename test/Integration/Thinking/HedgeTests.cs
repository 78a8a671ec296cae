using Analemma.Abi.Syscalls;
using Analemma.Integration.Tests.Models;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Thinking;

/// <summary>
/// A second attempt beside a slow one, from the setting to the provider's wire. The first request that comes there
/// stalls, and which of the two that is does not matter.
/// </summary>
public sealed class HedgeTests
{
    private static readonly Think Hello = new() { Prompt = "Hello?", MaxTokens = 10 };

    private static readonly string[] Hedged = ["--models.hedge=test-model-1=1", "--models.hedge_percent=100"];

    [Fact]
    public async Task A_call_whose_attempt_stalls_is_answered_by_a_second_and_billed_once_for_both()
    {
        await using var stage = await StartAsync(Hedged, new Scene.Stalls(), new Scene.Answers("Yes."));

        var reply = await stage.Kernel.Client.ThinkAsync(Hello, Token);

        Assert.Equal(("Yes.", 2), (reply.Content, reply.Attempts));
        await stage.Server.ClientLeft.WaitAsync(TimeSpan.FromSeconds(30), Token);
        var models = await stage.Kernel.Client.LlmAsync(null, Token);
        var row = Assert.Single(models.Hedges!);
        Assert.Equal(("test-model-1", 1, 1), (row.Model, row.Attempts, row.Hedges));
        var host = models.Agents[0];
        Assert.Equal((1, 0), (host.Calls, models.Providers[0].Running));
        Assert.Equal(reply.Usage, host.Usage);
        // Of the attempt that was taken back the input is known, by our estimate.
        Assert.True(host.Usage.InputTokens > (await UsageOfOneAsync()).InputTokens, host.Usage.ToString());
    }

    [Fact]
    public async Task A_stream_is_given_by_one_attempt_alone()
    {
        await using var stage = await StartAsync(Hedged, new Scene.Stalls(), new Scene.Answers("One ", "two."));

        var (text, reply) = await FollowAsync(stage);

        Assert.Equal(("One two.", 2), (text, reply.Attempts));
    }

    [Fact]
    public async Task A_question_in_a_conversation_is_kept_once()
    {
        await using var stage = await StartAsync(Hedged, new Scene.Stalls(), new Scene.Answers("Yes."));
        var talk = await stage.Kernel.Client.OpenConversationAsync(new ConversationOpen(), Token);

        Assert.Equal(2, (await talk.SayAsync(Hello, Token)).Attempts);

        var shown = await stage.Kernel.Client.ConversationShowAsync(
            new ConversationShow { Conversation = talk.Id }, Token);
        Assert.Equal(["Hello?", "Yes."], shown.Messages.Select(message => message.Content));
    }

    private static async Task<(string Text, ThinkReply Reply)> FollowAsync(LoopbackProvider stage)
    {
        var stream = stage.Kernel.Client.Think(Hello);
        List<string> pieces = [];
        await foreach (var piece in stream.WithCancellation(Token))
        {
            pieces.Add(piece);
        }

        return (string.Concat(pieces), stream.Reply);
    }

    private static async Task<ModelUsage> UsageOfOneAsync()
    {
        await using var stage = await StartAsync([], new Scene.Answers("Yes."));
        return (await stage.Kernel.Client.ThinkAsync(Hello, Token)).Usage;
    }

    private static Task<LoopbackProvider> StartAsync(string[] flags, params Scene[] scenes) =>
        LoopbackProvider.StartAsync("openai", 0, flags, scenes);
}
