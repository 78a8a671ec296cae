using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Supervision;

/// <summary>What the end of a supervised process leads to.</summary>
public enum RestartDecision
{
    /// <summary>It is started again after a delay, within the limits.</summary>
    Restart,

    /// <summary>It has done what it should, or its policy wants no restart.</summary>
    Stop,

    /// <summary>It is not started again, and its supervisor is told.</summary>
    GiveUp,

    /// <summary>It is not started again until a person has looked.</summary>
    PauseForHuman,

    /// <summary>It waits for a provider of models.</summary>
    Park,

    /// <summary>It is started again at once when its kernel is back: it did not fail.</summary>
    Resume,
}

/// <summary>
/// Cause, policy, decision, as data: the first row that fits. What an operator ended, and what broke a rule (budgets, a
/// program that has lost its way, a fork bomb), is never started again by itself, whatever the policy. What failed for
/// want of a provider would fail again.
/// </summary>
public static class RestartTable
{
    /// <summary>An end that stands for one column of the table.</summary>
    public readonly record struct Row(
        string Cause, RestartDecision No, RestartDecision OnFailure, RestartDecision OnAbnormal, RestartDecision Always)
    {
        public RestartDecision For(RestartPolicy policy) => policy switch
        {
            RestartPolicy.No => No,
            RestartPolicy.OnFailure => OnFailure,
            RestartPolicy.OnAbnormal => OnAbnormal,
            _ => Always,
        };
    }

    private const RestartDecision R = RestartDecision.Restart;
    private const RestartDecision S = RestartDecision.Stop;
    private const RestartDecision H = RestartDecision.PauseForHuman;
    private const RestartDecision P = RestartDecision.Park;

    public static IReadOnlyList<Row> Rows { get; } =
    [
        //                          no  on-failure  on-abnormal  always
        new("killed-by-operator",   S,  S,          S,           S),
        new("kernel-shutdown",      RestartDecision.Resume, RestartDecision.Resume, RestartDecision.Resume,
            RestartDecision.Resume),
        new("pid-limit",            H,  H,          H,           H),
        new("budget",               H,  H,          H,           H),
        new("runaway",              H,  H,          H,           H),
        new("outage",               P,  P,          P,           P),
        new("exited 0",             S,  S,          S,           R),
        new("exited",               S,  R,          S,           R),
        new("start-failed",         S,  R,          S,           R),
        new("signalled",            S,  R,          R,           R),
        new("oom-killed",           S,  R,          R,           R),
        new("timeout",              S,  R,          R,           R),
        new("watchdog",             S,  R,          R,           R),
        new("not-ready",            S,  R,          R,           R),
        new("escalated",            S,  R,          R,           R),
        new("stopped-by-supervisor", R, R,          R,           R),
    ];

    public static RestartDecision Decide(RestartPolicy policy, ExitStatus exit, Trouble? trouble) =>
        Rows.First(row => Fits(row.Cause, exit, trouble)).For(policy);

    private static bool Fits(string cause, ExitStatus exit, Trouble? trouble) => cause switch
    {
        "budget" => trouble is { Kind: TroubleKind.Budget } && Failed(exit),
        "runaway" => trouble is { Kind: TroubleKind.Runaway } && Failed(exit),
        "outage" => trouble is { Kind: TroubleKind.Outage } && Failed(exit),
        "exited 0" => exit is { Cause: ExitCause.Exited, Code: 0 },
        _ => cause == NameOf(exit.Cause),
    };

    /// <summary>An end that an agent brings about itself when it is refused what it needs.</summary>
    private static bool Failed(ExitStatus exit) =>
        exit is { Cause: ExitCause.Exited, Code: not 0 } or { Cause: ExitCause.Signalled or ExitCause.Escalated };

    internal static string NameOf(ExitCause cause) => cause switch
    {
        ExitCause.Exited => "exited",
        ExitCause.Signalled => "signalled",
        ExitCause.OomKilled => "oom-killed",
        ExitCause.PidLimit => "pid-limit",
        ExitCause.StartFailed => "start-failed",
        ExitCause.Timeout => "timeout",
        ExitCause.KilledByOperator => "killed-by-operator",
        ExitCause.KernelShutdown => "kernel-shutdown",
        ExitCause.Watchdog => "watchdog",
        ExitCause.NotReady => "not-ready",
        ExitCause.Escalated => "escalated",
        ExitCause.StoppedBySupervisor => "stopped-by-supervisor",
        _ => throw new KernelPanicException($"no row for {cause}"),
    };
}
