using Analemma.Daemon.Http;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Sockets;

namespace Analemma.Daemon.Workflows;

/// <summary>What workflows need of the kernel around them.</summary>
/// <param name="Syscalls">By which tasks act as any client on the host would.</param>
/// <param name="Budget">The bytes that are kept for those clients.</param>
/// <param name="Calls">Where calls are that wait for an event of a function.</param>
internal sealed record WorkflowKernel(HttpSyscalls Syscalls, ByteBudget Budget, CallTable Calls);
