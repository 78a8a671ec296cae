using System.Text.Json.Serialization;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Supervision;

/// <summary>One supervisor of a fleet, as declared, and how it fared. Durable.</summary>
public sealed class SupervisorState
{
    public const string RootName = "root";

    public required FleetSupervisor Declared { get; set; }

    /// <summary>When it restarted children lately, no more than count for its limit.</summary>
    public List<long> Starts { get; init => field = value ?? []; } = [];

    /// <summary>When it failed itself lately.</summary>
    public List<long> Falls { get; init => field = value ?? []; } = [];

    public long RestartsAll { get; set; }

    public long FallsAll { get; set; }

    [JsonIgnore]
    public string Name => Declared.Name;

    [JsonIgnore]
    public bool IsRoot => Name == RootName;

    [JsonIgnore]
    public string Parent => IsRoot ? "" : Declared.Parent ?? RootName;

    [JsonIgnore]
    public SupervisorStrategy Strategy => Declared.Strategy ?? SupervisorStrategy.OneForOne;

    /// <summary>Zero for no limit.</summary>
    [JsonIgnore]
    public int Burst => Declared.Burst ?? (IsRoot ? 0 : 10);

    [JsonIgnore]
    public long IntervalMs => Declared.IntervalMs ?? 60_000;
}
