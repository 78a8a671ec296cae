using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Client.Tools;

namespace Analemma.Unit.Tests.Client;

/// <summary>The tool loop against a kernel whose model says what the test has written.</summary>
public sealed class ToolLoopTests
{
    private const string Add = """{"id":"c1","name":"add","arguments":{"a":2,"b":3},"signature":"sig"}""";

    private static readonly CancellationToken None = TestContext.Current.CancellationToken;

    private static readonly Tool Adding = Tool.From((int a, int b) => a + b, new() { Name = "add" });

    private static readonly Think Question = new() { Prompt = "Add 2 and 3.", Temperature = 0.5 };

    private readonly List<Think> _asked = [];

    [Fact]
    public async Task The_loop_calls_the_tool_and_gives_its_result_and_the_signature_back()
    {
        await using var kernel = Model($"[{Add}]", "It is 5.");
        await using var client = await KernelClient.ConnectAsync(kernel.SocketPath, cancellationToken: None);

        var run = await client.RunToolsAsync(Question, [Adding], cancellationToken: None);

        Assert.Equal(("It is 5.", 2), (run.Answer.Content, run.Steps));
        Assert.Equal("5", Assert.Single(run.Results).Content);
        Assert.Equal([0.5, 0.5], _asked.Select(think => think.Temperature));
        Assert.Equal("add", Assert.Single(_asked[0].Tools!).Name);
        Assert.Equal(
            [ChatRole.User, ChatRole.Assistant, ChatRole.Tool, ChatRole.Assistant],
            run.Messages.Select(each => each.Role));
        Assert.Equal("sig", Assert.Single(_asked[1].Messages![1].ToolCalls!).Signature);
        Assert.Equal(("c1", "5"), (_asked[1].Messages![2].ToolCallId, _asked[1].Messages![2].Content));
    }

    [Fact]
    public async Task The_loop_streams_text_calls_and_results()
    {
        await using var kernel = Model($"[{Add}]", "It is 5.");
        await using var client = await KernelClient.ConnectAsync(kernel.SocketPath, cancellationToken: None);

        var stream = client.RunTools(Question, [Adding]);
        List<ToolEvent> events = [];
        await foreach (var each in stream.WithCancellation(None))
        {
            events.Add(each);
        }

        Assert.Equal(["Called", "Ended", "Text", "Text"], events.Select(each => each.GetType().Name));
        Assert.Equal("It is 5.", stream.Reply.Answer.Content);
        Assert.True(_asked[1].Stream);
    }

    [Fact]
    public async Task Errors_go_to_the_model_and_the_loop_goes_on()
    {
        await using var kernel = Model("""[{"id":"c1","name":"add"},{"id":"c2","name":"nothing"}]""", "I give up.");
        await using var client = await KernelClient.ConnectAsync(kernel.SocketPath, cancellationToken: None);

        var run = await client.RunToolsAsync(Question, [Adding], cancellationToken: None);

        Assert.Equal(
            [
                "error: the arguments of add are wrong: a is missing; it must be integer; "
                    + "b is missing; it must be integer",
                "error: there is no tool \"nothing\"; there are: add",
            ],
            run.Messages.Where(each => each.Role == ChatRole.Tool).Select(each => each.Content));
    }

    [Fact]
    public async Task The_step_limit_is_typed_and_the_last_calls_are_not_run()
    {
        var ran = 0;
        var tool = Tool.From((int a, int b) => ran++, new() { Name = "add" });
        await using var kernel = Model([.. Enumerable.Repeat($"[{Add}]", 9)]);
        await using var client = await KernelClient.ConnectAsync(kernel.SocketPath, cancellationToken: None);

        var limit = await Assert.ThrowsAsync<StepLimitReachedException>(
            () => client.RunToolsAsync(Question, [tool], new() { StepsMax = 3 }, None));
        Assert.Equal((2, 3, 6), (ran, limit.Run.Steps, limit.Run.Messages.Count));
        await Assert.ThrowsAsync<StepLimitReachedException>(
            () => client.RunTools(Question, [tool], new() { StepsMax = 1 }).ToEndAsync(None));
        Assert.Equal(2, ran);
    }

    [Fact]
    public async Task Calls_of_one_answer_run_at_once_when_asked_and_keep_their_order()
    {
        using var both = new Barrier(2);
        var meet = Tool.From(
            (int n) =>
            {
                both.SignalAndWait(None);
                return n;
            },
            new() { Name = "meet" });
        await using var kernel = Model(
            """[{"id":"c1","name":"meet","arguments":{"n":1}},{"id":"c2","name":"meet","arguments":{"n":2}}]""",
            "Done.");
        await using var client = await KernelClient.ConnectAsync(kernel.SocketPath, cancellationToken: None);

        var run = await client.RunToolsAsync(Question, [meet], new() { CallsAtOnce = 2 }, None);

        Assert.Equal(["1", "2"], run.Results.Select(result => result.Content));
    }

    [Fact]
    public async Task A_tool_that_is_only_described_is_the_callers_to_run()
    {
        await using var kernel = Model("""[{"id":"c1","name":"mine"}]""");
        await using var client = await KernelClient.ConnectAsync(kernel.SocketPath, cancellationToken: None);

        var run = await client.RunToolsAsync(
            Question with { Tools = [new ToolDefinition("mine")] }, [Adding], cancellationToken: None);

        Assert.Equal("mine", Assert.Single(run.Answer.ToolCalls!).Name);
        Assert.Empty(run.Results);
        await Assert.ThrowsAsync<ArgumentException>(
            () => client.RunToolsAsync(Question, [Adding, Adding], cancellationToken: None));
        await Assert.ThrowsAsync<ArgumentException>(
            () => client.RunToolsAsync(Question with { Messages = [] }, [Adding], cancellationToken: None));
    }

    /// <summary>Answers in turn: a text, or an array of tool calls.</summary>
    private FakeKernel Model(params string[] answers)
    {
        var next = 0;
        return new FakeKernel(request =>
        {
            var think = JsonSerializer.Deserialize(request.Payload, AbiJsonContext.Default.Think)!;
            _asked.Add(think);
            var said = answers[next++];
            var calls = said[0] == '[' ? $",\"tool_calls\":{said}" : "";
            var text = said[0] == '[' ? "" : said;
            if (think.Stream == true && text.Length > 0)
            {
                request.Piece(System.Text.Encoding.UTF8.GetBytes(text[..2]));
                request.Piece(System.Text.Encoding.UTF8.GetBytes(text[2..]));
                text = "";
            }

            request.Reply($$"""{"content":"{{text}}","model":"sim","tokens":3{{calls}}}""");
        });
    }
}
