using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;

namespace Analemma.Daemon.Telemetry.Instruments;

/// <summary>Values of attributes, made once.</summary>
internal static class Names
{
    private static readonly Dictionary<SyscallNumber, string> Syscalls = Enum.GetValues<SyscallNumber>()
        .ToDictionary(number => number, number => Snake(number.ToString()));

    private static readonly Dictionary<ModelFailureKind, string> Failures = Enum.GetValues<ModelFailureKind>()
        .ToDictionary(kind => kind, kind => Snake(kind.ToString()));

    private static readonly Dictionary<ExitCause, string> Causes = new()
    {
        [ExitCause.Exited] = "exited",
        [ExitCause.Signalled] = "signalled",
        [ExitCause.OomKilled] = "oom-killed",
        [ExitCause.PidLimit] = "pid-limit",
        [ExitCause.StartFailed] = "start-failed",
        [ExitCause.Timeout] = "timeout",
        [ExitCause.KilledByOperator] = "killed-by-operator",
        [ExitCause.KernelShutdown] = "kernel-shutdown",
        [ExitCause.Watchdog] = "watchdog",
        [ExitCause.NotReady] = "not-ready",
        [ExitCause.Escalated] = "escalated",
        [ExitCause.StoppedBySupervisor] = "stopped-by-supervisor",
    };

    /// <summary>Numbers that there are not share one name: who sends them makes no series.</summary>
    public static string Of(SyscallNumber number) => Syscalls.GetValueOrDefault(number, "unknown");

    public static string Of(SysErrorCode status) =>
        status is SysErrorCode.Ok ? "ok" : SysErrorCodes.NameOf(status);

    public static string Of(ModelFailureKind kind) => Failures[kind];

    public static string Of(ExitCause cause) => Causes[cause];

    public static string Of(ProcessState state) => state switch
    {
        ProcessState.Starting => "starting",
        ProcessState.Running => "running",
        ProcessState.Paused => "paused",
        ProcessState.Stopping => "stopping",
        ProcessState.Exited => "exited",
    };

    /// <summary>
    /// <c>gen_ai.provider.name</c>: the conventions' value where they have one, else the provider's own name; of the
    /// embedded simulator <c>sim</c>, so that nobody takes its figures for a model's.
    /// </summary>
    public static string GenAiProvider(string provider) => provider == "gemini" ? "gcp.gemini" : provider;

    private static string Snake(string name) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}
