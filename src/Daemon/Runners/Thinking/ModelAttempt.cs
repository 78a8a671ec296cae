using Analemma.Daemon.Sockets;
using Analemma.Daemon.Telemetry;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Models;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using ModelUsage = Analemma.Models.ModelUsage;

namespace Analemma.Daemon.Runners.Thinking;

/// <summary>
/// One attempt of a model call, from the provider's first byte to the result; it never throws.
/// </summary>
/// <param name="start">What to ask, and how.</param>
/// <param name="before">What the model said before, when that is to be repaired.</param>
/// <param name="caller">Who gets the pieces of a stream.</param>
/// <param name="time">Bounds the attempt.</param>
/// <param name="log">Hears of faults of drivers.</param>
/// <param name="trace">What is measured of it.</param>
internal sealed class ModelAttempt(
    StartModelCall start,
    ModelAnswer? before,
    SyscallCall caller,
    TimeProvider time,
    ILogger log,
    AttemptTrace? trace = null)
{
    private const int CharsPerToken = 4;
    private const int FinishCharsMax = 64;

    private readonly AnswerStream? _stream = start.Request.Stream == true ? new AnswerStream(caller, time) : null;
    private List<ChatMessage> _messages = [];
    private ChatOptions _options = new();
    private ModelUsage? _usage;
    private ChatFinishReason? _finish;
    private bool _isAsked;

    public ModelAnswer Answer { get; } = new(
        start.Attempt,
        isSent: start.Request.Stream == true,
        isKept: start.Request.Stream != true || start.Turn is not null || AnswerCheck.IsWanted(start.Request));

    /// <summary>
    /// Not null: another attempt of the call may run beside this. Asked before anything is shown, with whether that is
    /// a piece of a stream; false: the call is the other's.
    /// </summary>
    public Func<bool, bool>? Claim { get; init; }

    /// <param name="client">Opens the provider's driver.</param>
    /// <param name="taken">Cancelled when the kernel takes the attempt back, or stops.</param>
    public Task<ModelResult> RunAsync(Func<IChatClient> client, CancellationToken taken) => BoundedAsync(
        async cancellationToken =>
        {
            (_messages, _options) = (ThinkRequests.Messages(start.Request), ThinkRequests.Options(start));
            if (start.Repair is { } flaws)
            {
                _messages.AddRange(ThinkRequests.Repair(before?.Text ?? "", flaws));
            }

            _isAsked = true;
            await (_stream is null ? AskAsync(client(), cancellationToken) : FollowAsync(client(), cancellationToken));
        },
        taken);

    /// <summary>The same for vectors.</summary>
    /// <param name="generator">Opens the provider's driver.</param>
    /// <param name="taken">Cancelled when the kernel takes the attempt back, or stops.</param>
    public Task<ModelResult> EmbedAsync(
        Func<IEmbeddingGenerator<string, Embedding<float>>> generator, CancellationToken taken) => BoundedAsync(
        async cancellationToken =>
        {
            _messages = ThinkRequests.Messages(start.Request);
            _isAsked = true;
            var made = await generator().GenerateAsync(
                start.Embed!.Inputs, ThinkRequests.EmbedOptions(start), cancellationToken);
            var numbers = made.Sum(each => (long)each.Vector.Length);
            if (numbers > DaemonLimits.EmbeddingNumbersMax)
            {
                throw new AnswerLeftException(
                    ModelFailureKind.TooLarge,
                    $"the vectors have {numbers} numbers, at most {DaemonLimits.EmbeddingNumbersMax} are handed on: "
                    + "send fewer texts at once");
            }

            Answer.Vectors = [.. made.Select(each => each.Vector.ToArray())];
            _usage = ModelUsage.Of(made.Usage!);
        },
        taken);

    private async Task<ModelResult> BoundedAsync(Func<CancellationToken, Task> ask, CancellationToken taken)
    {
        using var due = new CancellationTokenSource(Left(), time);
        await using var registered = taken.UnsafeRegister(
            static due => ((CancellationTokenSource)due!).Cancel(), due);
        try
        {
            due.Token.ThrowIfCancellationRequested();
            await ask(due.Token);
            var result = Succeeded();
            return result.Failure is null && Claim?.Invoke(false) == false ? throw OthersAnswer() : result;
        }
        catch (ModelCallException failed)
        {
            return failed.Reason is ModelCallReason.Cancelled
                ? GivenUp(due.IsCancellationRequested && !taken.IsCancellationRequested)
                : Failed(ModelFailures.Of(failed), ModelFailures.MayHaveUsed(failed.Reason) || Answer.Size > 0);
        }
        catch (OperationCanceledException)
        {
            return GivenUp(due.IsCancellationRequested && !taken.IsCancellationRequested);
        }
        catch (AnswerLeftException left)
        {
            return Failed(new ModelFailure(left.Kind, left.Message), isUsed: true);
        }
        catch (Exception fault)
        {
            // The effect-runner boundary: whatever a provider's package throws must not end the kernel. Its text may
            // hold anything, a key too, and stays here.
            log.DriverFault(start.Provider, fault.GetType().FullName!, fault.StackTrace ?? "");
            return Failed(
                new ModelFailure(
                    _isAsked ? ModelFailureKind.Malformed : ModelFailureKind.Rejected,
                    $"the driver failed with {fault.GetType().Name}"),
                isUsed: _isAsked);
        }
    }

    private static AnswerLeftException OthersAnswer() =>
        new(ModelFailureKind.Cancelled, "another attempt has the answer");

    private TimeSpan Left() => TimeSpan.FromTicks(Math.Clamp(
        start.DueAt - time.GetUtcNow().UtcTicks, 0, DaemonLimits.AttemptMax.Ticks));

    private async Task AskAsync(IChatClient client, CancellationToken cancellationToken)
    {
        var response = await client.GetResponseAsync(_messages, _options, cancellationToken);
        (_usage, _finish) = (ModelUsage.Of(response), response.FinishReason);
        trace?.Answers(response.ModelId);
        foreach (var content in response.Messages.SelectMany(message => message.Contents))
        {
            Take(content);
        }
    }

    private async Task FollowAsync(IChatClient client, CancellationToken cancellationToken)
    {
        await foreach (var update in client.GetStreamingResponseAsync(_messages, _options, cancellationToken))
        {
            trace?.Answers(update.ModelId);
            trace?.Chunk();
            foreach (var content in update.Contents)
            {
                Take(content);
                if (content is TextContent { Text.Length: > 0 } text)
                {
                    if (!_stream!.HasSent && Claim?.Invoke(true) == false)
                    {
                        throw OthersAnswer();
                    }

                    await _stream.SendAsync(text.Text, cancellationToken);
                }
                else if (content is UsageContent usage)
                {
                    _usage = ModelUsage.Of(usage.Details);
                }
            }

            _finish = update.FinishReason ?? _finish;
        }
    }

    private void Take(AIContent content)
    {
        Answer.Add(content);
        if (Answer.Size > DaemonLimits.ModelAnswerCharsMax)
        {
            throw new AnswerLeftException(
                ModelFailureKind.Malformed, $"the answer has more than {DaemonLimits.ModelAnswerCharsMax} characters");
        }
    }

    private ModelResult Succeeded() => new()
    {
        Failure = AnswerProblem(),
        InputTokens = _usage!.InputTokens,
        OutputTokens = _usage.OutputTokens,
        FinishReason = Short(_finish?.Value),
        Delivered = _stream?.HasSent == true,
    };

    /// <summary>A model that asks for tools has not answered yet.</summary>
    private ModelFailure? AnswerProblem()
    {
        if (!AnswerCheck.IsWanted(start.Request) || Answer.HasCalls)
        {
            return null;
        }

        if (_stream is null)
        {
            Answer.Unwrap();
        }

        return AnswerCheck.Problem(start.Request, Answer.Text, _finish == ChatFinishReason.Length);
    }

    private static string? Short(string? finish) =>
        finish?.Length > FinishCharsMax ? finish[..FinishCharsMax] : finish;

    private ModelResult GivenUp(bool isDue) => Failed(
        isDue
            ? new ModelFailure(ModelFailureKind.TimedOut, "the attempt's time is up")
            {
                Reason = ModelCallReason.TimedOut.Code(),
            }
            : new ModelFailure(ModelFailureKind.Cancelled, "the call was taken back"),
        isUsed: _isAsked);

    /// <summary>A provider bills what it read and wrote until then, and does not say how much that was.</summary>
    private ModelResult Failed(ModelFailure failure, bool isUsed) => new()
    {
        Failure = failure,
        InputTokens = _usage?.InputTokens ?? (isUsed ? TokenEstimate.Of(_messages, _options) : 0),
        OutputTokens = _usage?.OutputTokens ?? (isUsed ? Answer.Size / CharsPerToken : 0),
        Delivered = _stream?.HasSent == true,
    };
}
