using ModelContextProtocol.Client;

namespace Analemma.Tools;

/// <summary>
/// Asks a server for its tools again when it says that they have changed. One question at a time, however often it says
/// so: what is said meanwhile makes for one more, after a pause.
/// </summary>
internal sealed class Relisting(ToolSessionOptions options)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private McpClient? _client;
    private bool _isAsking;
    private bool _isWanted;

    /// <summary>From now on there is whom to ask.</summary>
    public void Begin(McpClient client)
    {
        lock (_gate)
        {
            _client = client;
            if (!_isWanted)
            {
                return;
            }

            _isAsking = true;
        }

        _ = AskAsync(client);
    }

    public ValueTask NoticeAsync()
    {
        McpClient client;
        lock (_gate)
        {
            _isWanted = true;
            if (_client is null || _isAsking)
            {
                return default;
            }

            _isAsking = true;
            client = _client;
        }

        // Not awaited: the answer comes through the reader that calls this.
        _ = AskAsync(client);
        return default;
    }

    private async Task AskAsync(McpClient client)
    {
        while (true)
        {
            lock (_gate)
            {
                if (!_isWanted)
                {
                    _isAsking = false;
                    return;
                }

                _isWanted = false;
            }

            try
            {
                using var limit = new CancellationTokenSource(options.StartTimeout, options.Time);
                options.Changed(await ToolCatalog.ReadAsync(client, options, limit.Token));
            }
            catch (Exception failed) when (failed is OperationCanceledException || ToolSession.IsFault(failed))
            {
                // It keeps the tools that are known. If it has ended, the session says so.
            }

            await Task.Delay(Pause, options.Time, CancellationToken.None);
        }
    }
}
