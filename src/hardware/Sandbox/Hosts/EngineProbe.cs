namespace Analemma.Sandbox.Hosts;

/// <summary>Runs one small program in a sandbox with limits, because nothing else tells whether it works.</summary>
internal static class EngineProbe
{
    /// <summary>Null when it worked, else why not.</summary>
    public static async Task<string?> FailureAsync(
        ISandboxEngine engine, SandboxEngineOptions options, CancellationToken cancellationToken)
    {
        SandboxPolicy policy = new()
        {
            Key = $"probe-{Environment.ProcessId}-{options.Clock.GetTimestamp()}",
            HostName = "probe",
            Argv = ["/bin/sh", "-c", "test -w /work && test ! -w /usr && exit 7"],
            Env = new Dictionary<string, string>(),
            Limits = new SandboxLimits
            {
                MemoryBytes = 64 << 20,
                Pids = 16,
                CpuQuotaUs = 100_000,
                CpuPeriodUs = 100_000,
                CpuWeight = 100,
                OpenFiles = 64,
                LogBytes = 64 << 10,
                WorkBytes = 1 << 20,
            },
        };
        try
        {
            await using var sandbox = await engine.CreateAsync(policy, cancellationToken);
            await sandbox.StartAsync(cancellationToken);
            var exit = await sandbox.Exited.WaitAsync(TimeSpan.FromSeconds(10), options.Clock, cancellationToken);
            return exit.Code == 7 ? null : $"{engine.Report.Engine}: the probe ended with {exit}";
        }
        catch (SandboxException failed)
        {
            return failed.Message;
        }
        catch (TimeoutException)
        {
            return $"{engine.Report.Engine}: the probe did not end";
        }
    }
}
