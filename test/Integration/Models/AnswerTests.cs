using System.Text.Json;
using Analemma.Models;
using Analemma.Models.Simulated;
using Microsoft.Extensions.AI;

namespace Analemma.Integration.Tests.Models;

/// <summary>What a caller asks reaches every provider, and what it answers reaches the caller.</summary>
public sealed class AnswerTests
{
    private const string Weather = "weather_of";

    private static readonly AIFunctionDeclaration WeatherTool = AIFunctionFactory.CreateDeclaration(
        Weather,
        "The weather of a city.",
        JsonDocument.Parse(
            """
            {"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}
            """)
            .RootElement);

    public static TheoryData<string, bool> Both => new(
        from provider in (string[])["gemini", "openai", "anthropic", "sim"]
        from isStream in (bool[])[false, true]
        select (provider, isStream));

    public static TheoryData<string> All => new("gemini", "openai", "anthropic", "sim");

    public static TheoryData<string> OnTheWire => new("gemini", "openai", "anthropic");

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_answer_comes_with_its_text_finish_reason_usage_and_labels(string provider, bool isStream)
    {
        await using var stage = Stage.Open(provider, new Scene.Answers("It is", " fine", " today."));

        var response = await stage.AskAsync(isStream);

        Assert.Equal("It is fine today.", response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        var usage = ModelUsage.Of(response);
        Assert.False(usage.IsEstimated);
        Assert.True(usage.InputTokens > 0 && usage.OutputTokens > 0);
        if (provider != "sim")
        {
            Assert.Equal(new ModelUsage(12, 8, 4, false), usage);
        }

        var labels = Assert.Single(response.Messages).AdditionalProperties!;
        Assert.Equal(provider, labels[AnswerLabels.Provider]);
        Assert.Equal(provider == "sim", labels.ContainsKey(AnswerLabels.Simulated));
        Assert.Equal(provider == "sim", response.ModelId == "sim");
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Pieces_come_one_by_one_and_the_last_update_alone_has_usage_and_finish_reason(string provider)
    {
        await using var stage = Stage.Open(provider, new Scene.Answers("alpha", " beta", " gamma"));

        var updates = await stage.StreamAsync();

        Assert.Equal(["alpha", " beta", " gamma", ""], updates.Select(update => update.Text));
        Assert.All(updates.SkipLast(1), update => Assert.Null(update.FinishReason));
        Assert.All(updates, update => Assert.Equal(provider, update.AdditionalProperties![AnswerLabels.Provider]));
        Assert.Equal(ChatFinishReason.Stop, updates[^1].FinishReason);
        Assert.IsType<UsageContent>(Assert.Single(updates[^1].Contents));
    }

    [Theory]
    [MemberData(nameof(OnTheWire))]
    public async Task The_request_carries_model_instructions_limit_and_key_where_they_belong(string provider)
    {
        await using var stage = Stage.Open(provider, new Scene.Answers("Yes."));

        ChatMessage[] before = [new(ChatRole.User, "First."), new(ChatRole.Assistant, "Second.")];
        await stage.AskAsync(false, [.. before, .. Calls.Hello], new()
        {
            Instructions = "Be brief.",
            ModelId = "other-model",
            MaxOutputTokens = 77,
        });

        Assert.Equal("Be brief.", stage.Asked!.System);
        Assert.Equal("Hello?", stage.Asked.LastText);
        Assert.Equal("other-model", stage.Asked.Model);
        Assert.Equal(77, stage.Asked.TokensMax);
        Assert.False(stage.Asked.IsStream);
        var request = Assert.Single(stage.Server!.Requests);
        var header = Wire.ProviderWire.Of(provider).KeyHeader;
        var withKey = request.Headers.Where(each => each.Value.Contains(Stage.Canary)).Select(each => each.Key);
        Assert.Equal([header], withKey, StringComparer.OrdinalIgnoreCase);
        Assert.DoesNotContain(Stage.Canary, request.Path, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_tool_is_called_and_its_result_goes_back_to_the_same_call(string provider, bool isStream)
    {
        await using var stage = Stage.Open(provider, new Scene.CallsTool(Weather, """{"city":"Åarhus"}"""));
        var options = new ChatOptions { Tools = [WeatherTool], ToolMode = ChatToolMode.Auto };

        var response = await stage.AskAsync(isStream, null, options);

        var contents = response.Messages.SelectMany(message => message.Contents);
        var call = Assert.Single(contents.OfType<FunctionCallContent>());
        Assert.Equal(ChatFinishReason.ToolCalls, response.FinishReason);
        Assert.Equal(Weather, call.Name);
        Assert.Equal("Åarhus", call.Arguments!["city"]!.ToString());
        Assert.NotEmpty(call.CallId);
        await stage.AskAsync(isStream, [.. Calls.Hello, .. response.Messages,
            new(ChatRole.Tool, [new FunctionResultContent(call.CallId, "rain")])], options);
        if (stage.Asked is { } asked)
        {
            Assert.Equal([Weather], asked.Tools);
            Assert.Contains("rain", asked.ToolResult, StringComparison.Ordinal);
            // Gemini knows a call by its function's name, the others by an id.
            Assert.Equal(provider == "gemini" ? Weather : call.CallId, asked.ToolResultFor);
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_response_schema_reaches_the_model(string provider, bool isStream)
    {
        await using var stage = Stage.Open(provider, new Scene.Answers("""{"city":"Oslo"}"""));
        var format = ChatResponseFormat.ForJsonSchema(WeatherTool.JsonSchema, "place");

        var response = await stage.AskAsync(isStream, null, new ChatOptions { ResponseFormat = format });

        Assert.Equal("""{"city":"Oslo"}""", response.Text);
        if (stage.Asked is { } asked)
        {
            Assert.Equal("string", asked.Schema!.Value.GetProperty("properties").GetProperty("city")
                .GetProperty("type").GetString());
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task An_image_goes_inline(string provider)
    {
        await using var stage = Stage.Open(provider, new Scene.Answers("A cat."));
        byte[] image = [0x89, 0x50, 0x4E, 0x47, 0, 255, 1];

        await stage.AskAsync(
            false, [new(ChatRole.User, [new TextContent("What?"), new DataContent(image, "image/png")])]);

        if (stage.Asked is { } asked)
        {
            Assert.Equal(Convert.ToBase64String(image), asked.ImageBase64);
            Assert.Equal("image/png", asked.ImageType);
        }
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Where_no_usage_is_reported_it_is_estimated_and_says_so(string provider, bool isStream)
    {
        Assert.SkipWhen(provider is "sim", "The simulated model always counts.");
        Assert.SkipWhen(provider is "anthropic", "Its usage is not optional; see the next test.");
        await using var stage = Stage.Open(provider, new Scene.Answers("Twel", "ve", " bytes") { HasUsage = false });

        var usage = ModelUsage.Of(await stage.AskAsync(isStream));

        Assert.True(usage.IsEstimated);
        Assert.Equal(3, usage.OutputTokens);
        Assert.Equal(TokenEstimate.Of(Calls.Hello), usage.InputTokens);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Many_calls_at_once_each_get_their_own_answer(string provider, bool isStream)
    {
        await using var stage = Stage.Open(provider, new Scene.Wire(exchange =>
        {
            var wire = Wire.ProviderWire.Of(provider);
            return new Scene.Answers("You said ", wire.Read(exchange.Request).LastText).PlayAsync(wire, exchange);
        }), change: options => options with
        {
            Simulated = options.Simulated with { Rules = [new("(.*)", new SimulatedAnswer.Text("You said $1"))] },
        });

        var all = await Task.WhenAll(Enumerable.Range(0, 100).Select(
            number => stage.AskAsync(isStream, [new(ChatRole.User, $"number {number}")])));

        Assert.Equal(
            Enumerable.Range(0, 100).Select(number => $"You said number {number}"), all.Select(each => each.Text));
    }

    /// <summary>The documentation has it in every message, and the package refuses one without.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_of_Anthropics_without_usage_is_malformed(bool isStream)
    {
        await using var stage = Stage.Open("anthropic", new Scene.Answers("Twelve bytes") { HasUsage = false });

        Assert.Equal(ModelCallReason.MalformedAnswer, (await stage.FailAsync(isStream)).Reason);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task A_prompt_of_a_mebibyte_arrives_whole(string provider, bool isStream)
    {
        await using var stage = Stage.Open(provider, new Scene.Answers("Read."));
        var prompt = string.Concat(Enumerable.Repeat("0123456789abcde\n", 65_536));

        var response = await stage.AskAsync(isStream, [new(ChatRole.User, prompt)]);

        Assert.Equal("Read.", response.Text);
        Assert.True(stage.Asked is null || stage.Asked.LastText == prompt);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task Every_kind_of_character_survives_both_ways(string provider, bool isStream)
    {
        const string Text = "naïve 日本語 𝄞 👩‍👩‍👧 \u0000\u2028\"\\/";
        await using var stage = Stage.Open(provider, new Scene.Answers(Text, "🜁"));

        var response = await stage.AskAsync(isStream, [new(ChatRole.User, Text)]);

        Assert.Equal(Text + "🜁", response.Text);
        Assert.True(stage.Asked is null || stage.Asked.LastText == Text);
    }
}
