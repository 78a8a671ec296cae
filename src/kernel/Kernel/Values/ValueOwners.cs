using Analemma.Abi.Syscalls;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Values;

/// <summary>
/// Whose values are whose. An agent is known by its path, the names above it and its own: one that is started again
/// finds what it kept, and one that only takes the name of another, below another parent, does not.
/// </summary>
internal static class ValueOwners
{
    private const string FamilyPrefix = "family:";

    private const string GivenPrefix = "agent-";

    public static ValuePlace PlaceOf(Process process, StoreScope scope) => scope switch
    {
        StoreScope.Agent => new ValuePlace(StoreScope.Agent, process.Path),
        StoreScope.Group => new ValuePlace(StoreScope.Group, GroupOf(process)),
        StoreScope.Global => ValuePlace.Global,
        _ => throw new KernelPanicException($"{scope} is no place"),
    };

    /// <summary>No name has a colon, so no group that was named is a family.</summary>
    public static string GroupOf(Process process) => process.Plan.Permissions.Group ?? FamilyPrefix + PayerOf(process);

    /// <summary>The oldest of its family: who spawns has no more room by it.</summary>
    public static string PayerOf(Process process) => process.Path.Split(SpawnPlan.PathSeparator)[0];

    /// <summary>Its spawners named it and all above it; a name that the kernel gives is never given again.</summary>
    public static bool IsNamed(Process process) =>
        !process.Path.Split(SpawnPlan.PathSeparator).Any(IsGiven);

    private static bool IsGiven(string name) => name.StartsWith(GivenPrefix, StringComparison.Ordinal)
        && name.AsSpan(GivenPrefix.Length).TrimEnd('_') is { IsEmpty: false } id
        && !id.ContainsAnyExceptInRange('0', '9');
}
