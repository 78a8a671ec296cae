using Analemma.Abi;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Effects;

/// <summary>
/// Listens on the host for programs that speak HTTP, if nobody does yet, and answers with the address and a token for
/// the process, or for clients on the host.
/// </summary>
public sealed record OpenEndpoint(CallId Call, ProcessId Process) : Effect;
