using System.Text.Json;
using Analemma.Models;
using Analemma.Models.Simulated;
using Microsoft.Extensions.AI;

namespace Analemma.Integration.Tests.Models;

/// <summary>The simulated model: the same for the same seed, fitting what was asked, and as slow as it says.</summary>
public sealed class SimulatedModelTests
{
    private static readonly JsonElement Schema = JsonElement.Parse(
        """
        {"type":"object","required":["name","age","tags","mood","home"],"properties":{
          "name":{"type":"string","minLength":3,"maxLength":4},"age":{"type":"integer","minimum":18,"maximum":21},
          "tags":{"type":"array","items":{"type":"string"},"minItems":2,"maxItems":2},
          "mood":{"enum":["calm","glad"]},"home":{"$ref":"#/$defs/home"},"on":{"type":["boolean","null"]}},
         "$defs":{"home":{"type":"object","required":["city"],"properties":{"city":{"const":"Oslo"}}}}}
        """);

    [Fact]
    public async Task The_same_request_and_seed_give_the_same_answer_and_others_give_others()
    {
        var texts = new HashSet<string>();
        foreach (var seed in (ulong[])[1, 1, 2])
        {
            using var drivers = Open(new() { Seed = seed });
            texts.Add((await AskAsync(drivers, "Tell me something.")).Text);
            texts.Add((await AskAsync(drivers, "Tell me more.")).Text);
        }

        Assert.Equal(4, texts.Count);
        Assert.All(texts, text => Assert.StartsWith("This is a simulated answer.", text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Json_fits_its_schema()
    {
        for (var seed = 0UL; seed < 50; seed++)
        {
            using var drivers = Open(new() { Seed = seed });
            var answer = JsonElement.Parse((await AskAsync(drivers, "Who?", new()
            {
                ResponseFormat = ChatResponseFormat.ForJsonSchema(Schema),
            })).Text);

            Assert.InRange(answer.GetProperty("name").GetString()!.Length, 3, 4);
            Assert.InRange(answer.GetProperty("age").GetInt32(), 18, 21);
            Assert.Equal(2, answer.GetProperty("tags").GetArrayLength());
            Assert.Contains(answer.GetProperty("mood").GetString(), (string[])["calm", "glad"]);
            Assert.Equal("Oslo", answer.GetProperty("home").GetProperty("city").GetString());
        }
    }

    [Theory]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":2000000000}""")]
    [InlineData("""{"$ref":"#"}""")]
    [InlineData("""{"$ref":"#/nowhere"}""")]
    [InlineData("""{"enum":3}""")]
    [InlineData("""{"type":"array","minItems":500,"items":{"type":"array","minItems":500,"items":{}}}""")]
    public async Task A_schema_that_cannot_be_filled_is_a_bad_request(string schema)
    {
        using var drivers = Open(new());

        var failure = await Assert.ThrowsAsync<ModelCallException>(() => AskAsync(drivers, "Who?", new()
        {
            ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse(schema)),
        }));

        Assert.Equal(ModelCallReason.BadRequest, failure.Reason);
    }

    [Theory]
    [InlineData("""{"type":"string","minLength":2000000000}""")]
    [InlineData("""{"type":"integer","minimum":1e300}""")]
    [InlineData("""{"type":"number","minimum":5,"maximum":-5}""")]
    [InlineData("""{"type":"integer","maximum":-1000}""")]
    public async Task An_extreme_schema_costs_no_more_than_another(string schema)
    {
        using var drivers = Open(new());

        var answer = await AskAsync(drivers, "Who?", new()
        {
            ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse(schema)),
            MaxOutputTokens = 100_000,
        });

        Assert.InRange(JsonElement.Parse(answer.Text).GetRawText().Length, 1, 11_000);
    }

    [Fact]
    public async Task Scripts_answer_in_order_with_what_their_pattern_matched()
    {
        using var drivers = Open(new()
        {
            Rules =
            [
                new("^add (?<a>\\d+) and (\\d+)$", new SimulatedAnswer.ToolCall("add", """{"a":${a},"b":$1}""")),
                new("my name is (\\w+)", new SimulatedAnswer.Text("Hello, $1!")),
            ],
        });

        Assert.Equal("Hello, Ada!", (await AskAsync(drivers, "Well, my name is Ada.")).Text);
        var response = await AskAsync(drivers, "add 2 and 3");
        var call = Assert.IsType<FunctionCallContent>(Assert.Single(response.Messages[0].Contents));
        Assert.Equal(("add", "2", "3"), (call.Name, $"{call.Arguments!["a"]}", $"{call.Arguments["b"]}"));
    }

    [Fact]
    public async Task A_tool_that_the_prompt_names_is_called_and_its_result_told()
    {
        using var drivers = Open(new());
        var options = new ChatOptions { Tools = [AIFunctionFactory.CreateDeclaration("lookup", "Looks up.", Schema)] };

        var first = await AskAsync(drivers, "Please lookup it.", options);
        var call = Assert.IsType<FunctionCallContent>(Assert.Single(first.Messages[0].Contents));
        var second = await drivers.Open("sim").GetResponseAsync(
            [new(ChatRole.User, "Please lookup it."), .. first.Messages,
                new(ChatRole.Tool, [new FunctionResultContent(call.CallId, "forty-two")])],
            options,
            Calls.Token);
        var other = await AskAsync(drivers, "Hello.", options);

        Assert.Equal("Oslo", ((JsonElement)call.Arguments!["home"]!).GetProperty("city").GetString());
        Assert.Contains("forty-two", second.Text, StringComparison.Ordinal);
        Assert.StartsWith("This is a simulated answer.", other.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[[sim:429 retry-after=7]]", ModelCallReason.RateLimited, 429, 7)]
    [InlineData("[[sim:500]]", ModelCallReason.Overloaded, 500, null)]
    [InlineData("[[sim:503]]", ModelCallReason.Overloaded, 503, null)]
    [InlineData("[[sim:cut after=2]]", ModelCallReason.CutStream, null, null)]
    public async Task A_marker_in_the_prompt_causes_its_fault(
        string marker, ModelCallReason reason, int? status, int? retryAfter)
    {
        using var drivers = Open(new());

        var failure = await Assert.ThrowsAsync<ModelCallException>(() => AskAsync(drivers, $"Hello {marker}"));

        Assert.Equal((reason, status), (failure.Reason, failure.HttpStatus));
        Assert.Equal(retryAfter, failure.RetryAfter?.TotalSeconds);
        using var deaf = Open(new() { HasMarkers = false });
        await AskAsync(deaf, $"Hello {marker}");
    }

    [Fact]
    public async Task A_fault_may_pass_after_so_many_times()
    {
        using var drivers = Open(new());
        const string Prompt = "Hello [[sim:503 times=2]]";

        await Assert.ThrowsAsync<ModelCallException>(() => AskAsync(drivers, Prompt));
        await Assert.ThrowsAsync<ModelCallException>(() => AskAsync(drivers, Prompt));

        Assert.NotEmpty((await AskAsync(drivers, Prompt)).Text);
    }

    [Fact]
    public async Task Output_may_be_malformed_or_truncated()
    {
        using var drivers = Open(new());
        var options = new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(Schema) };

        var malformed = await AskAsync(drivers, "Who? [[sim:malformed]]", options);
        var truncated = await AskAsync(drivers, "Who? [[sim:truncated]]", options);

        Assert.ThrowsAny<JsonException>(() => JsonElement.Parse(malformed.Text));
        Assert.Equal(ChatFinishReason.Stop, malformed.FinishReason);
        Assert.ThrowsAny<JsonException>(() => JsonElement.Parse(truncated.Text));
        Assert.Equal(ChatFinishReason.Length, truncated.FinishReason);
    }

    [Fact]
    public async Task A_prompt_beyond_the_window_is_too_long_and_the_output_limit_holds()
    {
        using var drivers = Open(new() { ContextTokensMax = 20 });
        await AskAsync(drivers, "word word");

        var failure = await Assert.ThrowsAsync<ModelCallException>(
            () => AskAsync(drivers, string.Concat(Enumerable.Repeat("word ", 20))));
        var short1 = await AskAsync(drivers, "word", new() { MaxOutputTokens = 3 });

        Assert.Equal(ModelCallReason.PromptTooLong, failure.Reason);
        Assert.Equal((3L, ChatFinishReason.Length), (ModelUsage.Of(short1).OutputTokens, short1.FinishReason));
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("a word and internationalization", 7)]
    [InlineData("1234567 -- 👩‍👩‍👧 日本", 15)]
    public async Task Tokens_are_counted_the_same_everywhere_and_join_to_the_text(string text, int tokens)
    {
        Assert.Equal(tokens, SimulatedTokens.Count(text));
        Assert.Equal(text, string.Concat(SimulatedTokens.Split(text)));
        Assert.Equal(tokens, SimulatedTokens.Split(text).Count());
        using var drivers = Open(new());
        var prompt = new ChatMessage(ChatRole.User, text);

        var counted = await drivers.CountTokensAsync("sim", [prompt], null, Calls.Token);
        var used = ModelUsage.Of(await drivers.Open("sim").GetResponseAsync([prompt], null, Calls.Token));

        Assert.Equal(new TokenCount(used.InputTokens, false), counted);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public async Task A_call_takes_prefill_and_one_step_a_token(double speed)
    {
        var clock = new StepClock();
        using var drivers = Open(Say("one two three", new() { Speed = speed }), clock);

        var call = AskAsync(drivers, string.Concat(Enumerable.Repeat("word ", 1000)));
        var elapsed = await ElapsedAsync(clock, call);

        var input = ModelUsage.Of(await call).InputTokens;
        // Each step sees one call and its context, the token being written among it.
        var expected = (0.215 * input) + Enumerable.Range(1, 3).Sum(n => 13.3 + 0.283 + (0.0025 * (input + n)));
        // Timers count whole milliseconds; the next step makes up for it.
        Assert.InRange(elapsed.TotalMilliseconds, (expected / speed) - 1, expected / speed);
    }

    [Fact]
    public async Task Calls_beyond_the_slots_wait_and_calls_beside_each_other_slow_each_other()
    {
        Assert.Equal(await TimeOfAsync(calls: 1, slots: 1) * 3, await TimeOfAsync(calls: 3, slots: 1), 0.01);
        var (alone, beside) = (await TimeOfAsync(calls: 1, slots: 8), await TimeOfAsync(calls: 8, slots: 8));
        Assert.InRange(beside, alone + 0.283, alone * 2);
    }

    private static async Task<double> TimeOfAsync(int calls, int slots)
    {
        var clock = new StepClock();
        using var drivers = Open(Say("one two three", new() { Slots = slots }), clock);
        var all = Enumerable.Range(0, calls).Select(_ => AskAsync(drivers, "Go.")).ToArray();
        return (await ElapsedAsync(clock, Task.WhenAll(all))).TotalMilliseconds;
    }

    /// <summary>Moves the clock from one wait to the next, until the work is done.</summary>
    private static async Task<TimeSpan> ElapsedAsync(StepClock clock, Task work)
    {
        while (!work.IsCompleted)
        {
            await clock.NextAsync(work);
        }

        await work;
        return TimeSpan.FromTicks(clock.GetTimestamp());
    }

    private static SimulatedModelOptions Say(string text, SimulatedEngineOptions engine) =>
        new() { Rules = [new(".*", new SimulatedAnswer.Text(text))], Engine = engine };

    private static Task<ChatResponse> AskAsync(ModelDrivers drivers, string prompt, ChatOptions? options = null) =>
        drivers.Open("sim").GetResponseAsync([new ChatMessage(ChatRole.User, prompt)], options, Calls.Token);

    private static ModelDrivers Open(SimulatedModelOptions options, TimeProvider? time = null) => new(
        [
            new()
            {
                Name = "sim",
                Kind = ModelProviderKind.Sim,
                Simulated = time is null
                    ? options with { Engine = new() { Speed = double.PositiveInfinity } }
                    : options,
            },
        ],
        time ?? TimeProvider.System);
}
