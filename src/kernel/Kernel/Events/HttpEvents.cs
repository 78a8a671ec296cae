using Analemma.Abi;

namespace Analemma.Kernel.Events;

/// <summary>
/// What SendHttp asked for is over: exactly one for each, also when the caller took it back. Its answer has been given
/// by the runner. Volatile: requests end with their kernel.
/// </summary>
public sealed record HttpEnded(CallId Call, ProcessId Process) : KernelEvent
{
    /// <summary>Set when the rule does not allow what the host turned out to be, or went beyond.</summary>
    public NetworkDenial? Denial { get; init; }

    public override bool IsDurable => false;
}

/// <summary>Something that rules do not allow, in words for the audit record.</summary>
public sealed record NetworkDenial(string What, string Reason);
