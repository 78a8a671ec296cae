using System.Collections.Concurrent;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Configuration.Sections;
using Analemma.Daemon.Loop;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Tools;
using Analemma.Tools;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Runners.Tools;

// Every StartToolServer comes back as one ToolServerEnded, and every StartToolCall as one ToolCallEnded, on all ways.
// What a tool said is kept with the call it is for (see CallTable), so that it goes with it: answered, refused or taken
// back.

/// <summary>Runs servers of tools and calls of them.</summary>
internal sealed class ToolRunner(
    IReadOnlyList<ToolSection> sections,
    Task<ToolHost> host,
    CallTable calls,
    BackgroundTasks tasks,
    TimeProvider time,
    Action<KernelEvent> post,
    Action<string> forgotten,
    ILogger log)
{
    private static readonly TimeSpan WhyMax = TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, ToolSection> _sections =
        sections.ToDictionary(section => section.Name, StringComparer.Ordinal);

    private readonly ConcurrentDictionary<(string Server, long Start), ToolServing> _servers = new();
    private readonly ConcurrentDictionary<long, CancellationTokenSource> _running = new();

    private long Now => time.GetUtcNow().UtcTicks;

    public void Start(StartToolServer start)
    {
        ToolServing serving = new();
        _servers[(start.Server, start.Start)] = serving;
        tasks.Run(stopping => ServeAsync(start, serving, stopping));
    }

    public void Stop(StopToolServer stop)
    {
        if (_servers.TryGetValue((stop.Server, stop.Start), out var serving))
        {
            tasks.Run(_ => serving.Stop.CancelAsync());
        }
    }

    public void Call(StartToolCall start)
    {
        // Neither linked nor timed, so there is nothing to dispose of, and to cancel it is safe at any time.
        CancellationTokenSource taken = new();
        _running[start.Call.Value] = taken;
        tasks.Run(stopping => CallAsync(start, taken, stopping));
    }

    public void Cancel(CancelToolCall cancel)
    {
        if (_running.TryGetValue(cancel.Call.Value, out var taken))
        {
            tasks.Run(_ => taken.CancelAsync());
        }
    }

    public void Answer(AnswerToolCall answer)
    {
        if (calls.TakeKept(answer.Call.Value) is CallToolReply said)
        {
            calls.Remove(answer.Call.Value)?.Reply(said with { RanMs = answer.Known.RanMs });
        }
    }

    private async Task ServeAsync(StartToolServer start, ToolServing serving, CancellationToken stopping)
    {
        var reason = "it was stopped";
        using var either = CancellationTokenSource.CreateLinkedTokenSource(serving.Stop.Token, stopping);
        var key = $"t{Guid.NewGuid():n}"[..12];
        try
        {
            await using var connection = await ToolConnection.OpenAsync(
                _sections[start.Server],
                key,
                await host.WaitAsync(either.Token),
                tools => post(new ToolServerChanged(start.Server, start.Start, Describe(tools)) { At = Now }),
                either.Token);
            serving.Session = connection.Session;
            post(new ToolServerReady(start.Server, start.Start, Describe(connection.Session.Tools))
            {
                Says = connection.Session.Says,
                HostPid = connection.HostPid,
                At = Now,
            });
            var ended = connection.EndedAsync();
            await Task.WhenAny(ended, Task.Delay(Timeout.InfiniteTimeSpan, time, either.Token));
            if (ended.IsCompleted || connection.Session.Ended.IsCompleted)
            {
                reason = await ended;
            }

            // Before its calls end with it.
            serving.Over.TrySetResult(reason);
        }
        catch (ToolServerException failed)
        {
            reason = failed.Message;
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
        }
        catch (Exception fault)
        {
            // The effect-runner boundary: whatever the protocol's package throws must not end the kernel.
            log.ToolFault(start.Server, fault.GetType().FullName!, fault.StackTrace ?? "");
            reason = $"its connection failed with {fault.GetType().Name}";
        }

        serving.Over.TrySetResult(reason);
        await serving.Stop.CancelAsync();
        forgotten(key);
        await Task.WhenAll(serving.Calls.Values);
        _servers.TryRemove((start.Server, start.Start), out _);
        log.ToolServerEnded(start.Server, reason);
        post(new ToolServerEnded(start.Server, start.Start, reason) { At = Now });
    }

    private async Task CallAsync(StartToolCall start, CancellationTokenSource taken, CancellationToken stopping)
    {
        TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _servers.TryGetValue((start.Server, start.Start), out var serving);
        serving?.Calls.TryAdd(start.Call.Value, over.Task);
        var end = await EndAsync(start, serving, taken.Token, stopping);
        _running.TryRemove(start.Call.Value, out _);
        serving?.Calls.TryRemove(start.Call.Value, out _);
        over.SetResult();
        post(end);
    }

    private async Task<ToolCallEnded> EndAsync(
        StartToolCall start, ToolServing? serving, CancellationToken taken, CancellationToken stopping)
    {
        ToolCallEnded Failed(ToolFailureKind kind, string message) =>
            new(start.Call, new ToolFailure(kind, message)) { At = Now };

        if (serving is not { Session: { } session, Over.Task.IsCompleted: false })
        {
            return Failed(ToolFailureKind.Server, serving is null ? "it has ended" : await serving.Over.Task);
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(taken, serving.Stop.Token, stopping);
        await using var progress = start.Progress && calls.Find(start.Call.Value) is { } caller
            ? new ProgressPump(caller, time)
            : null;
        try
        {
            var said = await session.CallAsync(
                start.Tool, start.Arguments, progress is null ? null : progress.Tell, either.Token);
            if (progress is not null)
            {
                await progress.EndAsync(either.Token);
            }

            calls.Keep(start.Call.Value, said);
            return new ToolCallEnded(start.Call, null) { IsError = said.IsError, At = Now };
        }
        catch (ToolServerException failed)
        {
            return Failed(
                Kind(failed.Failure),
                failed.Failure is ToolServerFailure.Ended ? await WhyAsync(serving, failed.Message) : failed.Message);
        }
        catch (OperationCanceledException)
        {
            return taken.IsCancellationRequested
                ? Failed(ToolFailureKind.Cancelled, "the call was taken back")
                : Failed(ToolFailureKind.Server, await WhyAsync(serving, "it was stopped"));
        }
        catch (Exception fault)
        {
            // The effect-runner boundary: whatever the protocol's package throws must not end the kernel.
            log.ToolFault(start.Server, fault.GetType().FullName!, fault.StackTrace ?? "");
            return Failed(ToolFailureKind.Server, $"the call failed with {fault.GetType().Name}");
        }
    }

    /// <summary>How a program ended is known a moment after its connection did.</summary>
    private async Task<string> WhyAsync(ToolServing serving, string otherwise)
    {
        try
        {
            return await serving.Over.Task.WaitAsync(WhyMax, time);
        }
        catch (TimeoutException)
        {
            return otherwise;
        }
    }

    private static ToolFailureKind Kind(ToolServerFailure failure) => failure switch
    {
        ToolServerFailure.Refused => ToolFailureKind.Refused,
        ToolServerFailure.TooLarge => ToolFailureKind.TooLarge,
        ToolServerFailure.Nonsense => ToolFailureKind.Nonsense,
        ToolServerFailure.NotUp or ToolServerFailure.Ended => ToolFailureKind.Server,
    };

    private static IReadOnlyList<ToolDescription> Describe(IReadOnlyList<FoundTool> tools) =>
    [
        .. tools.Select(tool => new ToolDescription(tool.Name, tool.Parameters)
        {
            Title = tool.Title,
            Description = tool.Description,
            Result = tool.Result,
            ReadOnly = tool.ReadOnly,
        }),
    ];

    /// <summary>One start of a server.</summary>
    private sealed class ToolServing
    {
        public CancellationTokenSource Stop { get; } = new();

        public ConcurrentDictionary<long, Task> Calls { get; } = new();

        public ToolSession? Session { get; set; }

        /// <summary>With why it is no longer up.</summary>
        public TaskCompletionSource<string> Over { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
