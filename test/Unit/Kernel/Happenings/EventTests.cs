using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;
using Analemma.Kernel.Policy;

namespace Analemma.Unit.Tests.Kernel.Happenings;

/// <summary>Who is told what, from where on, and what is said of what is not kept.</summary>
public sealed class EventTests
{
    private readonly KernelBench _kernel = new(new KernelOptions { EventsKept = 8 });

    [Fact]
    public void Events_have_places_in_the_order_in_which_they_happened()
    {
        _kernel.Call(new Subscribe());
        _kernel.Call(new Spawn { Argv = ["true"] });
        Assert.Equal("2", _kernel.One<Publish>().Event.Cursor);
        _kernel.Call(new Emit { Type = "note" });
        var emitted = _kernel.One<Publish>().Event;
        Assert.Equal(("_host/note", "2.1"), (emitted.Type, emitted.Cursor));
    }

    [Fact]
    public void A_subscription_from_a_cursor_begins_after_it()
    {
        var agent = _kernel.Run();
        _kernel.Exit(agent, 3);
        _kernel.Call(new Subscribe { From = "2" });
        var kept = _kernel.One<PublishKept>();
        Assert.Equal(["started", "exited"], kept.Events.Select(view => view.Type));
        Assert.True(kept.IsWhole);
        Assert.Equal("4", kept.Next);
    }

    [Fact]
    public void What_is_not_kept_any_more_is_told_once_with_its_range()
    {
        for (var i = 0; i < 12; i++)
        {
            _kernel.Exit(_kernel.Run());
        }

        var reply = Poll(new PollEvents { From = "1" });
        var missed = reply.Events[0];
        Assert.Equal(("missed", 28L, "1", "29"), (missed.Type, missed.Count, missed.After, missed.Until));
        Assert.Equal(["30", "31", "32"], reply.Events.Skip(1).Take(3).Select(view => view.Cursor));
        Assert.DoesNotContain(Poll(new PollEvents { From = "30" }).Events, view => view.Type == "missed");
        Assert.DoesNotContain(Poll(new PollEvents { From = "oldest" }).Events, view => view.Type == "missed");
    }

    [Fact]
    public void A_flood_of_what_is_in_memory_pushes_out_nothing_of_the_journal()
    {
        var agent = _kernel.Run();
        for (var i = 0; i < Limits.VolatileEventsKept + 10; i++)
        {
            _kernel.Call(new Emit { Type = "note" });
        }

        _kernel.Exit(agent);
        var reply = Poll(new PollEvents { From = "1", Types = ["s*", "exited"] });
        Assert.Equal(["spawned", "started", "missed", "exited"], reply.Events.Select(view => view.Type));
        Assert.Equal(10, reply.Events[2].Count);
    }

    [Fact]
    public void A_slow_subscriber_is_told_what_it_was_not_sent_in_order()
    {
        _kernel.Call(new Subscribe());
        var subscriber = new CallId(_kernel.CallId);
        var agent = _kernel.Run();
        _kernel.Exit(agent);
        _kernel.Apply(new SubscriberReady(subscriber, null) { At = 0 });
        Assert.Equal(["spawned", "started", "exited"], _kernel.One<PublishKept>().Events.Select(view => view.Type));
        _kernel.Apply(new SubscriberReady(subscriber, "3") { At = 0 });
        Assert.Equal(["exited"], _kernel.One<PublishKept>().Events.Select(view => view.Type));
        _kernel.Apply(new CallCancelled(subscriber) { At = 0 });
        Assert.Empty(_kernel.Apply(new SubscriberReady(subscriber, "3") { At = 0 }));
    }

    [Fact]
    public void An_agent_is_told_of_itself_and_its_descendants_alone()
    {
        var parent = _kernel.Run();
        var other = _kernel.Run();
        var child = _kernel.Run(caller: parent.Value);
        _kernel.Exit(other);
        Assert.All(
            Poll(new PollEvents { From = "oldest" }, parent).Events,
            view => Assert.True(view.Process == parent || view.Process == child));
        Assert.All(
            Poll(new PollEvents { From = "oldest" }, child).Events, view => Assert.Equal(child, view.Process));
    }

    [Fact]
    public void A_dead_agents_events_are_its_familys_when_its_record_has_gone()
    {
        KernelBench kernel = new(new KernelOptions { DeadRecordsMax = 1 });
        var parent = kernel.Run();
        var child = kernel.Run(caller: parent.Value);
        kernel.Exit(child);
        kernel.Exit(kernel.Run());
        Assert.False(kernel.State.Processes.TryGet(child, out _));
        kernel.Call(new PollEvents { From = "oldest", Agent = $"{child}" }, parent.Value);
        Assert.Equal(3, ((PollEventsReply)kernel.One<Answer>().Reply).Events.Count);
    }

    [Theory]
    [InlineData(null, new[] { "a" })]
    [InlineData("family", new[] { "a" })]
    [InlineData("everyone", new[] { "a", "b" })]
    public void An_emitter_says_who_may_hear_it_and_cannot_take_another_name(string? to, string[] heardBy)
    {
        var a = _kernel.Run(new Spawn { Argv = ["true"], Name = "a" });
        var b = _kernel.Run(new Spawn { Argv = ["true"], Name = "b" });
        _kernel.Call(new Emit { Type = "done", Data = JsonElement.Parse("""{"n": 5}"""), To = to }, a.Value);
        Assert.Equal("a/done", ((EmitReply)_kernel.One<Answer>().Reply).Type);
        string[] heard =
        [
            .. new[] { ("a", a), ("b", b) }
                .Where(agent => Poll(new PollEvents { From = "oldest", Types = ["a/*"] }, agent.Item2).Events.Count > 0)
                .Select(agent => agent.Item1),
        ];
        Assert.Equal(heardBy, heard);
        Assert.NotNull(SyscallRules.Check(new Emit { Type = "b/done" }));
    }

    [Theory]
    [InlineData("kind", "network", 0)]
    [InlineData("data.n", "5", 1)]
    [InlineData("data.who.name", "x", 1)]
    [InlineData("data.who.name.more", "x", 0)]
    [InlineData("data", "7", 0)]
    public void Fields_choose(string field, string value, int count)
    {
        _kernel.Call(new Emit { Type = "note", Data = JsonElement.Parse("""{"n": 5, "who": {"name": "x"}}""") });
        var where = new Dictionary<string, string> { [field] = value };
        Assert.Equal(count, Poll(new PollEvents { From = "oldest", Where = where }).Events.Count);
    }

    [Fact]
    public void A_poll_waits_for_the_first_event_to_its_liking()
    {
        Assert.Null(Answered(new PollEvents { From = "now", Types = ["exited"], TimeoutMs = 500 }));
        var agent = _kernel.Run();
        _kernel.Exit(agent);
        var reply = (PollEventsReply)_kernel.One<Answer>().Reply;
        Assert.Equal(("exited", reply.Events[0].Cursor), (Assert.Single(reply.Events).Type, reply.Cursor));
    }

    [Fact]
    public void A_poll_that_waited_in_vain_says_where_to_go_on()
    {
        _kernel.Call(new PollEvents { From = "now", Types = ["exited"], TimeoutMs = 500 });
        _kernel.One<ArmTimer>();
        var call = new CallId(_kernel.CallId);
        _kernel.Run();
        _kernel.Apply(new CallTimedOut(call) { At = 0 });
        var reply = (PollEventsReply)_kernel.One<Answer>().Reply;
        Assert.Equal((0, "3"), (reply.Events.Count, reply.Cursor));
    }

    [Fact]
    public void A_standing_subscription_is_taken_once_and_ends()
    {
        var agent = _kernel.Run();
        Assert.Equal(SysErrorCode.WrongState, Refused(new PollEvents(), agent));
        _kernel.Call(new Subscribe { Stream = false, Types = ["*/note"] }, agent.Value);
        _kernel.Call(new Emit { Type = "note", To = "everyone" });
        Assert.Single(Poll(new PollEvents(), agent).Events);
        Assert.Empty(Poll(new PollEvents(), agent).Events);
        _kernel.Call(new Subscribe { Stream = false, Types = ["started"] }, agent.Value);
        Assert.Equal(
            ["*/note", "started"], ((SubscribeReply)_kernel.One<Answer>().Reply).Subscribed);
        _kernel.Call(new Unsubscribe { Types = ["*/note"] }, agent.Value);
        Assert.Equal(["started"], ((UnsubscribeReply)_kernel.One<Answer>().Reply).Subscribed);
        _kernel.Call(new Unsubscribe(), agent.Value);
        Assert.Equal(SysErrorCode.WrongState, Refused(new PollEvents(), agent));
    }

    [Fact]
    public void An_agent_that_emits_too_fast_is_told_when_to_go_on_and_the_host_is_not_held()
    {
        var agent = _kernel.Run();
        for (var i = 0; i < Limits.EmitsAtOnce; i++)
        {
            _kernel.Call(new Emit { Type = "note" }, agent.Value);
            Assert.Empty(_kernel.Effects.OfType<Refuse>());
        }

        _kernel.Call(new Emit { Type = "note" }, agent.Value);
        Assert.Equal(SysErrorCode.TryAgain, _kernel.Refusal().Code);
        var wait = _kernel.Refusal().RetryAfterMs!.Value;
        Assert.InRange(wait, 1, 20);
        _kernel.Call(new Emit { Type = "note" });
        Assert.Empty(_kernel.Effects.OfType<Refuse>());
        _kernel.Wait(TimeSpan.FromMilliseconds(wait));
        _kernel.Call(new Emit { Type = "note" }, agent.Value);
        Assert.Empty(_kernel.Effects.OfType<Refuse>());
    }

    [Fact]
    public void A_durable_emit_is_in_the_journal_before_its_answer_and_outlives_the_kernel()
    {
        var agent = _kernel.Run(new Spawn { Argv = ["true"], Name = "a" });
        _kernel.Call(
            new Emit { Type = "done", Durable = true, Data = JsonElement.Parse("""{ "at" : [1,  2] }""") },
            agent.Value);
        var raised = Assert.IsType<EventEmitted>(_kernel.One<Raise>().Event);
        Assert.Empty(_kernel.Effects.OfType<Answer>());
        var (type, body) = EventCodec.Write(raised);
        _kernel.Apply(EventCodec.Read(type, body));
        Assert.Equal(new EmitReply("a/done", "4"), _kernel.One<Answer>().Reply);

        var recovered = StateCheckpoint.Read(StateCheckpoint.Write(_kernel.State));
        List<Effect> effects = [];
        recovered.Apply(new KernelStarted("test", "none", new KernelOptions()) { At = _kernel.Now + 1 }, effects);
        recovered.Apply(
            new SyscallArrived(
                new CallId(1), new Caller(default, 0), new PollEvents { From = "oldest", Types = ["a/done"] })
            {
                At = _kernel.Now + 2,
            },
            effects);
        var told = Assert.Single(((PollEventsReply)effects.OfType<Answer>().Single().Reply).Events);
        Assert.Equal(("4", """{"at":[1,2]}"""), (told.Cursor, told.Data!.Value.GetRawText()));
    }

    [Fact]
    public void A_cursor_of_another_kernel_is_refused()
    {
        Assert.Equal(SysErrorCode.InvalidArgument, Refused(new PollEvents { From = "99" }));
        Assert.Equal(SysErrorCode.InvalidArgument, Refused(new Subscribe { From = "1.5" }));
    }

    public static TheoryData<Syscall> Malformed =>
    [
        new Subscribe { From = "yesterday" },
        new Subscribe { From = "1.0" },
        new Subscribe { From = "-1" },
        new Subscribe { Types = ["nothing"] },
        new Subscribe { Types = ["a b*"] },
        new Subscribe { Types = [.. Enumerable.Repeat("exited", 33)] },
        new Subscribe { Agent = "" },
        new Subscribe { Where = new Dictionary<string, string> { ["colour"] = "red" } },
        new Subscribe { Where = new Dictionary<string, string> { ["data."] = "red" } },
        new PollEvents { Max = 0 },
        new PollEvents { TimeoutMs = 60_001, From = "now" },
        new PollEvents { Types = ["exited"] },
        new Unsubscribe { Types = ["nothing"] },
        new Emit(),
        new Emit { Type = "Loud" },
        new Emit { Type = new string('a', 65) },
        new Emit { Type = "note", To = "them" },
        new Emit { Type = "note", Data = JsonElement.Parse($"\"{new string('é', 2_048)}\"") },
        new Emit { Type = "note", Data = JsonElement.Parse(new string('[', 17) + new string(']', 17)) },
    ];

    [Theory]
    [MemberData(nameof(Malformed))]
    public void What_is_malformed_is_refused_at_the_edge(Syscall syscall) =>
        Assert.Equal(SysErrorCode.InvalidArgument, SyscallRules.Check(syscall)?.Code);

    private PollEventsReply Poll(PollEvents poll, ProcessId caller = default) =>
        Answered(poll, caller) ?? throw new InvalidOperationException("it waits");

    private PollEventsReply? Answered(PollEvents poll, ProcessId caller = default)
    {
        Assert.Null(SyscallRules.Check(poll));
        _kernel.Call(poll, caller.Value);
        return (PollEventsReply?)_kernel.Effects.OfType<Answer>().SingleOrDefault()?.Reply;
    }

    private SysErrorCode Refused(Syscall syscall, ProcessId caller = default)
    {
        _kernel.Call(syscall, caller.Value);
        return _kernel.Refusal().Code;
    }
}
