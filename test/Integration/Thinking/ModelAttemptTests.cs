using System.Runtime.CompilerServices;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Runners.Thinking;
using Analemma.Daemon.Sockets;
using Analemma.Integration.Tests.Sockets;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Models;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using static Analemma.Integration.Tests.Kernel.RunningKernel;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Analemma.Integration.Tests.Thinking;

/// <summary>An attempt comes to one result, whatever a driver does.</summary>
public sealed class ModelAttemptTests
{
    private const string Canary = "canary-key";

    private readonly ManualClock _clock = new();
    private readonly KeptLog _log = new();

    [Fact]
    public async Task A_driver_that_throws_anything_makes_a_failed_attempt_whose_text_nobody_sees()
    {
        var result = await RunAsync(new ScriptedClient(_ => throw new InvalidCastException(Canary)), Token);

        Assert.Equal(ModelFailureKind.Malformed, result.Failure!.Kind);
        Assert.Contains("InvalidCastException", result.Failure.Message, StringComparison.Ordinal);
        Assert.Contains("InvalidCastException", Assert.Single(_log.Lines), StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, result.ToString() + _log.Lines[0], StringComparison.Ordinal);
        Assert.True(result.InputTokens > 0);
    }

    [Fact]
    public async Task A_request_that_cannot_be_said_is_rejected_and_costs_nothing()
    {
        var result = await RunAsync(
            new ScriptedClient(_ => throw new InvalidOperationException("not to be reached")),
            Token,
            new Think { Prompt = "What is it?", Images = [new ImagePart("image/png", "???")] });

        Assert.Equal(ModelFailureKind.Rejected, result.Failure!.Kind);
        Assert.Equal((0, 0), (result.InputTokens, result.OutputTokens));
    }

    [Fact]
    public async Task What_is_taken_back_says_what_it_may_have_used()
    {
        using var taken = new CancellationTokenSource();
        var client = new ScriptedClient(token => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token));
        var running = RunAsync(client, taken.Token);
        await client.Asked;
        await taken.CancelAsync();

        var result = await running;
        Assert.Equal(ModelFailureKind.Cancelled, result.Failure!.Kind);
        Assert.True(result.InputTokens > 0);
    }

    [Fact]
    public async Task What_is_taken_back_before_it_began_asks_nobody()
    {
        using var taken = new CancellationTokenSource();
        await taken.CancelAsync();
        var client = new ScriptedClient(_ => Task.CompletedTask);

        var result = await RunAsync(client, taken.Token);

        Assert.Equal(ModelFailureKind.Cancelled, result.Failure!.Kind);
        Assert.Equal(0, result.InputTokens);
        Assert.False(client.Asked.IsCompleted);
    }

    [Fact]
    public async Task What_is_due_has_timed_out()
    {
        var client = new ScriptedClient(token => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token));
        var running = RunAsync(client, Token);
        await client.Asked;
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(ModelFailureKind.TimedOut, (await running).Failure!.Kind);
    }

    [Theory]
    [InlineData(27, null)]
    [InlineData(28, ModelFailureKind.Rejected)]
    public async Task A_tool_is_called_with_arguments_that_fit_where_they_are_shown(
        int depth, ModelFailureKind? failure)
    {
        var nested = JsonElement.Parse(new string('[', depth - 1) + new string(']', depth - 1));
        ScriptedClient client = new(_ => Task.CompletedTask, new ChatResponse(new ChatMessage(
            Microsoft.Extensions.AI.ChatRole.Assistant,
            [new FunctionCallContent("1", "f", new Dictionary<string, object?> { ["a"] = nested })]))
        {
            Usage = new UsageDetails { InputTokenCount = 7, OutputTokenCount = 9 },
        });

        var result = await RunAsync(client, Token);

        Assert.Equal(failure, result.Failure?.Kind);
        Assert.Equal((7, 9), (result.InputTokens, result.OutputTokens));
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task Why_a_model_stopped_is_told_in_a_word()
    {
        ScriptedClient client = new(_ => Task.CompletedTask, new ChatResponse
        {
            FinishReason = new ChatFinishReason(new string('x', 100_000)),
        });

        Assert.Equal(64, (await RunAsync(client, Token)).FinishReason!.Length);
    }

    [Fact]
    public async Task What_began_to_answer_and_was_refused_then_has_used_what_came()
    {
        var client = new ScriptedClient(_ => Task.CompletedTask, new ChatResponse(new ChatMessage(
            Microsoft.Extensions.AI.ChatRole.Assistant, new string('a', 400))))
        {
            FailsAfterwards = new ModelCallException(
                "p", "m", new ProviderFault(ModelCallReason.Overloaded, "later"), null),
        };

        var result = await RunAsync(client, Token, new Think { Prompt = "Hello?", Stream = true });

        Assert.Equal(ModelFailureKind.Overloaded, result.Failure!.Kind);
        Assert.Equal(100, result.OutputTokens);
        Assert.True(result.InputTokens > 0);
    }

    private Task<ModelResult> RunAsync(
        ScriptedClient client, CancellationToken taken, Think? think = null)
    {
        var start = new StartModelCall(new CallId(1), 1, "p", "m", think ?? new Think { Prompt = "Hello?" })
        {
            ProviderModel = "m",
            OutputTokensMax = 10,
            DueAt = (_clock.GetUtcNow() + TimeSpan.FromMinutes(1)).UtcTicks,
        };
        var attempt = new ModelAttempt(start, null, new SilentCall(), _clock, _log);
        return attempt.RunAsync(() => client, taken);
    }

    private sealed class ScriptedClient(
        Func<CancellationToken, Task> script, ChatResponse? answer = null) : IChatClient
    {
        private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Asked => _asked.Task;

        public Exception? FailsAfterwards { get; init; }

        public async Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancellationToken)
        {
            _asked.TrySetResult();
            await script(cancellationToken);
            return answer ?? new(new ChatMessage(Microsoft.Extensions.AI.ChatRole.Assistant, "Yes."));
        }

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options,
            [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            foreach (var update in (await GetResponseAsync(messages, options, cancellationToken))
                .ToChatResponseUpdates())
            {
                yield return update;
            }

            throw FailsAfterwards ?? new NotSupportedException();
        }

        public object? GetService(Type serviceType, object? serviceKey) => null;

        public void Dispose()
        {
        }
    }

    private sealed class SilentCall() : SyscallCall(1, default, new Think())
    {
        public override bool IsOver => false;

        public override void Reply(Reply reply)
        {
        }

        public override void Fail(SysError error)
        {
        }

        public override ValueTask<bool> SendRawAsync(
            ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => new(true);

        public override bool TrySendEvent(EventView piece) => false;
    }

    private sealed class KeptLog : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception) + exception);
    }
}
