namespace Analemma.Integration.Tests.Kernel;

/// <summary>One kernel for all tests of a class that leave it as they found it.</summary>
public sealed class SharedKernel : IAsyncLifetime
{
    internal RunningKernel Kernel { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Kernel = await RunningKernel.StartAsync();

    public ValueTask DisposeAsync() => Kernel.DisposeAsync();
}
