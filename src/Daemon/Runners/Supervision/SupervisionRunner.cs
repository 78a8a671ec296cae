using System.Text;
using Analemma.Abi;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Sandbox;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Runners.Supervision;

/// <summary>Runs probes inside sandboxes, and tells of escalations.</summary>
internal sealed class SupervisionRunner(
    LiveSandboxes live,
    Webhook webhook,
    BackgroundTasks tasks,
    TimeProvider time,
    Action<KernelEvent> post,
    ILogger log)
{
    private long Now => time.GetUtcNow().UtcTicks;

    public void Start(ProbeUnit probe) => tasks.Run(stopping => ProbeAsync(probe, stopping));

    public void Start(TellEscalation tell) => tasks.Run(stopping => TellAsync(tell.Escalation, stopping));

    private async Task ProbeAsync(ProbeUnit probe, CancellationToken stopping)
    {
        var (isReady, detail) = await RunAsync(probe, stopping);
        post(new ProbeEnded(probe.Unit, probe.Process, isReady, detail) { At = Now });
    }

    private async Task<(bool IsReady, string Detail)> RunAsync(ProbeUnit probe, CancellationToken stopping)
    {
        if (!live.TryGet(probe.Process, out var sandbox))
        {
            return (false, "its sandbox is gone");
        }

        using var timer = new CancellationTokenSource(TimeSpan.FromMilliseconds(probe.TimeoutMs), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stopping);
        try
        {
            var request = new ExecRequest(probe.Argv, new Dictionary<string, string>(), "/work");
            var result = await sandbox.ExecAsync(request, (_, _) => ValueTask.CompletedTask, either.Token);
            return (result.ExitCode == 0, $"its probe exited with code {result.ExitCode}");
        }
        catch (OperationCanceledException) when (timer.IsCancellationRequested)
        {
            return (false, $"its probe took longer than {probe.TimeoutMs} ms");
        }
        catch (Exception failed) when (failed is SandboxException or IOException)
        {
            return (false, $"its probe: {failed.Message}");
        }
    }

    private async Task TellAsync(Escalation escalation, CancellationToken stopping)
    {
        var lines = await LinesAsync(escalation.Origin, stopping);
        log.Escalated(escalation.Name, escalation.To, string.Join(" <- ", escalation.Chain.Reverse()));
        post(new EscalationTold(escalation, lines) { At = Now });
        if (escalation.Webhook is { } address)
        {
            await webhook.TellAsync(address, escalation, lines, stopping);
        }
    }

    /// <summary>The last lines that a process wrote, as far as they are kept.</summary>
    private async Task<IReadOnlyList<string>> LinesAsync(ProcessId process, CancellationToken stopping)
    {
        if (!live.TryGet(process, out var sandbox))
        {
            return [];
        }

        using MemoryStream kept = new();
        try
        {
            await sandbox.Logs.ReadAsync(Keep, DaemonLimits.EscalationLinesMax, follow: false, stopping);
        }
        catch (Exception failed) when (failed is IOException or SandboxException)
        {
            return [$"its output cannot be read: {failed.Message}"];
        }

        return
        [
            .. Encoding.UTF8.GetString(kept.GetBuffer(), 0, (int)kept.Length)
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .TakeLast(DaemonLimits.EscalationLinesMax)
                .Select(line => line.Length <= DaemonLimits.EscalationLineCharsMax
                    ? line : line[..DaemonLimits.EscalationLineCharsMax] + "…"),
        ];

        ValueTask Keep(int stream, ReadOnlyMemory<byte> bytes)
        {
            if (kept.Length + bytes.Length <= DaemonLimits.EscalationBytesMax)
            {
                kept.Write(bytes.Span);
            }

            return ValueTask.CompletedTask;
        }
    }
}
