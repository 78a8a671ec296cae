using Analemma.Daemon.Workflows.Tasks.Lambda;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Functions of the kernel's own: agents that are called with an event and answer with JSON.</summary>
internal interface IFunctions
{
    bool Has(string name);

    Task<Invoked> InvokeAsync(TaskCall call, string name, FunctionCall asked, CancellationToken cancelled);
}

/// <summary>What a function is called with.</summary>
/// <param name="Payload">The event; undefined for an empty object.</param>
internal readonly record struct FunctionCall(JsonValue Payload)
{
    /// <summary>JSON, as text; null for none.</summary>
    public string? ClientContext { get; init; }

    /// <summary>Null for none.</summary>
    public string? TraceId { get; init; }

    /// <summary>The version that the caller has named; null for none.</summary>
    public string? Qualifier { get; init; }

    /// <summary>Whether the end of what it prints is wanted with the answer.</summary>
    public bool WantsLog { get; init; }
}

/// <summary>None.</summary>
internal sealed class NoFunctions : IFunctions
{
    public bool Has(string name) => false;

    public Task<Invoked> InvokeAsync(TaskCall call, string name, FunctionCall asked, CancellationToken cancelled) =>
        throw new InvalidOperationException($"there is no function {name}");
}
