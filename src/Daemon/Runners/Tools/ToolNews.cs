using Analemma.Kernel.Events;

namespace Analemma.Daemon.Runners.Tools;

/// <summary>
/// Tells whoever waits that the tools which somebody may call may be others from now on: a server is up, or has other
/// tools. Who waits looks for itself.
/// </summary>
internal sealed class ToolNews
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the next news. Take it before looking: what comes meanwhile is not missed.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    /// <summary>The same way for events, looked at when they have gone.</summary>
    public Action<KernelEvent> After(Action<KernelEvent> post) => @event =>
    {
        post(@event);
        if (@event is ToolServerReady or ToolServerChanged)
        {
            Raise();
        }
    };

    private void Raise() => Interlocked.Exchange(
        ref _next, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
