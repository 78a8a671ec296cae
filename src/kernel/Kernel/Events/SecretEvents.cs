namespace Analemma.Kernel.Events;

/// <summary>
/// The store has kept or forgotten a secret, as a call asked. Volatile: that it was asked is in the journal, and what
/// came of it is in the store.
/// </summary>
public sealed record SecretChanged(CallId Call, string Name, SecretChange Change) : KernelEvent
{
    public override bool IsDurable => false;
}

public enum SecretChange
{
    Set,
    Replaced,
    Removed,
}
