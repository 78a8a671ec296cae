using Analemma.Models;
using Microsoft.Extensions.AI;

namespace Analemma.Integration.Tests.Models;

/// <summary>What the tests ask, and how they read an answer.</summary>
internal static class Calls
{
    public static readonly ChatMessage[] Hello = [new(ChatRole.User, "Hello?")];

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static Task<ChatResponse> AskAsync(this Stage stage, ChatOptions? options = null) =>
        stage.Client.GetResponseAsync(Hello, options, Token);

    public static async Task<List<ChatResponseUpdate>> StreamAsync(
        this Stage stage, IEnumerable<ChatMessage>? messages = null, ChatOptions? options = null)
    {
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in stage.Client.GetStreamingResponseAsync(messages ?? Hello, options, Token))
        {
            updates.Add(update);
        }

        return updates;
    }

    /// <summary>Whole or streamed, as one answer.</summary>
    public static async Task<ChatResponse> AskAsync(
        this Stage stage, bool isStream, IEnumerable<ChatMessage>? messages = null, ChatOptions? options = null) =>
        isStream
            ? (await stage.StreamAsync(messages, options)).ToChatResponse()
            : await stage.Client.GetResponseAsync(messages ?? Hello, options, Token);

    public static Task<ModelCallException> FailAsync(
        this Stage stage, bool isStream = false, ChatOptions? options = null) =>
        Assert.ThrowsAsync<ModelCallException>(() => stage.AskAsync(isStream, null, options));

    public static string TextOf(IEnumerable<ChatResponseUpdate> updates) =>
        string.Concat(updates.Select(update => update.Text));
}
