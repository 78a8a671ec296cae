using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Unit.Tests.Kernel.Models;

namespace Analemma.Unit.Tests.Kernel;

public sealed class MetricsSyscallTests
{
    private readonly ModelBench _bench =
        new(ModelBench.Options with { DayBudget = new ModelBudget { Tokens = 10_000 } });

    [Fact]
    public void Processes_are_counted_by_state_and_by_how_they_ended()
    {
        var first = _bench.Kernel.Run();
        _bench.Kernel.Run();
        _bench.Kernel.Exit(first, code: null, signal: 9, new Usage { OomKills = 2 });

        var now = Ask();
        Assert.Equal((2, 2), (now.Spawns, now.OomKills));
        Assert.Contains((ProcessState.Running, 1L), now.Processes);
        Assert.Contains((ProcessState.Exited, 1L), now.Processes);
        Assert.Contains((ExitCause.OomKilled, 1L), now.Exits);
        Assert.Equal(1, now.Exits.Sum(exit => exit.Count));
    }

    [Fact]
    public void Denials_are_counted_by_kind_those_beyond_the_journal_too_and_kinds_are_bounded()
    {
        var agent = _bench.Kernel.Run();
        for (var i = 0; i < 2 * Limits.AuditRecordsPerProcessMax; i++)
        {
            _bench.Kernel.Apply(new DenialReported(agent, "network", "connect", "no", 1) { At = 0 });
        }

        for (var i = 0; i < 100; i++)
        {
            _bench.Kernel.Apply(new DenialReported(agent, $"kind-{i}", "what", "no", 1) { At = 0 });
        }

        var denials = Ask().Denials;
        Assert.Contains(("network", 2L * Limits.AuditRecordsPerProcessMax), denials);
        Assert.Equal((2L * Limits.AuditRecordsPerProcessMax) + 100, denials.Sum(kind => kind.Count));
        Assert.True(denials.Count <= 33);
    }

    [Fact]
    public void What_is_left_of_budgets_is_neither_spent_nor_reserved()
    {
        var agent = _bench.Kernel.Run(new Spawn
        {
            Argv = ["true"],
            Name = "poor",
            Models = new ModelShare { Budget = new ModelBudget { Tokens = 1_000 } },
        });
        var call = _bench.Think(caller: agent);
        var reserved = _bench.Kernel.State.Models.ReservedOf(agent).Tokens;
        Assert.Contains(
            new BudgetUse("agent", "poor", "tokens", 1_000) { Reserved = reserved, Left = 1_000 - reserved },
            Ask().Budgets);

        _bench.End(call);
        Assert.Contains(new BudgetUse("agent", "poor", "tokens", 1_000) { Spent = 30, Left = 970 }, Ask().Budgets);
        Assert.Contains(new BudgetUse("day", "", "tokens", 10_000) { Spent = 30, Left = 9_970 }, Ask().Budgets);

        // LLM says the same, and to the agent its own alone.
        var all = Ask().Budgets;
        _bench.Kernel.Call(new Llm());
        Assert.Equal(all, Told().Budgets);
        _bench.Kernel.Call(new Llm(), agent.Value);
        Assert.Equal("poor", Assert.Single(Told().Budgets).Of);

        LlmReply Told() => (LlmReply)_bench.Kernel.One<Answer>().Reply;
    }

    [Fact]
    public void An_agent_is_told_of_itself_alone()
    {
        var agent = _bench.Kernel.Run();
        _bench.Kernel.Run();
        var told = Ask(agent.Value);
        Assert.Equal(agent, told.Own!.View.Id);
        Assert.Empty(told.Processes);
        Assert.Empty(told.Lanes);
        Assert.Equal("", told.Engine);
    }

    [Fact]
    public void A_kernel_that_starts_again_counts_from_nothing()
    {
        _bench.Kernel.Exit(_bench.Kernel.Run());
        _bench.Kernel.Apply(new KernelStarted("test", "none", new KernelOptions()) { At = 0 });
        Assert.Equal(0, Ask().Spawns + Ask().Exits.Sum(exit => exit.Count));
    }

    private KernelFigures Ask(long caller = 0)
    {
        _bench.Kernel.Call(new Metrics(), caller);
        return _bench.Kernel.One<DescribeMetrics>().Known;
    }
}
