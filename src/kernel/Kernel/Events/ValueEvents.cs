using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Events;

/// <summary>
/// A value is to be stored: whether the version and the quotas allow it is decided when this is applied, for only then
/// is it certain what is there. A body that it names was kept before.
/// </summary>
/// <param name="Call">Who waits.</param>
/// <param name="Process">Who stores it; None for the host.</param>
/// <param name="Scope">Where.</param>
/// <param name="Owner">Whose.</param>
/// <param name="Key">The key.</param>
/// <param name="Bytes">How large it is.</param>
public sealed record ValueStored(
    CallId Call, ProcessId Process, StoreScope Scope, string Owner, string Key, long Bytes) : KernelEvent
{
    /// <summary>Whose quota it counts to.</summary>
    public string Payer { get; init => field = value ?? ""; } = "";

    public byte[]? Inline { get; init; }

    public long? Body { get; init; }

    public string? Hash { get; init; }

    public long? ExpiresAt { get; init; }

    public long? IfVersion { get; init; }

    public override bool IsDurable => true;
}

/// <summary>A value is to be forgotten, if it has the version that was named.</summary>
public sealed record ValueDeleted(CallId Call, StoreScope Scope, string Owner, string Key, long? IfVersion)
    : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>The time of values is up, of so many that there is enough to do.</summary>
public sealed record ValuesExpired : KernelEvent
{
    public override bool IsDurable => true;
}

/// <summary>The time of a value is up.</summary>
public sealed record ValueExpiryDue : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>What KeepValue asked is done.</summary>
public sealed record ValueKept(CallId Call, string Hash) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>What KeepValue asked cannot be done; nothing is kept.</summary>
public sealed record ValueNotKept(CallId Call, SysError Error) : KernelEvent
{
    public override bool IsDurable => false;
}
