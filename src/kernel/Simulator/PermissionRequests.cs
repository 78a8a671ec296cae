using Analemma.Abi.Syscalls;

namespace Analemma.Simulator;

/// <summary>Permissions that are now within those of others and now not: few patterns, over few names.</summary>
internal static class PermissionRequests
{
    private static readonly string[] Agents = ["_family", "*", "a", "b", "agent-*", "f*", "fa", "w*"];

    public static TargetedSyscall Next(SeededRandom random) =>
        random.Chance(4_000) ? new GetPerms() : new SetPerms { Permissions = Some(random) };

    public static Permissions Some(SeededRandom random) => new()
    {
        Spawn = Maybe(random, ["*", "a", "agent-*", "w*", "b"]),
        Kill = Maybe(random, Agents),
        Read = Maybe(random, Agents),
        Send = random.Chance(1_000) ? Maybe(random, Agents) : null,
        Models = random.Chance(1_000) ? Maybe(random, ["*", "sim", "small"]) : null,
        Emit = random.Chance(1_000) ? Maybe(random, ["*", "note"]) : null,
        StoreRead = random.Chance(1_000) ? Maybe(random, ["agent/*", "group/*", "*"]) : null,
    };

    /// <summary>Nothing said, nothing allowed, or one or two.</summary>
    private static string[]? Maybe(SeededRandom random, string[] patterns) => random.Below(6) switch
    {
        0 or 1 => null,
        2 => [],
        3 => [random.Pick(patterns), random.Pick(patterns)],
        _ => [random.Pick(patterns)],
    };
}
