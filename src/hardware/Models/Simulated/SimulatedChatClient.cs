using System.Runtime.CompilerServices;
using Analemma.Models.Calls;
using Microsoft.Extensions.AI;

namespace Analemma.Models.Simulated;

/// <summary>
/// The simulated model: the default where no key is set, and what scheduling experiments run against. It never pretends
/// to be another: its answers are those of model <c>sim</c>, and labelled.
/// </summary>
internal sealed class SimulatedChatClient(ModelDriverOptions driver, TimeProvider time)
    : IChatClient, ITokenCounter, IEmbedder
{
    public const string ModelId = "sim";

    private readonly SimulatedModelOptions _options = driver.Simulated;
    private readonly SimulatedScript _script = new(driver.Simulated);
    private readonly SimulatedEngine _engine = new(driver.Simulated.Engine, time);
    private readonly SimulatedFaults _faults = new();

    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancellationToken)
    {
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in GetStreamingResponseAsync(messages, options, cancellationToken))
        {
            updates.Add(update);
        }

        return updates.ToChatResponse();
    }

    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages,
        ChatOptions? options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var prompt = new SimulatedPrompt(messages, options!);
        var input = prompt.Tokens;
        CheckWindow(input);
        var reply = _script.Reply(prompt);
        var fault = _faults.Take(reply.Fault, prompt.All);
        SimulatedFaults.Refuse(fault);
        using var run = await _engine.StartAsync(input, cancellationToken);
        reply = reply with { Text = Before(options!.StopSequences, reply.Text) };
        var (pieces, finish) = Cut(reply, options!.MaxOutputTokens ?? driver.OutputTokensDefault, fault);
        for (var count = 0; count < pieces.Count; count++)
        {
            await BreakAsync(fault, count, cancellationToken);
            await run.StepAsync(cancellationToken);
            if (reply.Call is null)
            {
                yield return Update(reply, new TextContent(pieces[count]));
            }
        }

        await BreakAsync(fault, pieces.Count, cancellationToken, isEnd: true);
        if (reply.Call is { } call && finish == ChatFinishReason.ToolCalls)
        {
            yield return Update(reply, call);
        }

        yield return Update(reply, new UsageContent(Usage(input, pieces.Count)), finish);
    }

    public Task<long> CountAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, CancellationToken cancellationToken) =>
        Task.FromResult<long>(new SimulatedPrompt(messages, options).Tokens);

    /// <summary>A prompt that is only read.</summary>
    public async Task<Embedded> EmbedAsync(EmbedRequest request, CancellationToken cancellationToken)
    {
        var dimensions = request.Dimensions ?? SimulatedVectors.DimensionsDefault;
        if (dimensions > SimulatedVectors.DimensionsMax || request.TaskType is not null)
        {
            throw new ProviderFault(
                ModelCallReason.BadRequest,
                $"the simulated model makes vectors of at most {SimulatedVectors.DimensionsMax} numbers, of one kind");
        }

        var input = request.Texts.Sum(SimulatedTokens.Count);
        using var run = await _engine.StartAsync(input, cancellationToken);
        return new Embedded(
            [
                .. request.Texts.Select(text => new ReadOnlyMemory<float>(
                    SimulatedVectors.Of(text, dimensions, _options.Seed))),
            ],
            input);
    }

    public object? GetService(Type serviceType, object? serviceKey) => null;

    public void Dispose() => _engine.Dispose();

    private static UsageDetails Usage(int input, int output) => new()
    {
        InputTokenCount = input,
        OutputTokenCount = output,
        TotalTokenCount = input + output,
        CachedInputTokenCount = 0,
    };

    private static ChatResponseUpdate Update(
        SimulatedReply reply, AIContent content, ChatFinishReason? finish = null) =>
        new(ChatRole.Assistant, [content])
        {
            ModelId = ModelId,
            ResponseId = reply.Id,
            MessageId = reply.Id,
            FinishReason = finish,
        };

    private static string Before(IList<string>? stops, string text)
    {
        foreach (var stop in stops ?? [])
        {
            text = text.IndexOf(stop, StringComparison.Ordinal) is var at and >= 0 ? text[..at] : text;
        }

        return text;
    }

    /// <summary>What is written, token by token, and why it ends there.</summary>
    private static (List<string> Pieces, ChatFinishReason Finish) Cut(
        SimulatedReply reply, int most, SimulatedFault? fault)
    {
        var text = reply.Call is { } call ? $"{call.Name} {ToolJson.Arguments(call).GetRawText()}" : reply.Text;
        if (fault?.Kind == SimulatedFaultKind.Malformed)
        {
            text = "{\"simulated\": malformed, " + text;
        }

        var pieces = SimulatedTokens.Split(text).ToList();
        var half = fault?.Kind == SimulatedFaultKind.Truncated ? Math.Max(1, pieces.Count / 2) : pieces.Count;
        var kept = Math.Min(half, most);
        return kept < pieces.Count
            ? (pieces[..kept], ChatFinishReason.Length)
            : (pieces, reply.Call is null ? ChatFinishReason.Stop : ChatFinishReason.ToolCalls);
    }

    private void CheckWindow(int tokens)
    {
        if (tokens > _options.ContextTokensMax)
        {
            throw new ProviderFault(
                ModelCallReason.PromptTooLong,
                $"the prompt has {tokens} tokens, the simulated window {_options.ContextTokensMax}");
        }
    }

    /// <summary>A stall or a cut comes after so many pieces, or at the end of a shorter answer.</summary>
    private async Task BreakAsync(
        SimulatedFault? fault, int pieces, CancellationToken cancellationToken, bool isEnd = false)
    {
        var isDue = fault is not null && (pieces == fault.After || (isEnd && pieces < fault.After));
        if (isDue && fault!.Kind == SimulatedFaultKind.Cut)
        {
            throw new ProviderFault(ModelCallReason.CutStream, "the connection ended within the answer");
        }

        if (isDue && fault!.Kind == SimulatedFaultKind.Stall)
        {
            var (most, what) = pieces == 0
                ? (driver.Timeouts.FirstByte, "the first byte of the answer")
                : (driver.Timeouts.BetweenChunks, "the next part of the answer");
            await Task.Delay(most, time, cancellationToken);
            throw new ProviderFault(
                ModelCallReason.TimedOut, $"{what} did not come within {most.TotalSeconds:0.###} s");
        }
    }
}
