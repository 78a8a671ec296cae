using System.Runtime.CompilerServices;
using Analemma.Models.Http;
using Microsoft.Extensions.AI;

namespace Analemma.Models.Calls;

/// <summary>One streamed answer: its updates are passed on, its usage and finish reason kept for the end.</summary>
internal sealed class GuardedStream(
    ModelDriver driver,
    IEnumerable<ChatMessage> messages,
    ChatOptions? options,
    CancellationToken cancellationToken)
    : IAsyncDisposable
{
    private readonly List<AIContent> _seen = [];
    private ModelRequest? _request;
    private IAsyncEnumerator<ChatResponseUpdate>? _updates;
    private ChatResponseUpdate? _last;
    private UsageDetails? _usage;
    private ChatFinishReason? _finish;
    private bool _isOver;

    public StrongBox<bool> HasAnswer { get; } = new();

    public async Task<ChatResponseUpdate?> NextAsync()
    {
        CallTrace.Begin(HasAnswer);
        if (_isOver)
        {
            return null;
        }

        _request ??= driver.Check(messages, options);
        _updates ??= driver.Client.GetStreamingResponseAsync(_request.Messages, _request.Options, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        while (await _updates.MoveNextAsync())
        {
            var update = _updates.Current;
            Note(update);
            if (update.Contents.Count > 0)
            {
                return update;
            }
        }

        return End();
    }

    public ValueTask DisposeAsync() => _updates?.DisposeAsync() ?? ValueTask.CompletedTask;

    private void Note(ChatResponseUpdate update)
    {
        foreach (var usage in update.Contents.OfType<UsageContent>().ToList())
        {
            _usage = usage.Details;
            update.Contents.Remove(usage);
        }

        foreach (var empty in update.Contents.OfType<TextContent>().Where(text => text.Text.Length == 0).ToList())
        {
            update.Contents.Remove(empty);
        }

        _finish = update.FinishReason ?? _finish;
        update.ModelId ??= _request!.Model;
        update.Role ??= ChatRole.Assistant;
        // It is told once, at the end, when the usage is known too.
        update.FinishReason = null;
        GuardedChatClient.CheckContents(update.Contents, finish: null, hasOutput: false);
        _seen.AddRange(update.Contents);
        _last = update;
    }

    private ChatResponseUpdate End()
    {
        _isOver = true;
        if (_finish is null)
        {
            throw new ProviderFault(ModelCallReason.CutStream, "the stream ended without saying why the model stopped");
        }

        GuardedChatClient.CheckContents(_seen, _finish, hasOutput: false);
        var usage = ModelUsage.Complete(
            _usage, () => TokenEstimate.Of(_request!.Messages, _request.Options), () => TokenEstimate.Of(_seen));
        return new(ChatRole.Assistant, [new UsageContent(usage)])
        {
            FinishReason = _finish,
            ModelId = _last?.ModelId ?? _request!.Model,
            ResponseId = _last?.ResponseId,
            MessageId = _last?.MessageId,
        };
    }
}
