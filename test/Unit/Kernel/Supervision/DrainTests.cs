using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;

namespace Analemma.Unit.Tests.Kernel.Supervision;

/// <summary>Agents that finish what they have in hand before they are replaced.</summary>
public sealed class DrainTests
{
    private readonly FleetBench _kernel = new();

    [Fact]
    public void A_RECV_that_waits_is_told_before_any_signal_and_the_event_says_why_and_how_long()
    {
        _kernel.Up(Draining("a"));
        _kernel.Call(new Recv { TimeoutMs = 60_000 }, _kernel.Process("a").Value);
        Restart();

        Assert.True(Notice().Draining);
        Assert.Empty(Notice().Messages);
        var told = Assert.Single(_kernel.Told, each => each.Type == EventTypes.Draining);
        Assert.Equal(("a", 5_000L, "its supervisor restarts it"), (told.Name, told.Count, told.Reason));
        Assert.Empty(_kernel.Effects.OfType<SendSignal>());
        Assert.Equal(UnitState.Stopping, _kernel["a"].State);
    }

    [Fact]
    public void One_that_is_done_ends_and_its_successor_has_what_was_sent_meanwhile()
    {
        _kernel.Up(Draining("a"));
        var old = _kernel.Process("a").Value;
        Send("first");
        Assert.Equal("first", Received(old));
        Restart();
        Send("second");
        Assert.True(Receive(old).Draining);
        _kernel.Exit("a", code: 0);

        Assert.Equal((UnitState.Ready, 2L), (_kernel["a"].State, _kernel["a"].Incarnation));
        Assert.Equal("second", Received(_kernel.Process("a").Value));
        Assert.Empty(_kernel.Effects.OfType<SendSignal>());
    }

    [Fact]
    public void What_lies_in_its_inbox_already_waits_for_its_successor_too()
    {
        _kernel.Up(Draining("a"));
        Send("before");
        Restart();
        Assert.True(Receive(_kernel.Process("a").Value).Draining);
        _kernel.Exit("a", code: 0);

        Assert.Equal("before", Received(_kernel.Process("a").Value));
    }

    [Fact]
    public void What_it_chooses_by_correlation_belongs_to_what_it_has_in_hand()
    {
        _kernel.Up(Draining("a"));
        var id = _kernel.Process("a").Value;
        Restart();
        _kernel.Call(new Send { To = "a", Body = MailBody.Of("other") });
        _kernel.Call(new Send { To = "a", Body = MailBody.Of("answer"), Correlation = "q" });

        var reply = Assert.IsType<RecvReply>(_kernel.Call(new Recv { Correlation = "q", TimeoutMs = 0 }, id));
        Assert.Equal(("answer", null), (TextOf(Assert.Single(reply.Messages)), reply.Draining));
    }

    [Fact]
    public void One_that_takes_too_long_is_told_by_SIGTERM_and_then_killed_and_is_given_nothing_in_between()
    {
        _kernel.Up(Draining("a"));
        var id = _kernel.Process("a").Value;
        Send("waiting");
        Restart();
        _kernel.Wait(4.9);
        Assert.Empty(_kernel.Effects.OfType<SendSignal>());
        _kernel.Wait(0.1);
        Assert.Equal(15, Assert.Single(_kernel.Effects.OfType<SendSignal>()).Signal);
        Assert.True(Receive(id).Draining);
        _kernel.Wait(1.9);
        Assert.Empty(_kernel.Effects.OfType<KillAll>());
        _kernel.Wait(0.1);
        Assert.Single(_kernel.Effects.OfType<KillAll>());
    }

    [Fact]
    public void A_kill_does_not_wait_for_it()
    {
        _kernel.Up(Draining("a"));
        Restart();
        _kernel.Call(new Kill { Name = "a", GraceMs = 1_000 });

        Assert.Single(_kernel.Effects.OfType<SendSignal>());
        _kernel.Wait(1);
        Assert.Single(_kernel.Effects.OfType<KillAll>());
    }

    [Fact]
    public void A_fleet_that_is_taken_down_lets_it_finish_too_and_what_waits_is_dead_then()
    {
        _kernel.Up(Draining("a"));
        Send("late");
        _kernel.Call(new FleetDown { Fleet = "f" });
        Assert.Empty(_kernel.Effects.OfType<SendSignal>());
        _kernel.Exit("a", code: 0);

        var dead = Assert.IsType<DeadLettersReply>(_kernel.Call(new DeadLetters()));
        Assert.Equal("late", TextOf(Assert.Single(dead.List).Body));
    }

    [Fact]
    public void Messages_of_a_durable_mailbox_stay_in_it()
    {
        _kernel.Up(Draining("a"));
        var id = _kernel.Process("a").Value;
        _kernel.Call(new Register { Name = "jobs", Durable = true, Receiver = "a" });
        _kernel.Call(new Send { To = "jobs", Body = MailBody.Of("job") });
        Restart();
        var notice = Assert.IsType<RecvReply>(_kernel.Call(new Recv { Mailbox = "jobs" }, id));
        Assert.Equal((true, 1), (notice.Draining, notice.Left));
        _kernel.Exit("a", code: 0);

        var reply = Assert.IsType<RecvReply>(
            _kernel.Call(new Recv { Mailbox = "jobs", TimeoutMs = 0 }, _kernel.Process("a").Value));
        Assert.Equal(1, Assert.Single(reply.Messages).Delivery);
    }

    [Fact]
    public void Without_time_for_it_SIGTERM_comes_at_once_and_nobody_is_told()
    {
        _kernel.Up(FleetBench.Agent("a"));
        _kernel.Call(new Recv { TimeoutMs = 60_000 }, _kernel.Process("a").Value);
        Restart();

        Assert.Single(_kernel.Effects.OfType<SendSignal>());
        Assert.DoesNotContain(_kernel.Told, each => each.Type == EventTypes.Draining);
        Assert.DoesNotContain(_kernel.Effects.OfType<Answer>(), answer => answer.Reply is RecvReply);
    }

    [Fact]
    public void Replicas_finish_one_after_the_other()
    {
        _kernel.Up(Draining("w") with { Replicas = 2 });
        _kernel.Call(new FleetRestart { Fleet = "f", Rolling = true });

        Assert.Equal((UnitState.Stopping, UnitState.Ready), (_kernel["w-1"].State, _kernel["w-2"].State));
        _kernel.Exit("w-1", code: 0);
        Assert.Equal((UnitState.Ready, UnitState.Stopping), (_kernel["w-1"].State, _kernel["w-2"].State));
    }

    [Fact]
    public void It_goes_on_under_the_next_kernel_and_no_longer_than_it_may()
    {
        _kernel.Up(Draining("a"));
        var old = _kernel.Process("a").Value;
        Restart();
        _kernel.Wait(3);
        _kernel.Crash();
        Assert.Equal((UnitState.Stopping, 1L), (_kernel["a"].State, _kernel["a"].Incarnation));
        Assert.True(Receive(old).Draining);
        _kernel.Wait(1.9);
        Assert.Empty(_kernel.Effects.OfType<SendSignal>());
        Assert.Empty(_kernel.Effects.OfType<KillAll>());

        _kernel.Wait(0.1);
        Assert.Equal(15, Assert.Single(_kernel.Effects.OfType<SendSignal>()).Signal);
        _kernel.Wait(2);
        Assert.Single(_kernel.Effects.OfType<KillAll>());
    }

    [Fact]
    public void One_that_is_done_under_the_next_kernel_is_replaced_then()
    {
        _kernel.Up(Draining("a"));
        var old = _kernel.Process("a").Value;
        Restart();
        _kernel.Crash();
        Send("second");
        _kernel.Exit("a", code: 0);

        Assert.Equal((UnitState.Ready, 2L), (_kernel["a"].State, _kernel["a"].Incarnation));
        Assert.NotEqual(old, _kernel.Process("a").Value);
        Assert.Equal("second", Received(_kernel.Process("a").Value));
        Assert.Empty(_kernel.Effects.OfType<SendSignal>());
    }

    [Fact]
    public void Time_goes_on_while_no_kernel_runs()
    {
        _kernel.Up(Draining("a"));
        Restart();
        _kernel.Sleep(60);
        _kernel.Crash();
        _kernel.Wait(0);

        Assert.Single(_kernel.Effects.OfType<SendSignal>());
    }

    [Fact]
    public void Who_was_told_by_SIGTERM_already_is_killed_by_the_next_kernel()
    {
        _kernel.Up(Draining("a"));
        Restart();
        _kernel.Wait(5);
        _kernel.Crash();

        Assert.Single(_kernel.Effects.OfType<KillAll>());
    }

    [Fact]
    public void One_that_did_not_outlive_its_kernel_is_replaced_and_the_next_is_not_finishing()
    {
        _kernel.Up(Draining("a"));
        Restart();
        _kernel.Crash(reap: true);

        Assert.Equal((UnitState.Ready, 2L), (_kernel["a"].State, _kernel["a"].Incarnation));
        Send("first");
        Assert.Equal("first", Received(_kernel.Process("a").Value));
    }

    private static FleetAgent Draining(string name) =>
        FleetBench.Agent(name) with { Stop = new StopRule { DrainMs = 5_000, GraceMs = 2_000 } };

    private static string? TextOf(MailMessage message) => TextOf(message.Body);

    private static string? TextOf(MailBody? body) => body?.ToText();

    private void Restart() => _kernel.Call(new Restart { Name = "a" });

    private void Send(string body) => _kernel.Call(new Send { To = "a", Body = MailBody.Of(body) });

    private RecvReply Notice() =>
        _kernel.Effects.OfType<Answer>().Select(answer => answer.Reply).OfType<RecvReply>().Last();

    private RecvReply Receive(long id) => Assert.IsType<RecvReply>(_kernel.Call(new Recv(), id));

    private string? Received(long id) => TextOf(Assert.Single(Receive(id).Messages));
}
