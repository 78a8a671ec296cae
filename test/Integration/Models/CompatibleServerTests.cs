using Analemma.Models;
using Microsoft.Extensions.AI;

namespace Analemma.Integration.Tests.Models;

/// <summary>
/// What servers beside the three providers answer, and what the providers answer beside the usual. Shapes from
/// https://docs.ollama.com/api/errors, https://docs.vllm.ai (OpenAI-compatible server),
/// https://github.com/ggml-org/llama.cpp (tools/server/README.md), https://platform.openai.com/docs/guides/error-codes.
/// </summary>
public sealed class CompatibleServerTests
{
    [Theory]
    [InlineData(404, """{"error":"model 'x' not found"}""", ModelCallReason.UnknownModel, "model 'x' not found")]
    [InlineData(404, """{"object":"error","message":"No model `x`.","type":"NotFoundError","code":404}""",
        ModelCallReason.UnknownModel, "No model `x`")]
    [InlineData(400, """{"error":{"code":400,"message":"too big","type":"exceed_context_size_error","n_ctx":4096}}""",
        ModelCallReason.PromptTooLong, "too big")]
    [InlineData(400, """{"object":"error","message":"The model's maximum context length is 4096.","code":400}""",
        ModelCallReason.PromptTooLong, "4096")]
    [InlineData(504, "<html>Gateway Time-out</html>", ModelCallReason.TimedOut, "no message")]
    [InlineData(408, "", ModelCallReason.TimedOut, "no message")]
    [InlineData(413, "", ModelCallReason.PromptTooLong, "no message")]
    [InlineData(422, """{"error":{"message":"bad","type":"api_error"}}""", ModelCallReason.BadRequest, "bad")]
    [InlineData(502, "", ModelCallReason.Overloaded, "no message")]
    [InlineData(400, """{"error":{"message":"no","type":"invalid_request_error","code":"content_policy_violation"}}""",
        ModelCallReason.ContentBlocked, "no")]
    [InlineData(418, "[]", ModelCallReason.BadRequest, "no message")]
    public async Task Each_servers_error_is_read(int status, string body, ModelCallReason reason, string detail)
    {
        await using var stage = Answering("openai", status, body);

        var failure = await stage.FailAsync();

        Assert.Equal((reason, status), (failure.Reason, failure.HttpStatus));
        Assert.Contains(detail, failure.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_without_money_is_not_worth_a_retry()
    {
        await using var stage = Answering(
            "openai", 429, """{"error":{"message":"You exceeded your current quota.","code":"insufficient_quota"}}""");

        var failure = await stage.FailAsync();

        Assert.Equal((ModelCallReason.RateLimited, false), (failure.Reason, failure.CanRetry));
    }

    [Theory]
    [InlineData("openai", """
        {"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop",
         "message":{"role":"assistant","content":null,"refusal":"I cannot."}}]}
        """)]
    [InlineData("openai", """
        {"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,
         "finish_reason":"content_filter","message":{"role":"assistant","content":""}}]}
        """)]
    [InlineData("anthropic", """
        {"id":"1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":"refusal",
         "stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}
        """)]
    public async Task An_answer_that_is_wholly_withheld_is_content_blocked(string provider, string body)
    {
        await using var stage = Answering(provider, 200, body);

        var failure = await stage.FailAsync();

        Assert.Equal((ModelCallReason.ContentBlocked, false), (failure.Reason, failure.CanRetry));
    }

    [Fact]
    public async Task An_error_that_is_too_long_is_cut_and_one_that_never_ends_is_not_waited_for()
    {
        await using var long1 = Answering("openai", 400, $$$"""{"error":{"message":"{{{new string('x', 9000)}}}"}}""");
        Assert.Equal(501, (await long1.FailAsync()).Detail.Length);

        var clock = new StepClock();
        await using var endless = Stage.Open(
            "openai",
            new Scene.Wire(async exchange =>
            {
                await exchange.WriteAsync("HTTP/1.1 503 Busy\r\nContent-Length: 100\r\n\r\nhalf");
                await exchange.StallAsync();
            }),
            clock,
            options => options with { Timeouts = new() { BetweenChunks = TimeSpan.FromSeconds(7) } });
        var call = endless.FailAsync();
        await clock.PassUntilDoneAsync(TimeSpan.FromSeconds(7), call);

        Assert.Equal((ModelCallReason.Overloaded, 503), ((await call).Reason, (await call).HttpStatus));
    }

    [Theory]
    [InlineData("openai", """{"type":"function","function":{"name":"tool"}}""")]
    [InlineData("anthropic", """{"type":"tool","name":"tool"}""")]
    public async Task One_tool_may_be_required(string provider, string choice)
    {
        await using var stage = Stage.Open(provider, new Scene.CallsTool("tool", "{}"));

        await stage.AskAsync(new ChatOptions
        {
            Tools = [AIFunctionFactory.CreateDeclaration("tool", "", System.Text.Json.JsonElement.Parse(
                """{"type":"object","properties":{},"required":[]}"""))],
            ToolMode = ChatToolMode.RequireSpecific("tool"),
        });

        var sent = stage.Server!.Requests.Last().Json.GetProperty("tool_choice").GetRawText();
        Assert.Equal(choice, sent);
    }

    private static Stage Answering(string provider, int status, string body) =>
        Stage.Open(provider, new Scene.Wire(exchange => exchange.AnswerAsync(status, body)));
}
