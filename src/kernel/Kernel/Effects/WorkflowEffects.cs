using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Effects;

/// <summary>Has the workflow engine do an operation of its API, and ends the call with what it answers.</summary>
public sealed record CallWorkflows(CallId Call, string Operation, JsonElement? Input) : Effect;

/// <summary>Takes how an environment's event ended, and ends the call with the next one.</summary>
public sealed record TurnFunction(CallId Call, ProcessId Process, FunctionNext Asked) : Effect;

/// <summary>Listens for AWS clients, if nobody does yet, and ends the call with the address.</summary>
public sealed record OpenWorkflows(CallId Call) : Effect;
