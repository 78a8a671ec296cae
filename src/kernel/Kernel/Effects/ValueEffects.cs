using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;
using Analemma.Kernel.Values;

namespace Analemma.Kernel.Effects;

/// <summary>
/// Keeps the body of a value for good. Comes back as ValueKept, when it is on disk, or as ValueNotKept, exactly one of
/// them.
/// </summary>
public sealed record KeepValue(CallId Call, long Body, byte[] Value) : Effect;

/// <summary>Bodies of values that nobody reaches any more. Some may not be there.</summary>
public sealed record DropValues(IReadOnlyList<long> Bodies) : Effect;

/// <summary>A kernel starts: whatever is kept beside these bodies was left by one that was killed.</summary>
public sealed record SweepValues(IReadOnlyCollection<long> Used) : Effect;

/// <summary>Reads the body of a value, and answers with it; before any that is dropped by a later effect.</summary>
public sealed record ReadValue(CallId Call, StoredValue Value, FetchReply Known) : Effect;
