using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Mailboxes;
using Analemma.Kernel.Policy;

namespace Analemma.Unit.Tests.Kernel.Supervision;

/// <summary>Bounds of inboxes that a fleet declares.</summary>
public sealed class FleetInboxTests
{
    private readonly FleetBench _kernel = new();

    [Fact]
    public void A_full_one_refuses_and_lets_wait_who_asked_for_that()
    {
        _kernel.Up(Worker(2));
        Send(2);
        Assert.Equal(SysErrorCode.TryAgain, _kernel.Refusal(Message()).Code);
        _kernel.Call(Message() with { TimeoutMs = 60_000 });
        Assert.Equal((2, 2), Inbox());

        Assert.Single(Receive(1).Messages);
        Assert.Equal((2, 2), Inbox());
    }

    [Fact]
    public void What_is_larger_than_it_ever_holds_is_too_large()
    {
        _kernel.Up(FleetBench.Agent("a") with { Inbox = new InboxRule { MaxBytes = 1_024 } });
        var large = new MailBody(Enumerable.Repeat((byte)'1', 1_024).ToArray());
        Assert.Equal(SysErrorCode.TooLarge, _kernel.Refusal(Message() with { Body = large }).Code);
    }

    [Fact]
    public void Each_replica_has_its_own()
    {
        _kernel.Up(Worker(1) with { Replicas = 2 });
        _kernel.Call(Message() with { To = "a-1" });
        _kernel.Call(Message() with { To = "a-2" });
        Assert.Equal(SysErrorCode.TryAgain, _kernel.Refusal(Message() with { To = "a-2" }).Code);
    }

    [Fact]
    public void Other_bounds_hold_at_once_let_in_who_waits_and_restart_nobody()
    {
        _kernel.Up(Worker(1));
        var before = _kernel.Process("a");
        Send(1);
        _kernel.Call(Message() with { TimeoutMs = 60_000 });
        var change = Assert.Single(_kernel.Up(Worker(3)).Changed);
        Assert.Equal("inbox.max_messages", Assert.Single(change.Fields));
        Assert.Equal("update", change.Action);
        Assert.Equal((2, 3), Inbox());
        Assert.Equal(before, _kernel.Process("a"));

        _kernel.Up(FleetBench.Agent("a"));
        Assert.Equal((2, 1_000), Inbox());
    }

    [Fact]
    public void What_is_in_it_stays_when_it_may_hold_less_and_nothing_comes_in_until_there_is_room()
    {
        _kernel.Up(Worker(3));
        Send(3);
        _kernel.Up(Worker(1));
        Assert.Equal((3, 1), Inbox());
        Assert.Null(MailCheck.Problem(_kernel.State));
        Assert.Equal(2, Receive(2).Messages.Count);
        Assert.Equal(SysErrorCode.TryAgain, _kernel.Refusal(Message()).Code);

        Assert.Single(Receive(2).Messages);
        Send(1);
        Assert.Equal((1, 1), Inbox());
        Assert.Null(MailCheck.Problem(_kernel.State));
    }

    [Fact]
    public void That_of_an_agent_that_rests_has_them_too_and_so_has_that_of_its_next_process()
    {
        _kernel.HoldsLaunches = true;
        _kernel.Up(Worker(2) with { StartOn = StartOn.Message });
        Send(2);
        Assert.Equal(SysErrorCode.TryAgain, _kernel.Refusal(Message()).Code);
        _kernel.Up(Worker(3) with { StartOn = StartOn.Message });
        Send(1);
        Assert.Equal((3, 3), Inbox());
    }

    [Fact]
    public void The_next_kernel_has_them()
    {
        _kernel.Up(Worker(1));
        _kernel.Crash();
        Send(1);
        Assert.Equal(SysErrorCode.TryAgain, _kernel.Refusal(Message()).Code);
    }

    [Fact]
    public void Bad_ones_are_refused_with_their_place()
    {
        FleetApply request = new()
        {
            Fleet = "f",
            Agents = [FleetBench.Agent("a") with { Inbox = new InboxRule { MaxMessages = 0, MaxBytes = 1_023 } }],
        };
        var problem = SyscallRules.Check(request)!.Message;
        Assert.Contains("agents[0].inbox.max_messages", problem, StringComparison.Ordinal);
        Assert.Contains("agents[0].inbox.max_bytes", problem, StringComparison.Ordinal);
    }

    private static FleetAgent Worker(int most) =>
        FleetBench.Agent("a") with { Inbox = new InboxRule { MaxMessages = most } };

    private static Send Message() => new() { To = "a", Body = new MailBody("1"u8.ToArray()) };

    private void Send(int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.IsType<SendReply>(_kernel.Call(Message()));
        }
    }

    private RecvReply Receive(int most)
    {
        _kernel.Call(new Recv { Max = most }, _kernel.Process("a").Value);
        return _kernel.Effects.OfType<Answer>().Select(answer => answer.Reply).OfType<RecvReply>().Single();
    }

    private (int Messages, int Most) Inbox()
    {
        var views = Assert.IsType<MailboxesReply>(_kernel.Call(new Analemma.Abi.Syscalls.Mailboxes())).List;
        var view = Assert.Single(views, view => view.Name == "a");
        return (view.Messages, view.MaxMessages);
    }
}
