using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Models;

namespace Analemma.Unit.Tests.Kernel.Models;

public sealed class LlmTests
{
    private readonly ModelBench _bench = new();

    [Fact]
    public void Slots_queues_and_waits_are_told()
    {
        var agent = _bench.Kernel.Run();
        var first = _bench.Think(caller: agent);
        _bench.Think(caller: agent);
        _bench.Think(caller: agent);

        var busy = Ask();
        Assert.Equal((2, 2, 1), (busy.Providers[0].Slots, busy.Providers[0].Running, busy.Providers[0].Waiting));
        Assert.True(busy.Providers[0].WaitMs > 0);
        Assert.Equal((2, 1, 0), (busy.Agents[1].Running, busy.Agents[1].Waiting, busy.Agents[1].Calls));

        _bench.Kernel.Wait(TimeSpan.FromSeconds(3));
        _bench.End(first);
        var after = Ask().Agents[1];
        Assert.Equal((1, 10, 20), (after.Calls, after.Usage.InputTokens, after.Usage.OutputTokens));
        Assert.Equal((1, 0), (after.Throttled, after.Refused));
        Assert.Equal((0, 3000), (after.WaitP50Ms, after.WaitP95Ms));
    }

    [Fact]
    public void What_a_limit_refuses_is_counted_and_what_is_wrong_is_not()
    {
        _bench.Think(ModelBench.Hello with { Budget = new ModelBudget { Tokens = 1 } });
        _bench.Think(ModelBench.Hello with { Model = "nope" });
        Assert.Equal(("host", 1), (Ask().Agents[0].Name, Ask().Agents[0].Refused));
    }

    [Fact]
    public void A_family_is_one_row_and_an_agent_sees_its_own_alone()
    {
        var parent = _bench.Kernel.Run();
        var child = _bench.Kernel.Run(new Spawn { Argv = ["true"] }, parent.Value);
        var stranger = _bench.Kernel.Run();
        _bench.End(_bench.Think(caller: child));

        Assert.Equal([default, parent, stranger], Ask().Agents.Select(row => row.Process));
        Assert.Equal([0, 30, 0], Ask().Agents.Select(row => row.Usage.InputTokens + row.Usage.OutputTokens));
        Assert.NotNull(Ask().Today);

        var own = Ask(caller: parent.Value);
        Assert.Equal(parent, Assert.Single(own.Agents).Process);
        Assert.Null(own.Today);
    }

    [Fact]
    public void The_dead_are_shown_when_asked_for()
    {
        var agent = _bench.Kernel.Run();
        _bench.End(_bench.Think(caller: agent));
        _bench.Kernel.Exit(agent);
        Assert.Single(Ask().Agents);
        Assert.Equal(30, Ask(all: true).Agents[1].Usage.InputTokens + Ask(all: true).Agents[1].Usage.OutputTokens);
    }

    [Fact]
    public void Percentiles_are_of_the_latest_waits()
    {
        ModelMeter meter = new();
        Assert.Equal(0, meter.WaitMs(95));
        for (var i = 1; i <= 1000; i++)
        {
            meter.Turn(i * TimeSpan.TicksPerMillisecond);
        }

        Assert.Equal((872, 988, 1000), (meter.WaitMs(50), meter.WaitMs(95), meter.WaitMs(100)));
    }

    private LlmReply Ask(bool all = false, long caller = 0)
    {
        _bench.Kernel.Call(new Llm { All = all }, caller);
        return Assert.IsType<LlmReply>(_bench.Kernel.One<Answer>().Reply);
    }
}
