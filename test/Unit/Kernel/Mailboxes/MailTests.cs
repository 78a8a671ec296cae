using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Policy;

namespace Analemma.Unit.Tests.Kernel.Mailboxes;

/// <summary>Messages between agents as the pure kernel decides about them; the simulator has the rest.</summary>
public sealed class MailTests
{
    private readonly KernelBench _kernel = new();
    private readonly ProcessId _one;
    private readonly ProcessId _other;

    public MailTests() => (_one, _other) = (Run("one"), Run("other"));

    [Fact]
    public void A_message_waits_for_its_receiver_and_says_who_sent_it()
    {
        Send("other", "hello", _one);
        var message = Assert.Single(Receive(_other).Messages);
        Assert.Equal((_one, "one", "other"), (message.From, message.FromName, message.To));
        Assert.Equal("hello", message.Body!.ToText());
        Assert.Null(message.Receipt);
        Assert.Empty(Receive(_other).Messages);
        Assert.Equal(0, _kernel.State.Mail.Accounts.Count);
    }

    [Fact]
    public void A_receiver_that_waits_is_given_the_message_at_once_and_only_once()
    {
        _kernel.Call(new Recv(), _other.Value);
        var first = new CallId(_kernel.CallId);
        _kernel.Call(new Recv(), _other.Value);
        Send("other", "a", _one);
        Assert.Equal(first, _kernel.Effects.OfType<Answer>().Single(each => each.Reply is RecvReply).Call);
        Send("other", "b", _one);
        Assert.Equal("b", _kernel.Effects.OfType<Answer>().Select(each => each.Reply).OfType<RecvReply>()
            .Single().Messages[0].Body!.ToText());
        Assert.Empty(Receive(_other).Messages);
    }

    [Fact]
    public void Who_hears_of_refusals_only_sends_to_no_durable_mailbox_and_asks_nothing()
    {
        _kernel.Call(new Register { Name = "kept", Durable = true });
        _kernel.Settle();
        _kernel.Call(new Send { To = "kept", Body = MailBody.Of("a"), IsQuiet = true }, _one.Value);
        Assert.Equal(SysErrorCode.InvalidArgument, _kernel.Refusal().Code);
        _kernel.Call(new Send { To = "other", Body = MailBody.Of("b"), IsQuiet = true }, _one.Value);
        Assert.IsType<SendReply>(_kernel.One<Answer>().Reply);
        Assert.NotNull(SyscallRules.Check(new Send { To = "other", IsQuiet = true, ReplyTimeoutMs = 1 }));
        Assert.Null(SyscallRules.Check(new Send { To = "other", IsQuiet = true, TimeoutMs = 1 }));
    }

    [Fact]
    public void Messages_come_by_priority_and_then_in_their_order()
    {
        foreach (var (text, priority) in new (string, MailPriority?)[]
        {
            ("1", MailPriority.Low), ("2", null), ("3", MailPriority.High), ("4", null), ("5", MailPriority.High),
        })
        {
            _kernel.Call(new Send { To = "other", Body = MailBody.Of(text), Priority = priority }, _one.Value);
        }

        _kernel.Call(new Recv { Max = 4 }, _other.Value);
        var reply = (RecvReply)_kernel.One<Answer>().Reply;
        Assert.Equal(["3", "5", "2", "4"], Texts(reply));
        Assert.Equal(1, reply.Left);
    }

    [Fact]
    public void A_receiver_may_choose_by_topic_exchange_and_sender()
    {
        _kernel.Call(new Send { To = "other", Body = MailBody.Of("a"), Topic = "news" }, _one.Value);
        _kernel.Call(new Send { To = "other", Body = MailBody.Of("b"), Correlation = "7" }, _one.Value);
        _kernel.Call(new Send { To = "other", Body = MailBody.Of("c") });
        Assert.Equal("b", Take(new Recv { Correlation = "7", TimeoutMs = 0 }));
        Assert.Equal("c", Take(new Recv { From = ProcessId.None, TimeoutMs = 0 }));
        Assert.Null(Take(new Recv { Topic = "sport", TimeoutMs = 0 }));
        Assert.Equal("a", Take(new Recv { Topic = "news", TimeoutMs = 0 }));

        _kernel.Call(new Recv { Topic = "news" }, _other.Value);
        _kernel.Call(new Send { To = "other", Body = MailBody.Of("d"), Topic = "sport" }, _one.Value);
        Assert.IsType<SendReply>(_kernel.One<Answer>().Reply);
        _kernel.Call(new Send { To = "other", Body = MailBody.Of("e"), Topic = "news" }, _one.Value);
        Assert.Equal(2, _kernel.Effects.OfType<Answer>().Count());
    }

    [Fact]
    public void A_full_mailbox_is_told_or_waited_for_in_order()
    {
        _kernel.Call(new Register { Name = "box", MaxMessages = 2, Receiver = "other" });
        Send("box", "1", _one);
        Send("box", "2", _one);
        _kernel.Call(new Send { To = "box", Body = MailBody.Of("no") }, _one.Value);
        var full = _kernel.Refusal();
        Assert.Equal(SysErrorCode.TryAgain, full.Code);
        Assert.Contains("2 of 2 messages", full.Message, StringComparison.Ordinal);
        Assert.True(full.RetryAfterMs > 0);

        _kernel.Call(new Send { To = "box", Body = MailBody.Of("3"), TimeoutMs = 1_000 }, _one.Value);
        var third = new CallId(_kernel.CallId);
        _kernel.Call(new Send { To = "box", Body = MailBody.Of("4"), TimeoutMs = 1_000 }, _one.Value);
        Assert.DoesNotContain(_kernel.Effects, effect => effect is Answer or Refuse);

        _kernel.Call(new Recv { Mailbox = "box" }, _other.Value);
        var answers = _kernel.Effects.OfType<Answer>().ToArray();
        Assert.Equal(["1"], Texts((RecvReply)answers[0].Reply));
        Assert.Equal(third, Assert.Single(answers[1..]).Call);

        _kernel.Wait(TimeSpan.FromSeconds(2));
        _kernel.Apply(new MailDue { At = 0 });
        Assert.Equal(SysErrorCode.TimedOut, _kernel.Refusal().Code);
        _kernel.Call(new Recv { Mailbox = "box", Max = 9 }, _other.Value);
        Assert.Equal(["2", "3"], Texts((RecvReply)_kernel.One<Answer>().Reply));
    }

    [Fact]
    public void Who_gives_up_waiting_lets_the_next_come_in()
    {
        _kernel.Call(new Register { Name = "box", MaxBytes = 4_096, Receiver = "other" });
        Send("box", new string('a', 3_000), _one);
        _kernel.Call(new Send { To = "box", Body = MailBody.Of(new string('b', 3_000)), TimeoutMs = 9 }, _one.Value);
        var large = new CallId(_kernel.CallId);
        _kernel.Call(new Send { To = "box", Body = MailBody.Of("c"), TimeoutMs = 9 }, _one.Value);
        var small = new CallId(_kernel.CallId);
        _kernel.Apply(new CallCancelled(large) { At = 0 });
        Assert.Equal(small, _kernel.One<Answer>().Call);
    }

    [Fact]
    public void A_message_dies_when_its_time_is_up_and_can_be_looked_at()
    {
        _kernel.Call(new Send { To = "other", Body = MailBody.Of("late"), TtlMs = 50 }, _one.Value);
        var due = _kernel.One<ArmTimer>();
        Assert.Equal(TimerKind.Mail, due.Timer.Kind);
        _kernel.Wait(TimeSpan.FromMilliseconds(60));
        _kernel.Apply(new MailDue { At = 0 });
        Assert.Empty(Receive(_other).Messages);
        _kernel.Call(new DeadLetters(), _one.Value);
        var dead = Assert.Single(((DeadLettersReply)_kernel.One<Answer>().Reply).List);
        Assert.Equal(("expired", "other", _one), (dead.Reason, dead.Mailbox, dead.From));
        _kernel.Call(new DeadLetters(), Run("stranger").Value);
        Assert.Empty(((DeadLettersReply)_kernel.One<Answer>().Reply).List);
    }

    [Fact]
    public void A_request_is_answered_by_who_was_given_it_and_nobody_else()
    {
        _kernel.Call(new Send { To = "other", Body = MailBody.Of("why?"), ReplyTimeoutMs = 1_000 }, _one.Value);
        var asked = new CallId(_kernel.CallId);
        var question = Assert.Single(Receive(_other).Messages);
        Assert.True(question.WantsReply);

        _kernel.Call(new Send { InReplyTo = question.Id, Body = MailBody.Of("forged") }, Run("third").Value);
        Assert.Equal(SysErrorCode.NoSuchMessage, _kernel.Refusal().Code);
        _kernel.Call(new Send { InReplyTo = question.Id, Body = MailBody.Of("because") }, _other.Value);
        var reply = (SendReply)_kernel.Effects.OfType<Answer>().Single(each => each.Call == asked).Reply;
        Assert.Equal(("because", _other), (reply.Reply!.Body!.ToText(), reply.Reply.From));
        _kernel.Call(new Send { InReplyTo = question.Id, Body = MailBody.Of("again") }, _other.Value);
        Assert.Equal(SysErrorCode.NoSuchMessage, _kernel.Refusal().Code);
    }

    [Fact]
    public void A_request_that_nobody_waits_for_any_more_is_given_to_nobody()
    {
        _kernel.Call(
            new Send { To = "other", Body = MailBody.Of("why?"), TimeoutMs = 500, ReplyTimeoutMs = 500 }, _one.Value);
        _kernel.Wait(TimeSpan.FromMilliseconds(510));
        _kernel.Apply(new MailDue { At = 0 });

        Assert.Equal(SysErrorCode.TimedOut, _kernel.Refusal().Code);
        Assert.Empty(Receive(_other).Messages);
        Assert.Equal(0, _kernel.State.Mail.Accounts.Count);
        _kernel.Call(new DeadLetters(), _one.Value);
        Assert.Equal("expired", Assert.Single(((DeadLettersReply)_kernel.One<Answer>().Reply).List).Reason);
    }

    [Fact]
    public void A_request_ends_when_its_receiver_does()
    {
        _kernel.Call(new Send { To = "other", Body = MailBody.Of("a"), ReplyTimeoutMs = 1_000 }, _one.Value);
        Receive(_other);
        _kernel.Call(new Send { To = "other", Body = MailBody.Of("b"), ReplyTimeoutMs = 1_000 }, _one.Value);
        _kernel.Exit(_other);
        Assert.Equal(2, _kernel.Effects.OfType<Refuse>().Count(each => each.Error.Code == SysErrorCode.NoSuchMailbox));
        Assert.Empty(_kernel.State.Mail.Waits);
        Assert.Equal(0, _kernel.State.Mail.Accounts.Count);
    }

    [Fact]
    public void Names_lead_to_an_inbox_and_are_free_again_when_its_process_has_ended()
    {
        _kernel.Call(new Register { Name = "service" }, _other.Value);
        Assert.Equal(_other, ((MailboxView)_kernel.One<Answer>().Reply).Process);
        Send("service", "hello", _one);
        Assert.Equal("service", Assert.Single(Receive(_other).Messages).To);
        _kernel.Call(new Register { Name = "service" }, _one.Value);
        Assert.Equal(SysErrorCode.NameTaken, _kernel.Refusal().Code);
        _kernel.Call(new Register { Name = "one" }, _other.Value);
        Assert.Equal(SysErrorCode.NameTaken, _kernel.Refusal().Code);
        _kernel.Exit(_other);
        _kernel.Call(new Register { Name = "service" }, _one.Value);
        Assert.Equal(_one, ((MailboxView)_kernel.One<Answer>().Reply).Process);
    }

    [Fact]
    public void A_broadcast_comes_to_those_that_registered_its_topic_but_not_to_its_sender()
    {
        foreach (var process in new[] { _one, _other })
        {
            _kernel.Call(new Register { Topic = "prices" }, process.Value);
        }

        _kernel.Call(new Broadcast { Topic = "prices", Body = MailBody.Of("42") }, _one.Value);
        Assert.Equal(new BroadcastReply(1, 0), _kernel.One<Answer>().Reply);
        Assert.Equal("prices", Assert.Single(Receive(_other).Messages).Topic);
        Assert.Empty(Receive(_one).Messages);
        _kernel.Call(new Broadcast { Topic = "prices", IncludeSelf = true }, _one.Value);
        Assert.Equal(new BroadcastReply(2, 0), _kernel.One<Answer>().Reply);
        _kernel.Call(new Broadcast { Body = MailBody.Of("all") });
        Assert.Equal(new BroadcastReply(0, 0), _kernel.One<Answer>().Reply);
    }

    [Fact]
    public void Strangers_and_those_that_are_not_there_are_the_same()
    {
        var child = Run("child", _one);
        var grandchild = Run("grandchild", child);
        _kernel.Call(new Send { To = "grandchild", Body = MailBody.Of("x") }, _other.Value);
        Assert.Equal(SysErrorCode.NoSuchMailbox, _kernel.Refusal().Code);
        _kernel.Call(new Send { To = "nobody", Body = MailBody.Of("x") }, _other.Value);
        Assert.Equal(SysErrorCode.NoSuchMailbox, _kernel.Refusal().Code);
        Send("grandchild", "x", _one);
        Send("one", "x", grandchild);
        Send("child", "x", default);
        _kernel.Call(new Recv { Mailbox = "child" }, grandchild.Value);
        Assert.Equal(SysErrorCode.NoSuchMailbox, _kernel.Refusal().Code);
        _kernel.Call(new Recv { Mailbox = "child" });
        Assert.Equal(SysErrorCode.PermissionDenied, _kernel.Refusal().Code);
        _kernel.Call(new Recv());
        Assert.Equal(SysErrorCode.InvalidArgument, _kernel.Refusal().Code);
    }

    [Fact]
    public void Several_messages_come_in_at_once_or_not_at_all()
    {
        _kernel.Call(new Register { Name = "box", MaxMessages = 3, MaxBytes = 1_024 });
        SendMany("box", ["a", "b"]);
        var sent = (SendReply)_kernel.One<Answer>().Reply;
        Assert.Equal(2, sent.Count);
        SendMany("box", ["c", "d"]);
        Assert.Equal(SysErrorCode.TryAgain, _kernel.Refusal().Code);
        SendMany("box", ["c", "d", "e", "f"]);
        Assert.Equal(SysErrorCode.TooLarge, _kernel.Refusal().Code);
        SendMany("box", [new string('x', 500), new string('y', 500)]);
        Assert.Equal(SysErrorCode.TooLarge, _kernel.Refusal().Code);

        _kernel.Call(new Recv { Mailbox = "box", Max = 9 });
        var received = (RecvReply)_kernel.One<Answer>().Reply;
        Assert.Equal(["a", "b"], Texts(received));
        Assert.Equal([sent.Id, sent.Id + 1], received.Messages.Select(message => message.Id));
        Assert.Equal(0, _kernel.State.Mail.Accounts.Count);
    }

    [Fact]
    public void Several_messages_wait_for_room_for_all_of_them()
    {
        _kernel.Call(new Register { Name = "box", MaxMessages = 3 });
        SendMany("box", ["a", "b"]);
        SendMany("box", ["c", "d"], timeoutMs: 1_000);
        Assert.Empty(_kernel.Effects.OfType<Answer>());
        Assert.Equal(4, _kernel.State.Mail.Accounts.Count);
        _kernel.Call(new Recv { Mailbox = "box" });
        Assert.Contains(_kernel.Effects.OfType<Answer>(), each => each.Reply is SendReply { Count: 2 });
        _kernel.Call(new Recv { Mailbox = "box", Max = 9 });
        Assert.Equal(["b", "c", "d"], Texts((RecvReply)_kernel.One<Answer>().Reply));
    }

    [Fact]
    public void Receivers_that_wait_are_given_several_messages_in_one_answer_each()
    {
        _kernel.Call(new Recv { Topic = "other" }, _other.Value);
        _kernel.Call(new Recv { Max = 2 }, _other.Value);
        _kernel.Call(new Recv { Max = 9 }, _other.Value);
        _kernel.Call(new Recv { Max = 9 }, _other.Value);
        SendMany("other", ["a", "b", "c", "d", "e"]);
        var given = _kernel.Effects.OfType<Answer>().Select(each => each.Reply).OfType<RecvReply>().ToArray();
        Assert.Equal([["a", "b"], ["c", "d", "e"]], given.Select(Texts));
    }

    [Fact]
    public void No_agent_fills_the_kernel_alone()
    {
        for (var i = 0; i < 3; i++)
        {
            _kernel.Call(new Register { Name = $"box{i}", MaxBytes = Limits.MailboxBytesMax, Receiver = "x" });
        }

        var body = new MailBody(Encoding.UTF8.GetBytes($"\"{new string('x', AbiLimits.PayloadBytesMax - 2)}\""));
        for (var i = 0; i < 200; i++)
        {
            _kernel.Call(new Send { To = $"box{i % 3}", Body = body }, _one.Value);
        }

        Assert.Equal(SysErrorCode.TryAgain, _kernel.Refusal().Code);
        Assert.True(_kernel.State.Mail.Accounts.Bytes <= Limits.MailBytesPerSenderMax);
        Send("box0", "others may", _other);
    }

    private ProcessId Run(string name, ProcessId parent = default) =>
        _kernel.Run(new Spawn { Argv = ["true"], Name = name }, parent.Value);

    private void Send(string to, string text, ProcessId from)
    {
        _kernel.Call(new Send { To = to, Body = MailBody.Of(text) }, from.Value);
        Assert.Contains(_kernel.Effects.OfType<Answer>(), answer => answer.Reply is SendReply);
    }

    private void SendMany(string to, string[] texts, long? timeoutMs = null) => _kernel.Call(
        new Send { To = to, Bodies = [.. texts.Select(MailBody.Of)], TimeoutMs = timeoutMs });

    private RecvReply Receive(ProcessId process)
    {
        _kernel.Call(new Recv { TimeoutMs = 0, Max = 100 }, process.Value);
        return (RecvReply)_kernel.One<Answer>().Reply;
    }

    private string? Take(Recv recv)
    {
        _kernel.Call(recv, _other.Value);
        return ((RecvReply)_kernel.One<Answer>().Reply).Messages.SingleOrDefault()?.Body!.ToText();
    }

    private static IEnumerable<string> Texts(RecvReply reply) =>
        reply.Messages.Select(message => message.Body!.ToText());
}
