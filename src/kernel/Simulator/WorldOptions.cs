using Analemma.Abi.Syscalls;
using Analemma.Kernel;

namespace Analemma.Simulator;

/// <summary>
/// What kind of world a seed makes. Chances are per ten thousand. Drawn once, so that some worlds are calm and some are
/// not: faults that always come together hide each other.
/// </summary>
internal sealed record WorldOptions
{
    /// <summary>The kernel is killed, per turn of the kernel, at a random point of it.</summary>
    public int Crash { get; init; }

    public int DiskFull { get; init; }

    public int DiskError { get; init; }

    public int StartFails { get; init; }

    public int IgnoresTerm { get; init; }

    /// <summary>A client goes away instead of asking something.</summary>
    public int Disconnects { get; init; }

    /// <summary>An agent's denied attempts come by the hundred.</summary>
    public int DenialStorm { get; init; }

    /// <summary>After a restart a sandbox that still runs is ended instead of taken over.</summary>
    public int ReapsLeftovers { get; init; }

    /// <summary>Of a request, SHUTDOWN.</summary>
    public int Shutdowns { get; init; }

    public int HostClients { get; init; }

    /// <summary>Between two requests, over all clients.</summary>
    public long PauseUsMax { get; init; }

    /// <summary>From the end of a sandbox to the kernel's hearing of it.</summary>
    public long ExitNoticeUsMax { get; init; }

    public KernelOptions Kernel { get; init; } = new();

    public static WorldOptions Draw(SeededRandom random) => new()
    {
        Crash = random.Pick([0, 20, 100, 300]),
        DiskFull = random.Pick([0, 0, 10, 100]),
        DiskError = random.Pick([0, 0, 10, 100]),
        StartFails = random.Pick([0, 300, 2_000]),
        IgnoresTerm = random.Pick([0, 1_000, 5_000]),
        Disconnects = random.Pick([0, 50, 500]),
        DenialStorm = random.Pick([0, 0, 100, 1_000]),
        ReapsLeftovers = random.Pick([0, 2_000, 10_000]),
        Shutdowns = random.Pick([0, 5, 40]),
        HostClients = random.Pick([1, 3, 8]),
        PauseUsMax = random.Pick([500L, 5_000, 50_000]),
        ExitNoticeUsMax = random.Pick([200L, 5_000, 2_000_000]),
        Kernel = new KernelOptions
        {
            GraceMs = random.Pick([0L, 50, 2_000]),
            ProcessesMax = random.Pick([3, 12, 40]),
            DeadRecordsMax = random.Pick([1, 4, 20]),
            UnsandboxedAllowed = random.Chance(5_000),
            Enforced = random.Chance(5_000) ? GuaranteeNames.All : [.. GuaranteeNames.All.Take(3)],
        },
    };
}
