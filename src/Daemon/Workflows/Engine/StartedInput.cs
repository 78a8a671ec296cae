using Analemma.Workflow.Payloads;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>What an execution began with.</summary>
/// <param name="Text">As text; null when it is too large.</param>
/// <param name="Paged">What it is, when it is too large.</param>
internal readonly record struct StartedInput(string? Text, PayloadReference? Paged);
