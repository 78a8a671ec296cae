namespace Analemma.Sandbox.Pool;

/// <summary>How many sandboxes wait, and what for.</summary>
public sealed record PoolOptions
{
    /// <summary>Created containers whose program is not yet known.</summary>
    public int Created { get; init; } = 4;

    /// <summary>Containers in which a Python waits with its modules loaded. Needs the SDK and sockets.</summary>
    public int Preloaded { get; init; } = 4;

    /// <summary>
    /// What slots are made with. The size of /work stays; the others are set anew when taken, where they differ.
    /// </summary>
    public required SandboxLimits Limits { get; init; }

    /// <summary>
    /// What every agent's environment begins with: variables that Python reads before a program must not differ from
    /// those of the agent that takes the slot.
    /// </summary>
    public required IReadOnlyDictionary<string, string> Env { get; init; }

    public string Python { get; init; } = "/usr/bin/python3";

    /// <summary>With less of the host's memory available, no slot is made and the idle ones are given up.</summary>
    public double MemoryAvailableMin { get; init; } = 0.1;

    /// <summary>
    /// Rest after the latest slot was taken, so that refilling does not slow down agents that just began; a kind of
    /// slot that has run out is made at once.
    /// </summary>
    public TimeSpan RefillDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>However many are taken, refilling begins after this.</summary>
    public TimeSpan RefillDelayMax { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The cgroup weight of a slot until it is taken: making one gives way to the agents that are at work.
    /// </summary>
    public int CpuWeight { get; init; } = 1;

    /// <summary>How long an interpreter may take until it waits.</summary>
    public TimeSpan PreloadMax { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>The kernel's sockets, as slots need them.</summary>
public interface ISlotSockets
{
    /// <summary>A slot of either kind was made, and has not begun to run.</summary>
    void Made(ISandbox slot);

    /// <summary>
    /// Listens in the slot's run folder. Calls back when its interpreter waits there (CLAIM), or when it cannot.
    /// </summary>
    void OpenUnclaimed(ISandbox slot, Action claimed);

    /// <summary>The slot will never be anybody.</summary>
    void Close(ISandbox slot);
}
