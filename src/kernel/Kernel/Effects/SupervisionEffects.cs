using Analemma.Abi;

namespace Analemma.Kernel.Effects;

/// <summary>Runs a probe in the sandbox of a unit's process. Comes back as ProbeEnded.</summary>
public sealed record ProbeUnit(long Unit, ProcessId Process, IReadOnlyList<string> Argv, long TimeoutMs) : Effect;

/// <summary>
/// Tells of an escalation: finds the last log lines of its origin, writes to the kernel's log and tells the webhook
/// when it came to the root. Comes back as EscalationTold.
/// </summary>
public sealed record TellEscalation(Escalation Escalation) : Effect;

/// <summary>A failure that somebody could not cope with.</summary>
/// <param name="Unit">The unit that could not be kept running; 0 for a process that is none.</param>
/// <param name="Name">Its name.</param>
/// <param name="Fleet">Its fleet, or empty.</param>
/// <param name="Process">Whom the event is about.</param>
/// <param name="Origin">The process whose output tells most.</param>
/// <param name="To">Who is told: the name of a supervisor, or root.</param>
/// <param name="Chain">The causes, first the first.</param>
/// <param name="Webhook">An address to tell too.</param>
public sealed record Escalation(
    long Unit,
    string Name,
    string Fleet,
    ProcessId Process,
    ProcessId Origin,
    string To,
    IReadOnlyList<string> Chain,
    string? Webhook);
