using Analemma.Daemon.Http;

namespace Analemma.Daemon.Workflows;

/// <summary>What workflows need of the kernel around them.</summary>
/// <param name="Syscalls">By which tasks act as any client on the host would.</param>
internal sealed record WorkflowKernel(HttpSyscalls Syscalls);
