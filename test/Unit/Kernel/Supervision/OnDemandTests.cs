using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Supervision;

namespace Analemma.Unit.Tests.Kernel.Supervision;

/// <summary>Agents that run only while somebody needs them.</summary>
public sealed class OnDemandTests
{
    private readonly FleetBench _kernel = new();

    [Fact]
    public void One_that_starts_on_a_message_waits_for_it()
    {
        _kernel.Up(OnMessage("a"));
        Assert.Equal((UnitState.Scheduled, 0L), (_kernel["a"].State, _kernel["a"].Incarnation));
        Assert.True(UnitNeeds.Accepts(_kernel.State, "a"));

        Want("a");
        Assert.Equal(UnitState.Ready, _kernel["a"].State);
    }

    [Fact]
    public void Those_after_it_need_not_wait_for_its_first_message()
    {
        _kernel.Up(OnMessage("a"), FleetBench.Agent("b", "a"));

        Assert.Equal(UnitState.Ready, _kernel["b"].State);
    }

    [Fact]
    public void One_that_has_done_its_work_waits_for_the_next_message()
    {
        _kernel.Up(OnMessage("a"));
        Want("a");
        _kernel.Exit("a", code: 0);
        Assert.Equal(UnitState.Scheduled, _kernel["a"].State);

        Want("a");
        Assert.Equal((UnitState.Ready, 2L), (_kernel["a"].State, _kernel["a"].Incarnation));
    }

    [Fact]
    public void One_that_has_nothing_to_do_is_stopped_until_it_is_needed()
    {
        _kernel.Up(Idle("a"));
        _kernel.Wait(9);
        Assert.Equal(UnitState.Ready, _kernel["a"].State);
        _kernel.Wait(1);
        Assert.Equal(UnitState.Stopping, _kernel["a"].State);
        _kernel.Obey();
        Assert.Equal((UnitState.Scheduled, "had nothing to do"), (_kernel["a"].State, _kernel["a"].Reason));
        _kernel.Wait(1000);
        Assert.Equal(1, _kernel["a"].Incarnation);

        Want("a");
        Assert.Equal((UnitState.Ready, 2L), (_kernel["a"].State, _kernel["a"].Incarnation));
    }

    [Fact]
    public void A_syscall_is_a_sign_that_it_has_something_to_do_and_asking_for_something_is_not()
    {
        _kernel.Up(Idle("a"));
        _kernel.Wait(8);
        _kernel.Call(new Spawn { Argv = ["child"], Name = "child" }, _kernel.Process("a").Value);
        _kernel.Wait(8);
        Assert.Equal(UnitState.Ready, _kernel["a"].State);

        _kernel.Call(new List(), _kernel.Process("a").Value);
        _kernel.Wait(2);
        Assert.Equal(UnitState.Stopping, _kernel["a"].State);
    }

    [Fact]
    public void A_message_while_it_is_being_stopped_starts_it_again()
    {
        _kernel.Up(Idle("a"));
        _kernel.Wait(10);
        Assert.Equal(UnitState.Stopping, _kernel["a"].State);

        Want("a");
        _kernel.Obey();
        Assert.Equal((UnitState.Ready, 2L), (_kernel["a"].State, _kernel["a"].Incarnation));
    }

    [Fact]
    public void A_new_kernel_begins_to_count_anew_and_forgets_nobody_who_rests()
    {
        _kernel.Up(Idle("a"), OnMessage("b"));
        _kernel.Wait(6);
        _kernel.Crash();
        _kernel.Wait(6);
        Assert.Equal(UnitState.Ready, _kernel["a"].State);
        _kernel.Wait(4);
        _kernel.Obey();
        _kernel.Crash();

        Assert.Equal((UnitState.Scheduled, UnitState.Scheduled), (_kernel["a"].State, _kernel["b"].State));
        Want("a");
        Assert.Equal(UnitState.Ready, _kernel["a"].State);
    }

    [Fact]
    public void Nobody_else_is_started_by_a_message()
    {
        _kernel.Up(FleetBench.Agent("plain"));
        _kernel.Exit("plain", code: 0);
        Want("plain");
        Want("nobody");

        Assert.Equal(UnitState.Stopped, _kernel["plain"].State);
        Assert.False(UnitNeeds.Accepts(_kernel.State, "plain"));
    }

    [Fact]
    public void What_is_sent_to_one_that_rests_starts_it_and_is_its_first_message()
    {
        _kernel.Up(OnMessage("a"));
        _kernel.Call(new Send { To = "a", Body = MailBody.Of("work") });

        Assert.Equal(UnitState.Ready, _kernel["a"].State);
        Assert.Equal("work", Received("a"));
    }

    [Fact]
    public void Waiting_for_a_message_is_nothing_to_do_and_being_given_one_is()
    {
        _kernel.Up(Idle("a"));
        _kernel.Wait(9);
        _kernel.Call(new Recv { TimeoutMs = 60_000 }, _kernel.Process("a").Value);
        _kernel.Wait(0.5);
        _kernel.Call(new Send { To = "a", Body = MailBody.Of("work") });
        _kernel.Wait(9);
        Assert.Equal(UnitState.Ready, _kernel["a"].State);

        _kernel.Call(new Recv { TimeoutMs = 60_000 }, _kernel.Process("a").Value);
        _kernel.Wait(2);
        Assert.Equal(UnitState.Stopping, _kernel["a"].State);
    }

    [Fact]
    public void One_that_has_mail_is_not_stopped()
    {
        _kernel.Up(Idle("a"));
        _kernel.Call(new Send { To = "a", Body = MailBody.Of("work") });
        _kernel.Wait(30);

        Assert.Equal(UnitState.Ready, _kernel["a"].State);
    }

    [Fact]
    public void What_is_sent_while_it_is_being_stopped_is_the_next_processs()
    {
        _kernel.Up(Idle("a"));
        _kernel.Wait(10);
        _kernel.Call(new Send { To = "a", Body = MailBody.Of("late") });
        _kernel.Obey();

        Assert.Equal((UnitState.Ready, 2L), (_kernel["a"].State, _kernel["a"].Incarnation));
        Assert.Equal("late", Received("a"));
    }

    [Fact]
    public void What_one_that_crashes_has_not_read_is_the_next_processs()
    {
        _kernel.Up(OnMessage("a") with { Restart = new RestartRule { BackoffMs = 1 } });
        _kernel.Call(new Send { To = "a", Body = MailBody.Of("unread") });
        _kernel.Exit("a");
        _kernel.Wait(1);

        Assert.Equal((UnitState.Ready, 2L), (_kernel["a"].State, _kernel["a"].Incarnation));
        Assert.Equal("unread", Received("a"));
    }

    [Fact]
    public void Who_waits_for_a_reply_gets_it_from_the_one_that_was_started()
    {
        _kernel.Up(OnMessage("a"));
        _kernel.Call(new Send { To = "a", Body = MailBody.Of("question"), ReplyTimeoutMs = 60_000 });
        var asked = Assert.IsType<RecvReply>(_kernel.Call(new Recv(), _kernel.Process("a").Value)).Messages[0];
        _kernel.Call(new Send { InReplyTo = asked.Id, Body = MailBody.Of("answer") }, _kernel.Process("a").Value);

        var reply = _kernel.Effects.OfType<Answer>().Select(answer => answer.Reply).OfType<SendReply>()
            .Single(each => each.Reply is not null);
        Assert.Equal("answer", reply.Reply!.Body!.ToText());
    }

    [Fact]
    public void A_durable_mailbox_starts_its_receiver_also_when_a_kernel_later()
    {
        _kernel.Up(OnMessage("a") with { Restart = new RestartRule { Policy = RestartPolicy.No } });
        _kernel.Call(new Register { Name = "jobs", Durable = true, Receiver = "a" });
        _kernel.Call(new Send { To = "jobs", Body = MailBody.Of("job") });
        Assert.Equal((UnitState.Ready, 1L), (_kernel["a"].State, _kernel["a"].Incarnation));

        _kernel.Crash(reap: true);
        Assert.Equal(UnitState.Ready, _kernel["a"].State);
        var job = Assert.IsType<RecvReply>(
            _kernel.Call(new Recv { Mailbox = "jobs" }, _kernel.Process("a").Value)).Messages[0];
        Assert.Equal("job", job.Body!.ToText());
    }

    [Fact]
    public void Also_one_with_a_schedule()
    {
        _kernel.Up(Idle("a") with
        {
            StartOn = StartOn.Schedule,
            Schedule = new FleetSchedule { Cron = "@hourly" },
        });
        _kernel.Call(new Register { Name = "jobs", Durable = true, Receiver = "a" });
        _kernel.CrashBefore<UnitNeeded>(() => _kernel.Call(new Send { To = "jobs", Body = MailBody.Of("job") }));

        Assert.Equal((UnitState.Ready, 1L), (_kernel["a"].State, _kernel["a"].Incarnation));
    }

    [Fact]
    public void What_waited_when_the_kernel_was_killed_starts_it_once_and_comes_once()
    {
        _kernel.Up(OnMessage("a"));
        _kernel.Call(new Register { Name = "jobs", Durable = true, Receiver = "a" });
        _kernel.CrashBefore<UnitNeeded>(() => _kernel.Call(new Send { To = "jobs", Body = MailBody.Of("job") }));

        Assert.Equal((UnitState.Ready, 1L), (_kernel["a"].State, _kernel["a"].Incarnation));
        var id = _kernel.Process("a").Value;
        var job = Assert.Single(Assert.IsType<RecvReply>(_kernel.Call(new Recv { Mailbox = "jobs" }, id)).Messages);
        Assert.Equal(("job", 1), (job.Body!.ToText(), job.Delivery));
        _kernel.Call(new Ack { Receipts = [job.Receipt!.Value] }, id);
        _kernel.Exit("a", code: 0);
        _kernel.Crash();
        Assert.Equal((UnitState.Scheduled, 1L), (_kernel["a"].State, _kernel["a"].Incarnation));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Wherever_the_kernel_is_killed_nobody_rests_while_a_message_waits(int seed)
    {
        Random random = new(seed);
        _kernel.Up(OnMessage("a"), Idle("b") with
        {
            StartOn = StartOn.Schedule,
            Schedule = new FleetSchedule { Cron = "@hourly" },
        });
        _kernel.Call(new Register { Name = "jobs-a", Durable = true, Receiver = "a" });
        _kernel.Call(new Register { Name = "jobs-b", Durable = true, Receiver = "b" });
        for (var step = 0; step < 40; step++)
        {
            Step(random, random.Next(2) == 0 ? "a" : "b");
        }

        var rested = 0;
        for (var events = 1; events <= _kernel.Length; events++)
        {
            var units = _kernel.CrashedAfter(events).State;
            foreach (var box in units.Mail.Own.Where(box => box.Waiting > 0))
            {
                Assert.True(units.Fleets.TryUnit(box.Plan.Receiver!, out var unit));
                Assert.False(unit.Phase is UnitPhase.Scheduled, $"{unit.Name} rests after {events} events");
            }

            rested += units.Fleets.Units.Count(UnitNeeds.RestsUntilNeeded);
        }

        Assert.True(rested > 0, "nobody ever rested");
    }

    [Fact]
    public void What_it_gave_back_for_later_starts_it_then()
    {
        _kernel.Up(OnMessage("a"));
        _kernel.Call(new Register { Name = "jobs", Durable = true, Receiver = "a" });
        _kernel.Call(new Send { To = "jobs", Body = MailBody.Of("job") });
        var id = _kernel.Process("a").Value;
        var job = Assert.IsType<RecvReply>(_kernel.Call(new Recv { Mailbox = "jobs" }, id)).Messages[0];
        _kernel.Call(new Nack { Receipts = [job.Receipt!.Value], DelayMs = 60_000 }, id);
        _kernel.Exit("a", code: 0);
        _kernel.Wait(59);
        Assert.Equal((UnitState.Scheduled, 1L), (_kernel["a"].State, _kernel["a"].Incarnation));

        _kernel.Wait(1);
        Assert.Equal((UnitState.Ready, 2L), (_kernel["a"].State, _kernel["a"].Incarnation));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void One_that_ends_without_taking_what_waits_for_it_is_not_started_without_end(int code)
    {
        _kernel.Up(OnMessage("a") with { Restart = new RestartRule { Policy = RestartPolicy.No, Burst = 3 } });
        _kernel.Call(new Send { To = "a", Body = MailBody.Of("unread") });
        for (var run = 0; run < 10 && _kernel["a"].State is UnitState.Ready; run++)
        {
            _kernel.Exit("a", code);
            _kernel.Wait(1);
        }

        Assert.Equal((UnitState.GivenUp, 3L), (_kernel["a"].State, _kernel["a"].Incarnation));
        Assert.Contains("waits for it", _kernel["a"].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_takes_one_message_each_time_is_started_as_often_as_there_are_some()
    {
        _kernel.Up(OnMessage("a"));
        for (var message = 0; message < 20; message++)
        {
            _kernel.Call(new Send { To = "a", Body = MailBody.Of("work") });
        }

        for (var run = 1; run <= 20; run++)
        {
            Assert.Equal((UnitState.Ready, run), (_kernel["a"].State, _kernel["a"].Incarnation));
            Assert.Equal("work", Received("a"));
            _kernel.Exit("a", code: 0);
        }

        Assert.Equal(UnitState.Scheduled, _kernel["a"].State);
    }

    [Fact]
    public void Nobody_receives_in_its_place()
    {
        _kernel.Up(OnMessage("a"), FleetBench.Agent("b"));
        var refused = _kernel.Refusal(new Recv { Mailbox = "a" }, _kernel.Process("b").Value);
        Assert.Equal("no_such_mailbox", refused.CodeName);
        Assert.Equal("no_such_mailbox", _kernel.Refusal(new Recv { Mailbox = "a" }).CodeName);
    }

    [Fact]
    public void What_waits_for_one_that_leaves_is_dead()
    {
        _kernel.Up(OnMessage("a") with { After = ["b"] }, FleetBench.Agent("b") with { Ready = Never });
        _kernel.Call(new Send { To = "a", Body = MailBody.Of("lost") });
        _kernel.Up(FleetBench.Agent("b") with { Ready = Never });

        Assert.Equal("no_such_mailbox", _kernel.Refusal(new Send { To = "a" }).CodeName);
        var dead = Assert.IsType<DeadLettersReply>(_kernel.Call(new DeadLetters())).List;
        Assert.Equal("a", Assert.Single(dead).Mailbox);
    }

    private static ReadyRule Never => new() { When = ReadyWhen.Syscall, TimeoutMs = 86_400_000 };

    private string Received(string name) => Assert.Single(
        Assert.IsType<RecvReply>(_kernel.Call(new Recv(), _kernel.Process(name).Value)).Messages).Body!.ToText();

    /// <summary>Something happens to an agent: a message comes, it takes some, it ends.</summary>
    private void Step(Random random, string name)
    {
        var lives = _kernel.State.Processes.TryFind(name, out var process) && process.IsAlive;
        switch (random.Next(lives ? 5 : 2))
        {
            case 0:
                _kernel.Call(new Send { To = $"jobs-{name}", Body = MailBody.Of("job") });
                break;
            case 1:
                _kernel.Wait(random.Next(20));
                break;
            case 2 when process!.StopCause is null:
                var recv = new Recv { Mailbox = $"jobs-{name}", TimeoutMs = 0, Max = 3 };
                var got = Assert.IsType<RecvReply>(_kernel.Call(recv, process.Id.Value)).Messages;
                long[] receipts = [.. got.Select(message => message.Receipt!.Value)];
                if (receipts.Length > 0)
                {
                    _kernel.Call(
                        random.Next(3) == 0 ? new Nack { Receipts = receipts, DelayMs = 5_000 }
                            : new Ack { Receipts = receipts },
                        process.Id.Value);
                }

                break;
            case 3:
                _kernel.Exit(name, code: random.Next(2));
                break;
            default:
                _kernel.Obey();
                break;
        }
    }

    private void Want(string name)
    {
        List<Effect> effects = [];
        UnitNeeds.Wanted(_kernel.State, name, effects);
        foreach (var raise in effects.OfType<Raise>())
        {
            _kernel.Apply(raise.Event);
        }
    }

    private static FleetAgent OnMessage(string name) => FleetBench.Agent(name) with { StartOn = StartOn.Message };

    private static FleetAgent Idle(string name) => FleetBench.Agent(name) with { IdleStopMs = 10_000 };
}
