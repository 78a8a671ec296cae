using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Unit.Tests.Kernel.Mailboxes;

/// <summary>Memory that comes with messages, of which the kernel knows a number and a size.</summary>
public sealed class HandleTests
{
    private const long Mega = 1024 * 1024;

    private readonly KernelBench _kernel = new();
    private readonly ProcessId _one;
    private readonly ProcessId _other;
    private long _number;

    public HandleTests() => (_one, _other) = (Run("one"), Run("other"));

    [Fact]
    public void A_handle_leaves_with_the_message_to_a_receiver_that_takes_handles()
    {
        Send("other", 16 * Mega);
        Assert.Equal(16 * Mega, _kernel.State.Mail.Accounts.HandleBytes);
        var message = Assert.Single(Receive(handles: true).Messages);
        Assert.Equal((16 * Mega, new MailHandle(1, 16 * Mega)), (message.HandleBytes, message.Handle!.Value));
        Assert.DoesNotContain(_kernel.Effects, effect => effect is DropHandle);
        Assert.Equal((0, 0L), (_kernel.State.Mail.Accounts.HandleCount, _kernel.State.Mail.Accounts.HandleBytes));
    }

    [Fact]
    public void Who_takes_no_handles_is_given_the_other_messages()
    {
        Send("other", Mega);
        _kernel.Call(new Send { To = "other", Body = MailBody.Of("plain") }, _one.Value);
        var reply = Receive(handles: false, max: 5);
        Assert.Equal(("plain", 1), (Assert.Single(reply.Messages).Body!.ToText(), reply.Left));
        Assert.Single(Receive(handles: true).Messages);
    }

    [Fact]
    public void A_refused_message_loses_its_handle()
    {
        Send("nobody", Mega);
        AssertRefused(SysErrorCode.NoSuchMailbox, 1);
        _kernel.Call(new Register { Name = "jobs", Durable = true });
        _kernel.Apply(_kernel.One<Raise>().Event);
        Send("jobs", Mega, caller: 0);
        var error = AssertRefused(SysErrorCode.InvalidArgument, 2);
        Assert.Contains("mailbox jobs is durable", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mailbox_holds_so_many_handles_of_so_many_bytes_and_then_senders_wait()
    {
        for (var i = 0; i < Limits.MailboxHandlesMax; i++)
        {
            Send("other", Mega);
            Assert.IsType<SendReply>(_kernel.One<Answer>().Reply);
        }

        Send("other", Mega, caller: 0);
        var full = AssertRefused(SysErrorCode.TryAgain, Limits.MailboxHandlesMax + 1);
        Assert.Contains(
            "64 of 64 handles, 67108864 of 1073741824 bytes in them", full.Message, StringComparison.Ordinal);

        // One that waits comes in when a handle has gone, and its handle goes if it does not wait any more.
        Send("other", AbiLimits.HandleBytesMax - (63 * Mega), caller: 0, timeoutMs: 1_000);
        var waiting = new CallId(_kernel.CallId);
        Receive(handles: true);
        Assert.IsType<SendReply>(_kernel.Effects.OfType<Answer>().Single(each => each.Call == waiting).Reply);
        Send("other", Mega, caller: 0, timeoutMs: 1_000);
        _kernel.Apply(new CallCancelled(new CallId(_kernel.CallId)) { At = 0 });
        Assert.Equal(_number, _kernel.One<DropHandle>().Number);
    }

    [Fact]
    public void An_agent_has_its_share_of_all_handles()
    {
        foreach (var _ in Enumerable.Range(0, 2))
        {
            Send("other", AbiLimits.HandleBytesMax);
            Run($"box{_}");
            Send($"box{_}", AbiLimits.HandleBytesMax);
        }

        AssertRefused(SysErrorCode.TryAgain, _number);
    }

    [Fact]
    public void Handles_go_when_their_messages_die()
    {
        Send("other", Mega, ttlMs: 50);
        _kernel.Wait(TimeSpan.FromMilliseconds(60));
        _kernel.Apply(new MailDue { At = 0 });
        Assert.Equal(1, _kernel.One<DropHandle>().Number);
        _kernel.Call(new DeadLetters(), _one.Value);
        Assert.Equal(Mega, ((DeadLettersReply)_kernel.One<Answer>().Reply).List[0].HandleBytes);

        Send("other", Mega);
        Send("other", Mega);
        _kernel.Exit(_other);
        Assert.Equal([2L, 3L], _kernel.Effects.OfType<DropHandle>().Select(drop => drop.Number));

        _kernel.Call(new Register { Name = "box" });
        Send("box", Mega, caller: 0);
        _kernel.Call(new Unregister { Name = "box" });
        Assert.Equal(4, _kernel.One<DropHandle>().Number);
        Assert.Empty(_kernel.State.Mail.HandleNumbers);
    }

    [Fact]
    public void A_reply_has_a_handle_if_who_asked_takes_handles()
    {
        foreach (var takes in new[] { true, false })
        {
            _kernel.Call(new Send { To = "other", ReplyTimeoutMs = 1_000, Handles = takes }, _one.Value);
            var asked = new CallId(_kernel.CallId);
            var question = Assert.Single(Receive(handles: true).Messages);
            _kernel.Call(
                new Send { InReplyTo = question.Id, Handle = new MailHandle(++_number, Mega) }, _other.Value);
            if (takes)
            {
                var answer = _kernel.Effects.OfType<Answer>().Single(each => each.Call == asked);
                Assert.Equal(Mega, ((SendReply)answer.Reply).Reply!.HandleBytes);
                Assert.Empty(_kernel.Effects.OfType<DropHandle>());
            }
            else
            {
                AssertRefused(SysErrorCode.InvalidArgument, _number);
            }
        }
    }

    [Fact]
    public void A_RECV_replies_first_and_takes_nothing_when_nobody_waits_for_the_reply()
    {
        _kernel.Call(new Send { To = "other", Body = MailBody.Of("1"), ReplyTimeoutMs = 1_000 }, _one.Value);
        var asked = new CallId(_kernel.CallId);
        var question = Assert.Single(Receive(handles: false).Messages);
        _kernel.Call(new Send { To = "other", Body = MailBody.Of("2") }, _one.Value);
        Recv next = new() { Reply = new MailReply { InReplyTo = question.Id, Body = MailBody.Of("one") } };
        _kernel.Call(next, _other.Value);
        var answers = _kernel.Effects.OfType<Answer>().ToDictionary(answer => answer.Call, answer => answer.Reply);
        Assert.Equal("one", ((SendReply)answers[asked]).Reply!.Body!.ToText());
        Assert.Equal("2", ((RecvReply)answers[new CallId(_kernel.CallId)]).Messages[0].Body!.ToText());

        _kernel.Call(new Send { To = "other", Body = MailBody.Of("3") }, _one.Value);
        _kernel.Call(next, _other.Value);
        Assert.Equal(SysErrorCode.NoSuchMessage, _kernel.Refusal().Code);
        Assert.Equal("3", Assert.Single(Receive(handles: false).Messages).Body!.ToText());
    }

    private SysError AssertRefused(SysErrorCode code, long dropped)
    {
        Assert.Equal(dropped, _kernel.One<DropHandle>().Number);
        var error = _kernel.Refusal();
        Assert.Equal(code, error.Code);
        return error;
    }

    private void Send(string to, long bytes, long? caller = null, long? timeoutMs = null, long? ttlMs = null) =>
        _kernel.Call(
            new Send { To = to, Handle = new MailHandle(++_number, bytes), TimeoutMs = timeoutMs, TtlMs = ttlMs },
            caller ?? _one.Value);

    private RecvReply Receive(bool handles, int max = 1)
    {
        _kernel.Call(new Recv { TimeoutMs = 0, Handles = handles, Max = max }, _other.Value);
        var own = new CallId(_kernel.CallId);
        return (RecvReply)_kernel.Effects.OfType<Answer>().Single(answer => answer.Call == own).Reply;
    }

    private ProcessId Run(string name) => _kernel.Run(new Spawn { Argv = ["true"], Name = name });
}
