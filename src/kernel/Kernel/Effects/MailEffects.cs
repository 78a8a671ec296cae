namespace Analemma.Kernel.Effects;

/// <summary>
/// Nobody will be given the message that the handle came with: its descriptor is closed. A handle leaves the kernel
/// once, by this or in an answer.
/// </summary>
public sealed record DropHandle(long Number) : Effect;
