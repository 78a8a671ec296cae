using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Effects;

/// <summary>
/// Moves the bytes of a PIPEWRITE or a PIPEREAD, past the kernel, and ends the call. Rights are settled.
/// </summary>
public sealed record UsePipe(CallId Call, PipeSyscall Syscall) : Effect;

/// <summary>
/// Closes our hold on an end, unless it has gone to a process's streams: those close with the process. What waits for
/// it ends. With <paramref name="IsLast"/> nothing of the pipe is left.
/// </summary>
public sealed record ClosePipeEnd(long Pipe, bool IsReader, bool IsLast) : Effect;

/// <summary>A kernel starts: no pipe of before is its.</summary>
public sealed record DropPipes : Effect;
