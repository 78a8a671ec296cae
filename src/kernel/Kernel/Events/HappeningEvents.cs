using System.Text.Json;
using Analemma.Abi;

namespace Analemma.Kernel.Events;

/// <summary>
/// A subscriber that could not be sent an event takes more again: tell it what came after the cursor of the last one
/// that it was sent, or after its start.
/// </summary>
public sealed record SubscriberReady(CallId Call, string? After) : KernelEvent
{
    public override bool IsDurable => false;
}

/// <summary>An EMIT that asked to outlive the kernel, within its rate.</summary>
public sealed record EventEmitted(CallId Call, ProcessId Process, string Type, bool ForEveryone) : KernelEvent
{
    public JsonElement? Data { get; init; }

    /// <summary>The emitter's name; null for a client on the host.</summary>
    public string? Name { get; init; }

    public override bool IsDurable => true;
}
