namespace Analemma.Daemon.Workflows.Engine;

/// <summary>A task that is under way, or waited for.</summary>
/// <param name="taskId">Which.</param>
/// <param name="token">By which its end can be told; null when it cannot.</param>
internal sealed class RunningTask(long taskId, string? token)
{
    // Most tasks ask for neither of the two sources, and thousands may only be waited for.
    private readonly Lock _gate = new();
    private CancellationTokenSource? _ends;
    private CancellationTokenSource? _unwanted;
    private bool _isUnwanted;

    public long TaskId => taskId;

    public string? Token => token;

    /// <summary>Cancelled when nobody wants it any more.</summary>
    public CancellationToken Unwanted
    {
        get
        {
            lock (_gate)
            {
                return _isUnwanted ? new CancellationToken(canceled: true) : (_unwanted ??= new()).Token;
            }
        }
    }

    /// <summary>It begins: cancelled when nobody wants it, or its kernel stops. Disposed with its end.</summary>
    public CancellationTokenSource Begin(CancellationToken stopping)
    {
        var ends = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        lock (_gate)
        {
            if (!_isUnwanted)
            {
                return _ends = ends;
            }
        }

        ends.Cancel();
        return ends;
    }

    /// <summary>It has ended: from now on there is nothing to cancel.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ends = null;
        }
    }

    public void Cancel()
    {
        CancellationTokenSource? ends;
        CancellationTokenSource? unwanted;
        lock (_gate)
        {
            (_isUnwanted, ends, unwanted) = (true, _ends, _unwanted);
        }

        unwanted?.Cancel();
        try
        {
            ends?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has ended meanwhile.
        }
    }
}
