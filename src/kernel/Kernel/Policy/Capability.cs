using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Policy;

/// <summary>One kind of right; each is a list of patterns in Permissions.</summary>
public enum Capability
{
    Send,
    Spawn,
    Kill,
    Read,
    Exec,
    Models,
    StoreRead,
    StoreWrite,
    Emit,
}

/// <summary>How the kinds of rights are written, and what an agent of the host has of each unless it is said.</summary>
public static class Capabilities
{
    private static readonly string[] Everything = [NamePattern.All];

    private static readonly string[] Near = [NamePattern.Family];

    private static readonly string[] Shared = ["agent/*", "group/*"];

    public static IReadOnlyList<Capability> All { get; } = Enum.GetValues<Capability>();

    /// <summary>As in JSON, and in refusals.</summary>
    public static string NameOf(Capability capability) => capability switch
    {
        Capability.Send => "send",
        Capability.Spawn => "spawn",
        Capability.Kill => "kill",
        Capability.Read => "read",
        Capability.Exec => "exec",
        Capability.Models => "models",
        Capability.StoreRead => "store_read",
        Capability.StoreWrite => "store_write",
        Capability.Emit => "emit",
    };

    /// <summary>The list of a request; null when it says nothing.</summary>
    public static IReadOnlyList<string>? Of(Permissions? permissions, Capability capability) => capability switch
    {
        Capability.Send => permissions?.Send,
        Capability.Spawn => permissions?.Spawn,
        Capability.Kill => permissions?.Kill,
        Capability.Read => permissions?.Read,
        Capability.Exec => permissions?.Exec,
        Capability.Models => permissions?.Models,
        Capability.StoreRead => permissions?.StoreRead,
        Capability.StoreWrite => permissions?.StoreWrite,
        Capability.Emit => permissions?.Emit,
    };

    public static IReadOnlyList<string> DefaultOf(Capability capability) => capability switch
    {
        Capability.Send or Capability.Kill or Capability.Read or Capability.Exec => Near,
        Capability.StoreRead or Capability.StoreWrite => Shared,
        _ => Everything,
    };

    /// <summary>Whether it is about agents, of which those near have a word of their own.</summary>
    public static bool IsAboutAgents(Capability capability) =>
        capability is Capability.Send or Capability.Kill or Capability.Read or Capability.Exec;
}
