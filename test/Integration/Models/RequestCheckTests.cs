using Analemma.Models;
using Microsoft.Extensions.AI;

namespace Analemma.Integration.Tests.Models;

/// <summary>What is refused before anything is sent, and what the options refuse.</summary>
public sealed class RequestCheckTests
{
    [Theory]
    [InlineData(ModelProviderKind.Gemini)]
    [InlineData(ModelProviderKind.OpenAi)]
    [InlineData(ModelProviderKind.Anthropic)]
    public async Task Without_a_key_the_providers_own_address_is_not_asked(ModelProviderKind kind)
    {
        using var drivers = new ModelDrivers(
            [new() { Name = "mine", Kind = kind, DefaultModel = "m" }], TimeProvider.System);

        var failure = await Assert.ThrowsAsync<ModelCallException>(
            () => drivers.Open("mine").GetResponseAsync(Calls.Hello, null, Calls.Token));

        Assert.Equal(ModelCallReason.NoKey, failure.Reason);
        Assert.False(failure.CanRetry);
        Assert.Equal("mine, model m: no_key: no key is set. "
            + "What to do: set the provider's key, or use the simulated model.", failure.Message);
    }

    [Theory]
    [InlineData("gemini")]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task Another_server_needs_no_key_and_is_sent_none(string provider)
    {
        await using var stage = Stage.Open(
            provider, new Scene.Answers("Yes."), change: options => options with { Key = null });

        await stage.AskAsync();

        var headers = Assert.Single(stage.Server!.Requests).Headers;
        Assert.DoesNotContain("Authorization", headers.Keys, StringComparer.OrdinalIgnoreCase);
        Assert.DoesNotContain("x-api-key", headers.Keys, StringComparer.OrdinalIgnoreCase);
        Assert.DoesNotContain("x-goog-api-key", headers.Keys, StringComparer.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("../../v1/files")]
    [InlineData("m?key=1")]
    [InlineData("m#x")]
    [InlineData("m\r\nHost: other")]
    [InlineData("m%2e%2e")]
    [InlineData("")]
    public async Task A_model_name_cannot_lead_elsewhere(string model)
    {
        foreach (var provider in (string[])["gemini", "openai", "anthropic"])
        {
            await using var stage = Stage.Open(provider, new Scene.Answers("Yes."));

            var failure = await stage.FailAsync(false, new ChatOptions { ModelId = model });

            Assert.Equal(ModelCallReason.UnknownModel, failure.Reason);
            Assert.Empty(stage.Server!.Requests);
        }
    }

    [Fact]
    public async Task A_call_that_names_no_model_where_there_is_no_default_says_so()
    {
        await using var stage = Stage.Open(
            "openai", new Scene.Answers("Yes."), change: options => options with { DefaultModel = null });

        var failure = await stage.FailAsync();

        Assert.Equal((ModelCallReason.UnknownModel, null), (failure.Reason, failure.Model));
    }

    [Theory]
    [InlineData("gemini")]
    [InlineData("openai")]
    [InlineData("anthropic")]
    [InlineData("sim")]
    public async Task An_image_beyond_the_limit_is_not_sent(string provider)
    {
        await using var stage = Stage.Open(
            provider, new Scene.Answers("A cat."), change: options => options with { ImageBytesMax = 10 });
        ChatMessage Image(int bytes) => new(ChatRole.User, [new DataContent(new byte[bytes], "image/png")]);

        await stage.AskAsync(false, [Image(10)]);
        var failure = await Assert.ThrowsAsync<ModelCallException>(() => stage.AskAsync(false, [Image(11)]));

        Assert.Equal(ModelCallReason.ImageTooLarge, failure.Reason);
        Assert.Contains("11 bytes, at most 10", failure.Message, StringComparison.Ordinal);
        Assert.True(stage.Server is null || stage.Server.Requests.Count == 1);
    }

    [Fact]
    public async Task What_Anthropic_cannot_express_is_said_and_not_dropped()
    {
        await using var stage = Stage.Open("anthropic", new Scene.Answers("{}"));

        var failure = await stage.FailAsync(false, new ChatOptions { ResponseFormat = ChatResponseFormat.Json });

        Assert.Equal(ModelCallReason.BadRequest, failure.Reason);
        Assert.Empty(stage.Server!.Requests);
    }

    [Fact]
    public void Options_tell_all_their_mistakes_at_once()
    {
        var error = Assert.Throws<ArgumentException>(() => new ModelDrivers(
            [
                new() { Name = "a", Kind = ModelProviderKind.Gemini, BaseUrl = new Uri("ftp://host/") },
                new() { Name = "a", Kind = ModelProviderKind.OpenAi, BaseUrl = new Uri("https://u:p@host/?k=1") },
                new() { Name = "b", Kind = ModelProviderKind.Sim, Timeouts = new() { Connect = TimeSpan.Zero } },
                new() { Name = "d", Kind = ModelProviderKind.Sim, BaseUrl = new Uri("http://localhost/") },
                new()
                {
                    Name = "c",
                    Kind = ModelProviderKind.Sim,
                    Simulated = new() { Rules = [new("(", new Analemma.Models.Simulated.SimulatedAnswer.Json())] },
                },
            ],
            TimeProvider.System));

        foreach (var part in (string[])["a.BaseUrl", "a: is there 2", "b.Timeouts", "c.Simulated.Rules", "d.Base"])
        {
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_unknown_provider_is_named_with_those_that_there_are()
    {
        using var drivers = new ModelDrivers(
            [new() { Name = "sim", Kind = ModelProviderKind.Sim }], TimeProvider.System);

        var error = Assert.Throws<ArgumentException>(() => drivers.Open("gpt"));

        Assert.StartsWith("no provider is named \"gpt\"; there are: sim", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_text_form_shows_a_key()
    {
        var options = new ModelDriverOptions
        {
            Name = "mine",
            Kind = ModelProviderKind.OpenAi,
            Key = new ApiKey(Stage.Canary),
        };
        using var drivers = new ModelDrivers([options], TimeProvider.System);

        foreach (var text in (string[])[
            $"{options}",
            $"{options.Key}",
            $"{drivers} {drivers.Open("mine")} {drivers.Options("mine")}",
            System.Text.Json.JsonSerializer.Serialize(options)])
        {
            Assert.DoesNotContain(Stage.Canary, text, StringComparison.Ordinal);
        }
    }
}
