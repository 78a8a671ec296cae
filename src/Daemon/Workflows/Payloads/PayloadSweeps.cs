using Analemma.Daemon.Runners;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Workflows.Payloads;

/// <summary>Sweeps payloads once after a start, for what a crash left, and then from time to time.</summary>
internal sealed class PayloadSweeps : IDisposable
{
    private static readonly TimeSpan Between = TimeSpan.FromMinutes(15);

    private readonly ITimer _timer;

    public PayloadSweeps(ExecutionPayloads payloads, BackgroundTasks background, TimeProvider time, ILogger log) =>
        _timer = time.CreateTimer(
            _ => background.Run(stopping => SweepAsync(payloads, log, stopping)), null, TimeSpan.Zero, Between);

    public void Dispose() => _timer.Dispose();

    private static async Task SweepAsync(ExecutionPayloads payloads, ILogger log, CancellationToken stopping)
    {
        try
        {
            var swept = await payloads.SweepAsync(stopping);
            if (swept.Removed > 0)
            {
                log.PayloadsSwept(swept.Removed, swept.Kept);
            }
        }
        catch (Exception failed) when (failed is PayloadException or JournalStoreException)
        {
            log.PayloadsNotSwept(failed.Message);
        }
        catch (Exception over) when (over is ObjectDisposedException or OperationCanceledException)
        {
            // The kernel stops.
        }
    }
}
