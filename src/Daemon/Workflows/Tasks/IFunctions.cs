using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Functions of the kernel's own: agents that are called with an event and answer with JSON.</summary>
internal interface IFunctions
{
    bool Has(string name);

    Task<Invoked> InvokeAsync(TaskCall call, string name, JsonValue payload, CancellationToken cancelled);
}

/// <summary>None.</summary>
internal sealed class NoFunctions : IFunctions
{
    public bool Has(string name) => false;

    public Task<Invoked> InvokeAsync(
        TaskCall call, string name, JsonValue payload, CancellationToken cancelled) =>
        throw new InvalidOperationException($"there is no function {name}");
}
