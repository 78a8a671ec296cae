namespace Analemma.Daemon.Workflows.Engine;

/// <summary>A task that is under way, or waited for.</summary>
/// <param name="TaskId">Which.</param>
/// <param name="Token">By which its end can be told; null when it cannot.</param>
internal sealed record RunningTask(long TaskId, string? Token) : IDisposable
{
    private readonly CancellationTokenSource _cancel = new();

    public CancellationToken Cancelled => _cancel.Token;

    public void Cancel() => _cancel.Cancel();

    public void Dispose() => _cancel.Dispose();
}
