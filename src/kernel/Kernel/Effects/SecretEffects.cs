using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Effects;

/// <summary>
/// Has the store of secrets do what a syscall of the host asks: SECRET_SET, SECRET_LIST or SECRET_REMOVE. The runner
/// answers the list, and refuses what the store cannot do; a change that was made comes back as SecretChanged.
/// </summary>
public sealed record PerformSecret(CallId Call, Syscall Syscall) : Effect;
