using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;
using Analemma.Kernel.Network;

namespace Analemma.Kernel.Effects;

/// <summary>
/// Sends a request, or opens a tunnel, that a rule allows; the runner answers the call. It connects to no address that
/// NetworkJudge.AddressProblem names, fills the rule's headers in at the last moment, and keeps to the rule's bytes.
/// Comes back as HttpEnded, exactly once.
/// </summary>
public sealed record SendHttp(CallId Call, ProcessId Process, RulePlan Rule, HttpUrl Target, Syscall Request) : Effect
{
    /// <summary>The rule's place in the agent's list, from 1, for people.</summary>
    public required int RuleNumber { get; init; }

    public required string Method { get; init; }

    public bool IsTunnel { get; init; }

    /// <summary>When it must be over, in UTC ticks; null when only its silence ends it.</summary>
    public long? DueAt { get; init; }

    /// <summary>The least of what the rule and the caller allow.</summary>
    public required long ResponseBytesMax { get; init; }

    /// <summary>Without the query, in which agents and services have keys.</summary>
    public override string ToString() =>
        $"SendHttp {{ {Call}, {Process}, {Method} {Target.Shown}, rule {RuleNumber} }}";
}
