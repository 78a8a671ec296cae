using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Supervision;

/// <summary>How a process ended, in one line for people.</summary>
internal static class ExitText
{
    public static string Of(ExitStatus exit)
    {
        var what = exit.Cause switch
        {
            ExitCause.Exited => $"exited with code {exit.Code}",
            ExitCause.Signalled => $"was ended by signal {exit.Signal}",
            ExitCause.OomKilled => "ran out of memory",
            ExitCause.PidLimit => "forked without end",
            ExitCause.StartFailed => "could not be started",
            ExitCause.Timeout => "ran out of time",
            ExitCause.KilledByOperator => "was killed by an operator",
            ExitCause.KernelShutdown => "ended with the kernel",
            ExitCause.Watchdog => "was ended by its watchdog",
            ExitCause.NotReady => "was not ready in time",
            ExitCause.Escalated => "could not cope",
            _ => "was stopped by its supervisor",
        };
        return exit.Detail is { Length: > 0 } detail ? $"{what}: {detail}" : what;
    }
}
