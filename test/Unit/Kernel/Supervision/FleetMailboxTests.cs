using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Policy;

namespace Analemma.Unit.Tests.Kernel.Supervision;

/// <summary>Mailboxes that a fleet declares.</summary>
public sealed class FleetMailboxTests
{
    private static readonly FleetMailbox Jobs = new() { Name = "jobs", Receiver = "worker", MaxMessages = 2 };

    private readonly FleetBench _kernel = new();

    [Fact]
    public void They_are_there_with_what_is_declared_and_outlive_the_kernel()
    {
        Assert.Equal(["jobs", "prices"], Up(Jobs, new FleetMailbox { Name = "prices", Durable = false }).Mailboxes);
        Send("jobs");
        Send("prices");
        _kernel.Crash();
        Assert.Equal((true, "worker", 1, 2), About("jobs"));
        Assert.Equal((null, null, 0, 1000), About("prices"));
    }

    [Fact]
    public void What_waits_in_one_starts_its_receiver_also_after_the_kernel_was_killed()
    {
        Up(FleetBench.Agent("worker") with { StartOn = StartOn.Message }, Jobs);
        Assert.Equal(UnitState.Scheduled, _kernel["worker"].State);
        _kernel.HoldsLaunches = true;
        Send("jobs");
        Assert.Equal(UnitState.Starting, _kernel["worker"].State);
        _kernel.HoldsLaunches = false;
        _kernel.Crash(reap: true);
        _kernel.Wait(60);
        Assert.Equal(UnitState.Ready, _kernel["worker"].State);
        var worker = _kernel.Process("worker").Value;
        var got = Assert.IsType<RecvReply>(_kernel.Call(new Recv { Mailbox = "jobs" }, worker));
        Assert.Equal(1, Assert.Single(got.Messages).Body!.Length);
    }

    [Fact]
    public void Another_declaration_gives_other_bounds_and_lets_in_who_waited_for_room()
    {
        Up(Jobs);
        Send("jobs");
        Send("jobs");
        Assert.Equal(SysErrorCode.TryAgain, _kernel.Refusal(Message("jobs")).Code);
        _kernel.Call(Message("jobs") with { TimeoutMs = 60_000 });
        var changed = Up(Jobs with { MaxMessages = 3 });
        Assert.Equal(["jobs"], changed.Mailboxes);
        Assert.Equal(2, changed.Revision);
        Assert.Equal((true, "worker", 3, 3), About("jobs"));
        Assert.Empty(Up(Jobs with { MaxMessages = 3 }).Mailboxes);
    }

    [Fact]
    public void One_that_is_not_declared_any_more_stays_with_what_is_in_it()
    {
        Up(Jobs);
        Send("jobs");
        Assert.Equal(2, Up().Revision);
        _kernel.Call(new FleetDown { Fleet = "f" });
        _kernel.Obey();
        _kernel.Crash();
        Assert.Equal((true, "worker", 1, 2), About("jobs"));
    }

    [Fact]
    public void A_declared_one_takes_the_place_of_one_that_is_not_durable()
    {
        _kernel.Call(new Register { Name = "jobs" });
        Send("jobs");
        Up(Jobs);
        Assert.Equal((true, "worker", 0, 2), About("jobs"));
        var dead = Assert.IsType<DeadLettersReply>(_kernel.Call(new DeadLetters())).List;
        Assert.Equal("unregistered", Assert.Single(dead).Reason);
        Assert.Single(_kernel.Told, told => told is { Type: EventTypes.DeadLetter, What: "jobs", Count: 1 });
    }

    [Fact]
    public void What_is_durable_is_never_made_less()
    {
        Up(Jobs);
        var refused = _kernel.Refusal(Request(Jobs with { Durable = false }));
        Assert.Equal(SysErrorCode.NameTaken, refused.Code);
        Assert.Equal((true, "worker", 0, 2), About("jobs"));
    }

    [Fact]
    public void A_bad_one_is_refused_with_its_place()
    {
        var problem = SyscallRules.Check(Request(
            new FleetMailbox { Name = "x", Receiver = "nobody", MaxMessages = 0 },
            new FleetMailbox { Name = "worker" },
            new FleetMailbox { Name = "x" }))!.Message;
        Assert.Contains("mailboxes[0].receiver is \"nobody\"", problem, StringComparison.Ordinal);
        Assert.Contains("mailboxes[0].max_messages", problem, StringComparison.Ordinal);
        Assert.Contains("mailboxes[1].name is \"worker\"", problem, StringComparison.Ordinal);
        Assert.Contains("\"x\" is there twice", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_one_is_told_once_until_it_is_half_empty()
    {
        Up(Jobs);
        Send("jobs");
        Send("jobs");
        Send("jobs");
        Send("jobs");
        var full = Assert.Single(_kernel.Told, told => told.Type == EventTypes.MailboxFull);
        Assert.Equal(("jobs", "worker"), (full.What, full.Name));
        var worker = _kernel.Process("worker").Value;
        var got = Assert.IsType<RecvReply>(_kernel.Call(new Recv { Mailbox = "jobs", Max = 2 }, worker)).Messages;
        _kernel.Call(new Ack { Receipts = [.. got.Select(message => message.Receipt!.Value)] }, worker);
        Send("jobs");
        Send("jobs");
        Send("jobs");
        Assert.Equal(2, _kernel.Told.Count(told => told.Type == EventTypes.MailboxFull));
    }

    private static Send Message(string to) => new() { To = to, Body = new MailBody("1"u8.ToArray()) };

    private static FleetApply Request(params FleetMailbox[] mailboxes) =>
        new() { Fleet = "f", Agents = [FleetBench.Agent("worker")], Mailboxes = mailboxes };

    private void Send(string to) => _kernel.Call(Message(to));

    private FleetApplyReply Up(params FleetMailbox[] mailboxes) => Apply(Request(mailboxes));

    private void Up(FleetAgent worker, params FleetMailbox[] mailboxes) =>
        Apply(Request(mailboxes) with { Agents = [worker] });

    private FleetApplyReply Apply(FleetApply request)
    {
        Assert.Null(SyscallRules.Check(request));
        _kernel.Call(request);
        return _kernel.Effects.OfType<Answer>().Select(answer => answer.Reply).OfType<FleetApplyReply>().Single();
    }

    private (bool? Durable, string? Receiver, int Messages, int Most) About(string name)
    {
        var views = Assert.IsType<MailboxesReply>(_kernel.Call(new Analemma.Abi.Syscalls.Mailboxes())).List;
        var view = Assert.Single(views, view => view.Name == name);
        return (view.Durable, view.Receiver, view.Messages, view.MaxMessages);
    }
}
