using System.Text.Json.Serialization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;
using Analemma.Kernel.Policy;

namespace Analemma.Kernel.Happenings;

/// <summary>Something that was told to those who watch, and who may see it.</summary>
public sealed record Told
{
    private const long NoteBytes = 2_048;

    /// <summary>Its number among the durable ones, or of the latest of them before it.</summary>
    public required long Durable { get; init; }

    public required EventView View { get; init; }

    /// <summary>Whom it is about, and who was above it then; none when it is for clients on the host alone.</summary>
    // Kept here, since records of the dead go.
    public IReadOnlyList<ProcessId> Family { get; init => field = value ?? []; } = [];

    /// <summary>Every agent may see it.</summary>
    public bool ForEveryone { get; init; }

    /// <summary>How many volatile ones the kernel had told when it came, itself among them.</summary>
    [JsonIgnore]
    public long Volatile { get; init; }

    [JsonIgnore]
    public bool IsDurable { get; init; }

    [JsonIgnore]
    public Place Place => new(Durable, IsDurable ? 0 : Volatile);

    /// <summary>What it comes to in memory, about.</summary>
    [JsonIgnore]
    public long Bytes => 256 + (View.Supervision is null ? 0 : NoteBytes) + (2L * TextLength)
        + (View.Data is { } data ? data.GetRawText().Length : 0);

    private int TextLength =>
        (View.What?.Length ?? 0) + (View.Reason?.Length ?? 0) + (View.Exit?.Detail?.Length ?? 0);

    /// <summary>As it is sent.</summary>
    public EventView ToView() => View with { Cursor = Place.ToString() };

    /// <summary>
    /// The host is told everything, an agent of itself and of those that it may read, as they are called and as its
    /// permissions are now.
    /// </summary>
    internal bool IsFor(KernelState state, Caller caller) => caller.IsHost || ForEveryone
        || (Family.Count > 0 && (Family[0] == caller.Process
            || Rights.MayHear(state, caller.Process, View.Name, Family.Contains(caller.Process))));
}
