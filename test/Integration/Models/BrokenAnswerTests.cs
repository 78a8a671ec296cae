using System.Text;
using System.Text.RegularExpressions;
using Analemma.Integration.Tests.Models.Wire;
using Analemma.Models;
using Microsoft.Extensions.AI;

namespace Analemma.Integration.Tests.Models;

/// <summary>Answers that come in odd parts are read all the same; answers that are broken are a typed error.</summary>
public sealed class BrokenAnswerTests
{
    private static readonly string[] Wires = ["gemini", "openai", "anthropic"];

    public static TheoryData<string> OnTheWire => new(Wires);

    public static TheoryData<string, bool> BothOnTheWire => FailureTests.BothOnTheWire;

    public static TheoryData<string, bool> Both => AnswerTests.Both;

    public static TheoryData<string, string> EachInTheFormatOfAnother => new(
        from provider in Wires
        from other in Wires
        where provider != other
        select (provider, other));

    [Theory]
    [MemberData(nameof(OnTheWire))]
    public async Task A_stream_split_at_every_byte_is_the_same(string provider)
    {
        string[] pieces = ["naïve ", "日本", "👩‍👩‍👧", "𝄞."];
        await using var stage = Stage.Open(provider, new Scene.Wire(async exchange =>
        {
            await exchange.BeginStreamAsync();
            foreach (var each in Encoding.UTF8.GetBytes(string.Concat(ProviderWire.Of(provider).Stream(pieces, true))))
            {
                await exchange.ChunkAsync(new[] { each });
            }

            await exchange.EndStreamAsync();
        }));
        using var drivers = Dripping(stage.Options);

        var updates = await Drip(drivers, provider);

        Assert.Equal([.. pieces, ""], updates.Select(update => update.Text));
        Assert.Equal(12, ModelUsage.Of(updates.ToChatResponse()).InputTokens);
    }

    [Theory]
    [MemberData(nameof(OnTheWire))]
    public async Task An_answer_split_at_every_byte_is_the_same(string provider)
    {
        await using var stage = Stage.Open(provider, new Scene.Answers("naïve 日本 👩‍👩‍👧 𝄞"));
        using var drivers = Dripping(stage.Options);

        var response = await drivers.Open(provider).GetResponseAsync(Calls.Hello, null, Calls.Token);

        Assert.Equal("naïve 日本 👩‍👩‍👧 𝄞", response.Text);
    }

    [Theory]
    [MemberData(nameof(Both))]
    public async Task An_answer_that_is_cut_says_so(string provider, bool isStream)
    {
        await using var stage = Stage.Open(provider, new Scene.Cuts("one", " two"));
        var seen = "";

        var failure = await Assert.ThrowsAsync<ModelCallException>(async () =>
        {
            if (!isStream)
            {
                await stage.AskAsync();
            }

            await foreach (var update in stage.Client.GetStreamingResponseAsync(Calls.Hello, null, Calls.Token))
            {
                seen += update.Text;
            }
        });

        Assert.Equal(ModelCallReason.CutStream, failure.Reason);
        Assert.True(failure.CanRetry);
        Assert.True(!isStream || seen.StartsWith("one", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(OnTheWire))]
    public async Task A_stream_that_ends_in_order_but_too_early_was_cut(string provider)
    {
        await using var stage = Stage.Open(provider, new Scene.Wire(async exchange =>
        {
            await exchange.BeginStreamAsync();
            foreach (var each in ProviderWire.Of(provider).Stream(["one", "two"], true)
                .TakeWhile(each => !each.Contains("two")))
            {
                await exchange.ChunkAsync(each);
            }

            await exchange.EndStreamAsync();
        }));

        Assert.Equal(ModelCallReason.CutStream, (await stage.FailAsync(isStream: true)).Reason);
    }

    [Theory]
    [MemberData(nameof(OnTheWire))]
    public async Task A_stream_that_is_cut_at_any_byte_never_passes_for_whole(string provider)
    {
        var bytes = Encoding.UTF8.GetBytes(string.Concat(ProviderWire.Of(provider).Stream(["one ", "two"], true)));
        var reasons = new HashSet<ModelCallReason>();
        var at = 0;
        await using var stage = Stage.Open(provider, new Scene.Wire(async exchange =>
        {
            await exchange.BeginStreamAsync();
            await exchange.ChunkAsync(bytes.AsMemory(0, at));
            exchange.Close();
        }));
        for (at = 1; at < bytes.Length; at += 7)
        {
            reasons.Add((await stage.FailAsync(isStream: true)).Reason);
        }

        Assert.Equal([ModelCallReason.CutStream], reasons);
    }

    [Theory]
    [MemberData(nameof(BothOnTheWire))]
    public async Task An_answer_that_is_not_JSON_is_malformed(string provider, bool isStream)
    {
        await using var stage = Stage.Open(provider, new Scene.Wire(async exchange =>
        {
            if (!isStream)
            {
                await exchange.AnswerAsync(200, "{\"candidates\": [} nonsense");
                return;
            }

            await exchange.BeginStreamAsync();
            await exchange.ChunkAsync("event: message_start\ndata: {\"choices\": [} nonsense\n\n");
            await exchange.EndStreamAsync();
        }));

        var failure = await stage.FailAsync(isStream);

        Assert.Equal(ModelCallReason.MalformedAnswer, failure.Reason);
        Assert.True(failure.CanRetry);
    }

    /// <summary>Also the negative control of all wires: no two of them are the same.</summary>
    [Theory]
    [MemberData(nameof(EachInTheFormatOfAnother))]
    public async Task An_answer_in_another_providers_format_is_malformed(string provider, string other)
    {
        await using var stage = Stage.Open(provider, new Scene.Wire(exchange =>
            exchange.AnswerAsync(200, ProviderWire.Of(other).Answer("text", true))));

        Assert.Equal(ModelCallReason.MalformedAnswer, (await stage.FailAsync()).Reason);
    }

    [Theory]
    [MemberData(nameof(OnTheWire))]
    public async Task An_answer_that_is_not_HTTP_is_malformed(string provider)
    {
        await using var stage = Stage.Open(provider, new Scene.Wire(async exchange =>
        {
            await exchange.WriteAsync("SSH-2.0-OpenSSH_9.2\r\n\r\n");
            exchange.Close();
        }));

        Assert.Equal(ModelCallReason.MalformedAnswer, (await stage.FailAsync()).Reason);
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task Arguments_that_are_not_an_object_are_malformed(string provider)
    {
        await using var stage = Stage.Open(provider, new Scene.CallsTool("tool", "{\"a\": "));

        Assert.Equal(ModelCallReason.MalformedAnswer, (await stage.FailAsync(isStream: true)).Reason);
    }

    [Theory]
    [InlineData("gemini")]
    [InlineData("anthropic")]
    public async Task An_error_within_a_stream_has_its_reason(string provider)
    {
        var wire = ProviderWire.Of(provider);
        await using var stage = Stage.Open(provider, new Scene.Wire(async exchange =>
        {
            await exchange.BeginStreamAsync();
            await exchange.ChunkAsync(wire.Stream(["one", "two"], true)[0] + wire.ErrorEvent);
            await exchange.EndStreamAsync();
        }));

        Assert.Equal(ModelCallReason.Overloaded, (await stage.FailAsync(isStream: true)).Reason);
    }

    [Theory]
    [InlineData("gemini", "9000000000000000000")]
    [InlineData("gemini", "-12")]
    [InlineData("openai", "2000000000")]
    [InlineData("openai", "-12")]
    [InlineData("anthropic", "9000000000000000000")]
    [InlineData("anthropic", "-12")]
    public async Task A_count_of_tokens_that_cannot_be_is_not_believed(string provider, string count)
    {
        var answer = ProviderWire.Of(provider).Answer("text", true);
        var lie = Regex.Replace(answer, ":(12|8|5)(?=[,}])", $":{count}");
        Assert.NotEqual(answer, lie);
        await using var stage = Stage.Open(provider, new Scene.Wire(exchange => exchange.AnswerAsync(200, lie)));

        var usage = ModelUsage.Of(await stage.AskAsync());

        Assert.True(usage.IsEstimated);
        Assert.InRange(usage.InputTokens, 1, 100);
        Assert.InRange(usage.OutputTokens, 1, 100);
    }

    private static ModelDrivers Dripping(ModelDriverOptions options) =>
        new([options], TimeProvider.System, inner => new DripHandler(inner));

    private static async Task<List<ChatResponseUpdate>> Drip(ModelDrivers drivers, string provider)
    {
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in drivers.Open(provider).GetStreamingResponseAsync(Calls.Hello, null, Calls.Token))
        {
            updates.Add(update);
        }

        return updates;
    }
}
