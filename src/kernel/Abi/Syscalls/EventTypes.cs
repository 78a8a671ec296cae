namespace Analemma.Abi.Syscalls;

/// <summary>The types of events that SUBSCRIBE streams.</summary>
public static class EventTypes
{
    /// <summary>A SPAWN was admitted; the process does not run yet.</summary>
    public const string Spawned = "spawned";

    /// <summary>A process runs.</summary>
    public const string Started = "started";

    /// <summary>A kernel has taken over the process of one before it.</summary>
    public const string Adopted = "adopted";

    /// <summary>A process was frozen.</summary>
    public const string Paused = "paused";

    /// <summary>A process goes on.</summary>
    public const string Resumed = "resumed";

    /// <summary>A process went over a limit and is ended for that.</summary>
    public const string LimitReached = "limit-reached";

    /// <summary>A process tried what it may not do.</summary>
    public const string Denied = "denied";

    /// <summary>A call of a tool has ended.</summary>
    public const string ToolCalled = "tool-called";

    /// <summary>A server of tools is up, or has ended.</summary>
    public const string ToolServer = "tool-server";

    /// <summary>A process has ended.</summary>
    public const string Exited = "exited";

    /// <summary>A secret was set or removed; for clients on the host.</summary>
    public const string SecretChanged = "secret-changed";

    /// <summary>A supervised agent has come into another state; <c>kind</c> is the state.</summary>
    public const string Supervision = "supervision";

    /// <summary>An agent, or a supervisor, could not cope.</summary>
    public const string Escalated = "escalated";

    /// <summary>Agents wait for each other in a circle.</summary>
    public const string Deadlock = "deadlock";

    /// <summary>
    /// A supervised agent is to finish what it has in hand and end: <c>reason</c> is why, <c>count</c> the milliseconds
    /// that are left before SIGTERM.
    /// </summary>
    public const string Draining = "draining";

    /// <summary>Messages that nobody will be given; <c>kind</c> is why, <c>what</c> the mailbox.</summary>
    public const string DeadLetter = "dead-letter";

    /// <summary>A message found no room; told once, until the mailbox is half empty again.</summary>
    public const string MailboxFull = "mailbox-full";

    /// <summary>
    /// A budget for models runs out: <c>kind</c> is low or exhausted. Or it was charged with what a kernel may have
    /// answered and not written when it ended: <c>kind</c> is charged.
    /// </summary>
    public const string Budget = "budget";

    /// <summary>A kernel has started.</summary>
    public const string KernelStarted = "kernel-started";

    /// <summary>This subscriber did not keep up, and so many events were not sent. Sent unasked.</summary>
    public const string Missed = "missed";

    /// <summary>
    /// What stands in place of a name in the types of events that clients on the host EMIT; no process can have it.
    /// </summary>
    public const string HostNamespace = "_host";

    /// <summary>The kernel's own. Those that are emitted are called after their emitters: <c>NAME/TYPE</c>.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Spawned, Started, Adopted, Paused, Resumed, LimitReached, Denied, ToolCalled, ToolServer, Exited,
        Draining, SecretChanged, KernelStarted, Supervision, Escalated, Deadlock, DeadLetter, MailboxFull, Budget,
        Missed,
    ];

    // Those that follow from what is in the journal alone. Any other, even when told at the same moment, is memory.
    private static readonly HashSet<string> InJournal = new(StringComparer.Ordinal)
    {
        Spawned, Started, Adopted, Paused, Resumed, LimitReached, Denied, Exited, KernelStarted,
        Supervision, Escalated, Draining,
    };

    /// <summary>
    /// Whether events of this type are kept across restarts of the kernel, as those that are emitted can be.
    /// </summary>
    public static bool IsDurable(string type) => InJournal.Contains(type) || type.Contains('/');
}
