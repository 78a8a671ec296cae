using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Models;

namespace Analemma.Unit.Tests.Kernel.Models;

public sealed class RunawayTests
{
    [Fact]
    public void The_same_request_again_and_again_is_stopped_and_another_is_not()
    {
        ModelBench bench = new(Options(new RunawayOptions { SameRequestMax = 3, WindowMs = 60_000 }));
        var agent = bench.Kernel.Run();
        for (var i = 0; i < 3; i++)
        {
            bench.End(bench.Think(caller: agent));
        }

        bench.Think(caller: agent);
        Assert.Equal(SysErrorCode.RunawayStopped, bench.Kernel.Refusal().Code);
        bench.End(bench.Think(ModelBench.Hello with { Prompt = "hello, again" }, agent));
        Assert.Equal(30, bench.Answer().Tokens);

        bench.Kernel.Wait(TimeSpan.FromMinutes(1));
        bench.Think(caller: agent);
        Assert.Empty(bench.Kernel.Effects.OfType<Refuse>());
    }

    [Fact]
    public void A_loop_over_several_requests_is_stopped_too()
    {
        ModelBench bench = new(Options(new RunawayOptions { SameRequestMax = 3 }));
        var agent = bench.Kernel.Run();
        var stopped = 0;
        for (var i = 0; i < 40; i++)
        {
            var call = bench.Think(ModelBench.Hello with { Prompt = $"step {i % 10}" }, agent);
            stopped += bench.Kernel.Effects.OfType<Refuse>().Count();
            bench.End(call);
        }

        Assert.Equal(10, stopped);
    }

    [Fact]
    public void Too_many_calls_a_minute_are_stopped_with_the_wait()
    {
        ModelBench bench = new(Options(new RunawayOptions { SameRequestMax = 0, CallsPerMinuteMax = 2 }));
        var agent = bench.Kernel.Run();
        bench.End(bench.Think(caller: agent));
        bench.End(bench.Think(caller: agent));
        bench.Think(caller: agent);
        Assert.Equal(SysErrorCode.RunawayStopped, bench.Kernel.Refusal().Code);
        Assert.InRange(bench.Kernel.Refusal().RetryAfterMs!.Value, 29_000, 30_000);
    }

    [Fact]
    public void Tokens_without_a_deed_are_stopped_until_the_agent_does_something()
    {
        ModelBench bench = new(Options(new RunawayOptions { TokensWithoutProgressMax = 50 }));
        var agent = bench.Kernel.Run();
        bench.End(bench.Think(caller: agent));
        bench.End(bench.Think(ModelBench.Hello with { Prompt = "more" }, agent));
        bench.Think(ModelBench.Hello with { Prompt = "still more" }, agent);
        Assert.Equal(SysErrorCode.RunawayStopped, bench.Kernel.Refusal().Code);

        bench.Kernel.Call(new Write { Path = "result", Content = "42" }, agent.Value);
        bench.Think(ModelBench.Hello with { Prompt = "still more" }, agent);
        Assert.Empty(bench.Kernel.Effects.OfType<Refuse>());
    }

    [Fact]
    public void An_agent_that_has_lost_its_way_is_paused_when_the_owner_wants_it_so()
    {
        ModelBench bench = new(Options(new RunawayOptions { SameRequestMax = 1, Pauses = true }));
        var agent = bench.Kernel.Run();
        bench.End(bench.Think(caller: agent));
        bench.Think(caller: agent);
        bench.Kernel.Settle();
        Assert.Equal(SysErrorCode.RunawayStopped, bench.Kernel.Refusal().Code);
        Assert.Equal(agent, bench.Kernel.One<Freeze>().Process);
    }

    [Fact]
    public void Clients_on_the_host_are_exempt()
    {
        ModelBench bench = new(Options(new RunawayOptions { SameRequestMax = 1, CallsPerMinuteMax = 1 }));
        for (var i = 0; i < 5; i++)
        {
            bench.End(bench.Think());
            Assert.Equal(30, bench.Answer().Tokens);
        }
    }

    private static ModelOptions Options(RunawayOptions runaway) => ModelBench.Options with { Runaway = runaway };
}
