using System.Runtime.CompilerServices;
using Analemma.Models.Http;
using Microsoft.Extensions.AI;

namespace Analemma.Models.Calls;

// What holds for every provider, whichever package is below: the request is checked before anything is sent; what
// fails is a ModelCallException; an answer has a usage, reported or estimated, and says who gave it; a stream has one
// UsageContent, in its last update, and one that stops without a finish reason was cut.

/// <summary>The client that callers get: a driver with the house's promises around it.</summary>
internal sealed class GuardedChatClient(ModelDriver driver) : IChatClient
{
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancellationToken)
    {
        var hasAnswer = Begin();
        try
        {
            var request = driver.Check(messages, options);
            var response = await driver.Client.GetResponseAsync(request.Messages, request.Options, cancellationToken);
            CheckContents(
                response.Messages.SelectMany(message => message.Contents), response.FinishReason, hasOutput: false);
            response.Usage = ModelUsage.Complete(
                response.Usage,
                () => TokenEstimate.Of(request.Messages, request.Options),
                () => TokenEstimate.Of(response.Messages.SelectMany(message => message.Contents)));
            response.ModelId ??= request.Model;
            response.AdditionalProperties = Label(response.AdditionalProperties);
            foreach (var message in response.Messages)
            {
                message.AdditionalProperties = Label(message.AdditionalProperties);
            }

            return response;
        }
        catch (Exception error) when (Translate(error, options, hasAnswer, cancellationToken) is { } translated)
        {
            throw translated;
        }
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var stream = new GuardedStream(driver, messages, options, cancellationToken);
        while (await NextAsync(stream, options, cancellationToken) is { } update)
        {
            update.AdditionalProperties = Label(update.AdditionalProperties);
            yield return update;
        }
    }

    public object? GetService(Type serviceType, object? serviceKey) =>
        serviceKey is null && serviceType.IsInstanceOfType(this) ? this
        : serviceKey is null && serviceType == typeof(ChatClientMetadata) ? driver.Metadata
        : null;

    /// <summary>The drivers own what is below.</summary>
    public void Dispose()
    {
    }

    public async Task<TokenCount> CountAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancellationToken)
    {
        var hasAnswer = Begin();
        try
        {
            var request = driver.Check(messages, options);
            return driver.Client is ITokenCounter counter
                ? new(await counter.CountAsync(request.Messages, request.Options, cancellationToken), false)
                : new(TokenEstimate.Of(request.Messages, request.Options), true);
        }
        catch (Exception error) when (Translate(error, options, hasAnswer, cancellationToken) is { } translated)
        {
            throw translated;
        }
    }

    /// <summary>An answer withheld as a whole is a failure; so is a tool call that nobody can read.</summary>
    internal static void CheckContents(IEnumerable<AIContent> contents, ChatFinishReason? finish, bool hasOutput)
    {
        foreach (var content in contents)
        {
            if (content is FunctionCallContent { Exception: not null } call)
            {
                throw new ProviderFault(
                    ModelCallReason.MalformedAnswer, $"the arguments for tool {call.Name} are not a JSON object");
            }

            hasOutput |= content is not (TextContent { Text: "" } or ErrorContent or UsageContent);
        }

        if (finish == ChatFinishReason.ContentFilter && !hasOutput)
        {
            throw new ProviderFault(ModelCallReason.ContentBlocked, "the provider withheld the answer for its content");
        }
    }

    private async Task<ChatResponseUpdate?> NextAsync(
        GuardedStream stream, ChatOptions? options, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.NextAsync();
        }
        catch (Exception error) when (Translate(error, options, stream.HasAnswer, cancellationToken) is { } translated)
        {
            throw translated;
        }
    }

    private static StrongBox<bool> Begin()
    {
        var hasAnswer = new StrongBox<bool>();
        CallTrace.Begin(hasAnswer);
        return hasAnswer;
    }

    private ModelCallException? Translate(
        Exception error, ChatOptions? options, StrongBox<bool> hasAnswer, CancellationToken cancellationToken) =>
        driver.Translate(error, options?.ModelId, hasAnswer.Value, cancellationToken);

    private AdditionalPropertiesDictionary Label(AdditionalPropertiesDictionary? properties)
    {
        properties ??= [];
        properties[AnswerLabels.Provider] = driver.Options.Name;
        if (driver.Options.Kind == ModelProviderKind.Sim)
        {
            properties[AnswerLabels.Simulated] = true;
        }

        return properties;
    }
}
