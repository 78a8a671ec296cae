using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Unit.Tests.Kernel;

public sealed class EndpointTests
{
    private readonly KernelBench _kernel = new();

    [Fact]
    public void The_host_gets_one_for_itself_or_for_a_living_process()
    {
        _kernel.Call(new Endpoint());
        Assert.Equal(ProcessId.None, _kernel.One<OpenEndpoint>().Process);

        var agent = _kernel.Run();
        _kernel.Call(new Endpoint { Id = agent });
        Assert.Equal(agent, _kernel.One<OpenEndpoint>().Process);
    }

    [Fact]
    public void There_is_none_for_who_is_not_there()
    {
        _kernel.Call(new Endpoint { Id = new ProcessId(99) });

        Assert.Equal(SysErrorCode.NoSuchProcess, _kernel.Refusal().Code);
        Assert.Empty(_kernel.Effects.OfType<OpenEndpoint>());
    }

    [Fact]
    public void An_agent_gets_none_not_even_its_own_and_the_attempt_is_recorded()
    {
        var agent = _kernel.Run();
        _kernel.Call(new Endpoint { Id = agent }, agent.Value);

        Assert.Equal(SysErrorCode.PermissionDenied, _kernel.Refusal().Code);
        Assert.Empty(_kernel.Effects.OfType<OpenEndpoint>());
        Assert.IsType<DenialReported>(_kernel.One<Raise>().Event);
    }
}
