using Analemma.Sandbox;

namespace Analemma.Unit.Tests.Sandbox;

/// <summary>An engine that makes nothing, and tells when it is closed.</summary>
internal sealed class FakeEngine(string name, bool works, List<string> closed) : ISandboxEngine
{
    public bool Works { get; } = works;

    public EngineReport Report { get; } = new(name, "none", []);

    public Task<ISandbox> CreateAsync(SandboxPolicy policy, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<IReadOnlyList<ISandbox>> AdoptAsync(
        Func<string, bool> isWanted, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask DisposeAsync()
    {
        closed.Add(Report.Engine);
        return ValueTask.CompletedTask;
    }
}
