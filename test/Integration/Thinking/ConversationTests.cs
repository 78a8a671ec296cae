using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Models;
using Analemma.Integration.Tests.Models.Wire;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Thinking;

/// <summary>Conversations that a real kernel keeps, with a provider on this machine.</summary>
public sealed class ConversationTests
{
    private static readonly Think Hello = new() { Prompt = "Hello?" };

    [Theory]
    [InlineData("gemini")]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task What_was_said_is_sent_again_with_what_is_new(string provider)
    {
        await using var stage = await LoopbackProvider.StartAsync(
            provider, new Scene.Answers("Rome."), new Scene.Answers("Paris."), new Scene.Answers("Oslo."));
        var talk = await stage.Kernel.Client.OpenConversationAsync(
            new ConversationOpen { SystemInstruction = "Be brief." }, Token);
        Assert.Equal("Rome.", (await talk.SayAsync("Name a city.", Token)).Content);
        var fork = await talk.ForkAsync(cancellationToken: Token);
        Assert.Equal("Paris.", (await talk.SayAsync("Another.", Token)).Content);

        var sent = Encoding.UTF8.GetString(stage.Server.Requests.Last().Body);
        foreach (var part in new[] { "Name a city.", "Rome.", "Another." })
        {
            Assert.Contains(part, sent, StringComparison.Ordinal);
        }

        Assert.Equal("Be brief.", stage.Wire.Read(stage.Server.Requests.Last()).System);
        Assert.Equal(
            ["Name a city.", "Rome.", "Another.", "Paris."],
            (await talk.MessagesAsync(Token)).Select(message => message.Content));

        // The fork knows nothing of what was said after it.
        await fork.SayAsync("And in the north?", Token);
        Assert.DoesNotContain(
            "Paris.", Encoding.UTF8.GetString(stage.Server.Requests.Last().Body), StringComparison.Ordinal);
        Assert.Equal(4, (await fork.MessagesAsync(Token)).Count);
        await fork.TruncateAsync(1, Token);
        Assert.Equal(["Name a city."], (await fork.MessagesAsync(Token)).Select(message => message.Content));
        Assert.Equal(4, (await talk.MessagesAsync(Token)).Count);
    }

    [Fact]
    public async Task A_stream_is_part_of_the_conversation_when_it_is_whole_and_a_failure_never()
    {
        await using var stage = await LoopbackProvider.StartAsync(
            "openai", new Scene.Answers("Hel", "lo."), new Scene.Cuts("Half"), new Scene.Fails(WireError.BadRequest));
        var talk = await stage.Kernel.Client.OpenConversationAsync(null, Token);
        StringBuilder text = new();
        await foreach (var piece in talk.Stream("Say hello.").WithCancellation(Token))
        {
            text.Append(piece);
        }

        Assert.Equal("Hello.", text.ToString());
        await Assert.ThrowsAsync<SyscallException>(() => talk.Stream("Again.").ToEndAsync(Token));
        await Assert.ThrowsAsync<SyscallException>(() => talk.SayAsync("Again.", Token));
        Assert.Equal(
            ["Say hello.", "Hello."], (await talk.MessagesAsync(Token)).Select(message => message.Content));
    }

    [Theory]
    [InlineData("gemini")]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task Arguments_too_deep_to_be_kept_cost_the_call_and_not_the_kernel(string provider)
    {
        var deep = $$"""{"a":{{new string('[', 40)}}{{new string(']', 40)}}}""";
        await using var stage = await LoopbackProvider.StartAsync(
            provider, new Scene.CallsTool("tool", deep), new Scene.Answers("Rome."));
        var talk = await stage.Kernel.Client.OpenConversationAsync(null, Token);

        var refused = await Assert.ThrowsAsync<SyscallException>(() => talk.SayAsync("Name a city.", Token));
        var answer = await talk.SayAsync("Name a city.", Token);

        Assert.Contains("27 levels", refused.Message, StringComparison.Ordinal);
        Assert.Equal("Rome.", answer.Content);
        Assert.Equal(2, (await talk.MessagesAsync(Token)).Count);
    }

    [Fact]
    public async Task A_conversation_is_shortened_by_itself_in_one_call_and_one_bill()
    {
        await using var stage = await LoopbackProvider.StartAsync(
            "openai", new Scene.Answers("The user likes cities."), new Scene.Answers("Oslo."));
        ChatMessage[] before = [.. Enumerable.Range(0, 20).Select(i => new ChatMessage(
            i % 2 == 0 ? ChatRole.User : ChatRole.Assistant) { Content = $"{i}: " + new string('a', 200) })];
        var talk = await stage.Kernel.Client.OpenConversationAsync(
            new ConversationOpen
            {
                SystemInstruction = "Be brief.",
                Messages = before,
                Compaction = new CompactionRule(512) { KeepMessages = 3, SummaryTokens = 64 },
            },
            Token);
        var reply = await talk.SayAsync("And now?", Token);
        Assert.Equal(("Oslo.", 2), (reply.Content, reply.Attempts));

        var summary = stage.Wire.Read(stage.Server.Requests.First());
        Assert.Equal(64, summary.TokensMax);
        Assert.Contains("[user] 16: aaa", summary.LastText, StringComparison.Ordinal);
        Assert.DoesNotContain("17: aaa", summary.LastText, StringComparison.Ordinal);
        var question = Encoding.UTF8.GetString(stage.Server.Requests.Last().Body);
        Assert.Contains("The user likes cities.", question, StringComparison.Ordinal);
        Assert.Contains("Be brief.", question, StringComparison.Ordinal);
        Assert.DoesNotContain("16: aaa", question, StringComparison.Ordinal);
        Assert.Contains("17: aaa", question, StringComparison.Ordinal);
        var messages = await talk.MessagesAsync(Token);
        Assert.Equal(6, messages.Count);
        Assert.StartsWith("Summary of the conversation", messages[0].Content, StringComparison.Ordinal);
        var host = (await stage.Kernel.Client.LlmAsync(null, Token)).Agents[0];
        Assert.Equal((1, reply.Usage), (host.Calls, host.Usage));
        var view = Assert.Single((await stage.Kernel.Client.ConversationListAsync(Token)).Conversations);
        Assert.Equal((1, 6, false), (view.Compactions, view.Messages, view.Busy));
    }

    [Fact]
    public async Task A_conversation_outlives_a_killed_kernel_and_what_was_never_answered_leaves_nothing()
    {
        await using var stage = await LoopbackProvider.StartAsync(
            "openai", new Scene.Answers("Rome."), new Scene.Stalls());
        var kernel = stage.Kernel;
        var talk = await kernel.Client.OpenConversationAsync(
            new ConversationOpen { Name = "cities", SystemInstruction = "Be brief." }, Token);
        await talk.SayAsync("Name a city.", Token);
        var fork = await talk.ForkAsync(1, Token);
        var lost = talk.SayAsync("Another.", Token);
        while (stage.Server.Requests.Count < 2)
        {
            await Task.Yield();
        }

        await kernel.CrashAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => lost);
        await kernel.BeginAsync();

        var again = new Conversation(kernel.Client, talk.Id);
        Assert.Equal(["Name a city.", "Rome."], (await again.MessagesAsync(Token)).Select(said => said.Content));
        Assert.Single(await new Conversation(kernel.Client, fork.Id).MessagesAsync(Token));
        var view = (await kernel.Client.ConversationListAsync(Token)).Conversations[0];
        Assert.Equal(("cities", 2, false), (view.Name, view.Messages, view.Busy));
        await again.CloseAsync(Token);
        var gone = await Assert.ThrowsAsync<SyscallException>(() => again.MessagesAsync(Token));
        Assert.Equal(SysErrorCode.NoSuchConversation, gone.Code);
        // What the fork shares is still there.
        Assert.Single(await new Conversation(kernel.Client, fork.Id).MessagesAsync(Token));
        Assert.True((await kernel.Client.ConversationOpenAsync(new ConversationOpen(), Token)).Conversation > fork.Id);
    }

    [Theory]
    [InlineData("gemini", true)]
    [InlineData("anthropic", true)]
    [InlineData("openai", false)]
    public async Task Tokens_are_counted_by_the_provider_or_said_to_be_estimated(string provider, bool isExact)
    {
        await using var stage = await LoopbackProvider.StartAsync(
            provider, new Scene.Wire(exchange => exchange.AnswerAsync(
                200, """{"totalTokens": 4711, "input_tokens": 4711}""")));
        var talk = await stage.Kernel.Client.OpenConversationAsync(
            new ConversationOpen { Messages = [new ChatMessage(ChatRole.User) { Content = "Name a city." }] }, Token);
        var count = await talk.CountTokensAsync("Another.", Token);
        Assert.Equal((isExact, "test-model-1"), (count.Exact, count.Model));
        Assert.Equal(isExact, count.Tokens == 4711);
        Assert.True(count.ContextTokens > 0);
    }

    [Fact]
    public async Task A_count_that_fails_is_an_estimate()
    {
        await using var stage = await LoopbackProvider.StartAsync("gemini", new Scene.Fails(WireError.ServerError));
        var talk = await stage.Kernel.Client.OpenConversationAsync(
            new ConversationOpen { Messages = [new ChatMessage(ChatRole.User) { Content = "Name a city." }] }, Token);
        Assert.False((await talk.CountTokensAsync(null, Token)).Exact);
    }

    [Fact]
    public async Task Agents_speak_in_their_own_conversations_alone()
    {
        await using var stage = await LoopbackProvider.StartAsync("openai", new Scene.Answers("Rome."));
        var kernel = stage.Kernel;
        var ours = await kernel.Client.OpenConversationAsync(null, Token);
        await ours.SayAsync("A secret.", Token);
        var agent = await kernel.SpawnPythonAsync(
            $$"""
            import asyncio, analemma
            with analemma.Kernel() as kernel:
                for attempt in (lambda: kernel.conversation(id={{ours.Id}}).messages(),
                                lambda: kernel.conversation(id={{ours.Id}}).say("Tell me."),
                                lambda: kernel.conversation(id={{ours.Id}}).fork(),
                                lambda: kernel.conversation(id={{ours.Id}}).close()):
                    try:
                        print(attempt())
                    except analemma.NoSuchConversation as refused:
                        print(refused.code)
                print(kernel.conversations())
                talk = kernel.conversation(system="Be brief.", name="mine")
                print(talk.say("Name a city."), [piece for piece in talk.stream("Again.")])
                print(len(talk.messages()), talk.tokens().exact, talk.fork(keep=1).truncate(0).messages)
                print([(each.name, each.messages, each.owner > 0) for each in kernel.conversations()])

            async def main():
                async with analemma.AsyncKernel() as kernel, kernel.conversation() as talk:
                    print(await talk.say("Name a city."), len(await talk.messages()))
            asyncio.run(main())
            """);
        Assert.True(
            (await kernel.WaitAsync(agent)).Exit!.Code == 0, await kernel.OutputAsync(agent));
        Assert.Equal(
            string.Concat(Enumerable.Repeat("no_such_conversation\n", 4)) + """
            []
            Rome. ['Rome.']
            4 False 0
            [('mine', 4, True), ('mine', 0, True)]
            Rome. 2

            """,
            await kernel.OutputAsync(agent));
        // The host sees what is left of the agent's, with its record.
        var all = (await kernel.Client.ConversationListAsync(Token)).Conversations;
        Assert.Equal(3, all.Count);
        Assert.Equal(4, (await new Conversation(kernel.Client, all[1].Conversation).MessagesAsync(Token)).Count);
    }

    [Fact]
    public async Task A_tool_loop_in_a_conversation_sends_only_what_is_new()
    {
        await using var stage = await LoopbackProvider.StartAsync(
            "openai", new Scene.CallsTool("add", """{"a":2,"b":2}"""), new Scene.Answers("Four."));
        var agent = await stage.Kernel.SpawnPythonAsync(
            """
            import analemma
            def add(a: int, b: int) -> int:
                "Adds two numbers."
                return a + b
            with analemma.Kernel() as kernel, kernel.conversation() as talk:
                print(talk.say("Add 2 and 2.", tools=[add]))
                print([message["role"] for message in talk.messages()])
            """);
        Assert.Equal(0, (await stage.Kernel.WaitAsync(agent)).Exit!.Code);
        Assert.Equal("Four.\n['user', 'assistant', 'tool', 'assistant']\n", await stage.Kernel.OutputAsync(agent));
        Assert.Equal("4", stage.Wire.Read(stage.Server.Requests.Last()).ToolResult);
    }

    [Fact]
    public async Task What_is_wrong_with_a_request_is_told()
    {
        await using var stage = await LoopbackProvider.StartAsync("openai", new Scene.Answers("Rome."));
        var kernel = stage.Kernel.Client;
        Task<SysErrorCode> CodeAsync(Func<Task> ask) =>
            Assert.ThrowsAsync<SyscallException>(ask).ContinueWith(
                refused => refused.Result.Code, Token, TaskContinuationOptions.None, TaskScheduler.Default);

        Assert.Equal(
            SysErrorCode.NoSuchModel,
            await CodeAsync(() => kernel.ConversationOpenAsync(new ConversationOpen { Model = "nope" }, Token)));
        Assert.Equal(
            SysErrorCode.InvalidArgument,
            await CodeAsync(() => kernel.ConversationOpenAsync(
                new ConversationOpen { Compaction = new CompactionRule(1) }, Token)));
        Assert.Equal(
            SysErrorCode.NoSuchConversation,
            await CodeAsync(() => kernel.ThinkAsync(Hello with { Conversation = 99 }, Token)));
        var talk = await kernel.OpenConversationAsync(null, Token);
        Assert.Equal(
            SysErrorCode.InvalidArgument, await CodeAsync(() => talk.SayAsync((string?)null, Token)));
        Assert.Equal(SysErrorCode.InvalidArgument, await CodeAsync(() => talk.AppendAsync([], Token)));
        Assert.Equal(0, (await talk.CompactAsync(1, Token)).Replaced);
        Assert.Empty(stage.Server.Requests);
    }
}
