using System.Text.Json;
using Analemma.Models;
using Microsoft.Extensions.AI;

namespace Analemma.Integration.Tests.Models;

/// <summary>What only Gemini has, by its documentation (see <see cref="Wire.GeminiWire"/> for the addresses).</summary>
public sealed class GeminiTests
{
    [Theory]
    [InlineData("SAFETY", ModelCallReason.ContentBlocked)]
    [InlineData("RECITATION", ModelCallReason.ContentBlocked)]
    [InlineData("PROHIBITED_CONTENT", ModelCallReason.ContentBlocked)]
    [InlineData("MALFORMED_FUNCTION_CALL", ModelCallReason.MalformedAnswer)]
    public async Task An_empty_answer_fails_by_its_finish_reason(string finish, ModelCallReason reason)
    {
        await using var stage = Answering($$$"""{"candidates":[{"finishReason":"{{{finish}}}","index":0}]}""");

        Assert.Equal(reason, (await stage.FailAsync()).Reason);
    }

    [Fact]
    public async Task A_blocked_prompt_is_content_blocked()
    {
        await using var stage = Answering("""{"promptFeedback":{"blockReason":"SAFETY"}}""");

        var failure = await stage.FailAsync();

        Assert.Equal(ModelCallReason.ContentBlocked, failure.Reason);
        Assert.Contains("(SAFETY)", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_said_before_the_filter_is_kept()
    {
        await using var stage = Answering(
            """{"candidates":[{"content":{"parts":[{"text":"Once"}],"role":"model"},"finishReason":"SAFETY"}]}""");

        var response = await stage.AskAsync();

        Assert.Equal(("Once", ChatFinishReason.ContentFilter), (response.Text, response.FinishReason));
    }

    [Fact]
    public async Task Thoughts_are_reasoning_and_signatures_go_back()
    {
        await using var stage = Answering(
            """
            {"candidates":[{"content":{"parts":[
              {"text":"Hm.","thought":true,"thoughtSignature":"dGhvdWdodA=="},
              {"functionCall":{"name":"tool","args":{}},"thoughtSignature":"Y2FsbA=="}],"role":"model"},"finishReason":"STOP"}]}
            """);

        var response = await stage.AskAsync();
        var contents = response.Messages[0].Contents;
        var call = Assert.IsType<FunctionCallContent>(contents[1]);
        await stage.AskAsync(false, [.. Calls.Hello, .. response.Messages,
            new(ChatRole.Tool, [new FunctionResultContent(call.CallId, 7)])]);

        Assert.Equal("Hm.", Assert.IsType<TextReasoningContent>(contents[0]).Text);
        Assert.Equal("", response.Text);
        var parts = stage.Server!.Requests.Last().Json.GetProperty("contents")[1].GetProperty("parts");
        Assert.Equal("dGhvdWdodA==", parts[0].GetProperty("thoughtSignature").GetString());
        Assert.Equal("Y2FsbA==", parts[1].GetProperty("thoughtSignature").GetString());
        // The model gave no id, so it is sent none.
        Assert.False(parts[1].GetProperty("functionCall").TryGetProperty("id", out _));
        Assert.Equal(7, stage.Server.Requests.Last().Json.GetProperty("contents")[2].GetProperty("parts")[0]
            .GetProperty("functionResponse").GetProperty("response").GetProperty("output").GetInt32());
    }

    [Theory]
    [InlineData("gemini-2.5-flash", ReasoningEffort.None, """{"thinkingBudget":0}""")]
    [InlineData("gemini-2.5-flash", ReasoningEffort.Medium, """{"thinkingBudget":8192}""")]
    [InlineData("gemini-3-pro", ReasoningEffort.Low, """{"thinkingLevel":"low"}""")]
    public async Task Thinking_is_a_budget_or_a_level_by_the_models_generation(
        string model, ReasoningEffort effort, string config)
    {
        await using var stage = Stage.Open("gemini", new Scene.Answers("Yes."));

        await stage.AskAsync(new ChatOptions { ModelId = model, Reasoning = new() { Effort = effort } });

        Assert.Equal(config, stage.Server!.Requests.Last().Json.GetProperty("generationConfig")
            .GetProperty("thinkingConfig").GetRawText());
    }

    [Theory]
    [InlineData("""{"type":["string","null"],"maxLength":3}""", """{"nullable":true,"type":"string","maxLength":3}""")]
    [InlineData("""{"$schema":"x","type":"array","items":{"type":"integer"}}""",
        """{"type":"array","items":{"type":"integer"}}""")]
    public async Task A_schema_is_put_into_Geminis_own_form(string schema, string sent)
    {
        Assert.Equal(sent, (await SchemaSentAsync(schema)).GetProperty("responseSchema").GetRawText());
    }

    [Theory]
    [InlineData("""{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}""")]
    [InlineData("""{"type":"object","additionalProperties":{"type":"string"}}""")]
    public async Task A_schema_that_its_form_lacks_words_for_is_sent_as_it_is(string schema)
    {
        var config = await SchemaSentAsync(schema);

        Assert.Equal(schema, config.GetProperty("responseJsonSchema").GetRawText());
        Assert.False(config.TryGetProperty("responseSchema", out _));
    }

    [Theory]
    [InlineData("auto", """{"functionCallingConfig":{"mode":"AUTO"}}""")]
    [InlineData("none", """{"functionCallingConfig":{"mode":"NONE"}}""")]
    [InlineData("any", """{"functionCallingConfig":{"mode":"ANY"}}""")]
    [InlineData("tool", """{"functionCallingConfig":{"mode":"ANY","allowedFunctionNames":["tool"]}}""")]
    public async Task How_tools_may_be_used_is_said(string mode, string config)
    {
        await using var stage = Stage.Open("gemini", new Scene.Answers("Yes."));
        var tool = AIFunctionFactory.CreateDeclaration("tool", "", JsonElement.Parse("""{"type":"object"}"""));

        await stage.AskAsync(new ChatOptions
        {
            Tools = [tool],
            ToolMode = mode switch
            {
                "auto" => ChatToolMode.Auto,
                "none" => ChatToolMode.None,
                "any" => ChatToolMode.RequireAny,
                _ => ChatToolMode.RequireSpecific(mode),
            },
        });

        var request = stage.Server!.Requests.Last().Json;
        Assert.Equal(config, request.GetProperty("toolConfig").GetRawText());
        var declared = request.GetProperty("tools")[0].GetProperty("functionDeclarations")[0];
        Assert.False(declared.TryGetProperty("parameters", out _));
    }

    [Fact]
    public async Task Tokens_are_counted_by_the_provider()
    {
        await using var stage = Answering("""{"totalTokens":31}""");

        var count = await stage.Drivers.CountTokensAsync(
            "gemini", Calls.Hello, new ChatOptions { Instructions = "Be brief." }, Calls.Token);

        Assert.Equal(new TokenCount(31, false), count);
        var request = Assert.Single(stage.Server!.Requests);
        Assert.Equal($"/v1beta/models/{Stage.Model}:countTokens", request.Path);
        var asked = request.Json.GetProperty("generateContentRequest");
        Assert.Equal($"models/{Stage.Model}", asked.GetProperty("model").GetString());
        var system = asked.GetProperty("systemInstruction").GetProperty("parts")[0];
        Assert.Equal("Be brief.", system.GetProperty("text").GetString());
    }

    [Fact]
    public async Task Where_a_provider_does_not_count_the_count_is_an_estimate()
    {
        await using var stage = Stage.Open("openai", new Scene.Answers("Yes."));

        var count = await stage.Drivers.CountTokensAsync("openai", Calls.Hello, null, Calls.Token);

        Assert.True(count.IsEstimated);
        Assert.Empty(stage.Server!.Requests);
    }

    [Theory]
    [InlineData("/gateway", "/gateway/v1beta/models/m:generateContent")]
    [InlineData("/v1beta/", "/v1beta/models/m:generateContent")]
    public async Task A_base_url_may_have_a_path(string path, string asked)
    {
        await using var stage = Stage.Open("gemini", new Scene.Answers("Yes."), change: options => options with
        {
            BaseUrl = new Uri(options.BaseUrl!, path),
        });

        await stage.AskAsync(new ChatOptions { ModelId = "m" });

        Assert.Equal(asked, Assert.Single(stage.Server!.Requests).Path);
    }

    private static Stage Answering(string body) =>
        Stage.Open("gemini", new Scene.Wire(exchange => exchange.AnswerAsync(200, body)));

    private static async Task<JsonElement> SchemaSentAsync(string schema)
    {
        await using var stage = Stage.Open("gemini", new Scene.Answers("1"));
        var format = ChatResponseFormat.ForJsonSchema(JsonElement.Parse(schema));
        await stage.AskAsync(new ChatOptions { ResponseFormat = format });
        var config = stage.Server!.Requests.Last().Json.GetProperty("generationConfig");
        Assert.Equal("application/json", config.GetProperty("responseMimeType").GetString());
        return config;
    }
}
