using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Runners.Thinking;
using Analemma.Journal;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Models;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Runners.Conversations;

/// <summary>Keeps, shows, counts and forgets what is said in conversations. Nothing of it goes into a log.</summary>
internal sealed class ConversationRunner(
    ConversationBodies bodies,
    Lazy<ModelDrivers> drivers,
    CallTable calls,
    BackgroundTasks tasks,
    TimeProvider time,
    Action<KernelEvent> post,
    ILogger log)
{
    /// <summary>Providers are asked to count so many prompts at once; beyond them an estimate does.</summary>
    private const int CountsMax = 8;

    private static readonly TimeSpan CountMax = TimeSpan.FromSeconds(10);

    private int _counting;

    public void Start(Effect effect)
    {
        switch (effect)
        {
            case KeepBodies keep:
                Start(keep);
                break;
            case DropBodies drop:
                tasks.Run(_ => ForgetAsync(() => bodies.DropAsync(drop.Bodies)));
                break;
            case SweepBodies sweep when bodies.Exist:
                tasks.Run(_ => ForgetAsync(() => bodies.SweepAsync(sweep.Used)));
                break;
            case ShowMessages show:
                Start(show);
                break;
            case CountTokens count:
                Start(count);
                break;
        }
    }

    private void Start(KeepBodies keep) => tasks.Run(async _ =>
    {
        try
        {
            var kept = await bodies.KeepAsync(keep.FirstBody, keep.Settings, keep.Messages);
            post(new BodiesKept(keep.Call, kept) { At = time.GetUtcNow().UtcTicks });
        }
        catch (JournalStoreException failed)
        {
            log.BodiesFailed(failed.Message);
            var error = new SysError(
                SysErrorCode.IoFailed, "the conversation cannot be kept: the store of the kernel failed",
                "see the kernel's log; is the disk full?");
            post(new BodiesNotKept(keep.Call, error) { At = time.GetUtcNow().UtcTicks });
        }
    });

    private void Start(ShowMessages show) => tasks.Run(async _ =>
    {
        try
        {
            var (settings, messages) = await bodies.ReadAsync(show.Settings, show.Messages);
            var next = show.From + messages.Count;
            calls.Remove(show.Call.Value)?.Reply(new ConversationShowReply(show.From, messages)
            {
                Total = show.Total,
                Next = next < show.Total ? next : null,
                SystemInstruction = settings?.SystemInstruction,
                Tools = settings?.Tools,
            });
        }
        catch (ConversationLostException lost)
        {
            calls.Remove(show.Call.Value)?.Fail(Lost(lost));
        }
    });

    private void Start(CountTokens count) => tasks.Run(async stopping =>
    {
        try
        {
            var (settings, messages) = await bodies.ReadAsync(count.Input.Settings, count.Input.Messages);
            calls.Remove(count.Call.Value)?.Reply(await CountAsync(count, settings, messages, stopping));
        }
        catch (ConversationLostException lost)
        {
            calls.Remove(count.Call.Value)?.Fail(Lost(lost));
        }
    });

    private static SysError Lost(ConversationLostException lost) =>
        new(SysErrorCode.IoFailed, $"the conversation cannot be read: {lost.Message}", "has it just been closed?");

    /// <summary>A provider that does not count, or not now, leaves the estimate.</summary>
    private async Task<ConversationTokensReply> CountAsync(
        CountTokens count, Think? settings, List<ChatMessage> messages, CancellationToken stopping)
    {
        if (count.Prompt is { Length: > 0 } prompt)
        {
            messages.Add(new ChatMessage(ChatRole.User) { Content = prompt });
        }

        using var patience = new CancellationTokenSource(CountMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
        var atOnce = Interlocked.Increment(ref _counting);
        try
        {
            return messages.Count == 0 || atOnce > CountsMax
                ? count.Known : await AskAsync(count, settings, messages, either.Token);
        }
        catch (Exception failed) when (failed is ModelCallException or OperationCanceledException)
        {
            return count.Known;
        }
        catch (Exception fault)
        {
            // The effect-runner boundary, as in ModelAttempt.
            log.DriverFault(count.Provider, fault.GetType().FullName!, fault.StackTrace ?? "");
            return count.Known;
        }
        finally
        {
            Interlocked.Decrement(ref _counting);
        }
    }

    private async Task<ConversationTokensReply> AskAsync(
        CountTokens count, Think? settings, List<ChatMessage> messages, CancellationToken cancellationToken)
    {
        var think = (settings ?? new Think()) with { Messages = messages };
        var counted = await drivers.Value.CountTokensAsync(
            count.Provider,
            ThinkRequests.Messages(think),
            ThinkRequests.Options(think, count.ProviderModel),
            cancellationToken);
        return counted.IsEstimated ? count.Known : count.Known with { Tokens = counted.Tokens, Exact = true };
    }

    /// <summary>What stays is swept when the kernel starts again.</summary>
    private async Task ForgetAsync(Func<Task> forget)
    {
        try
        {
            await forget();
        }
        catch (JournalStoreException failed)
        {
            log.BodiesFailed(failed.Message);
        }
    }
}
