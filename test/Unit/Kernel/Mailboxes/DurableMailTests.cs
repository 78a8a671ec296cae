using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Journal;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;
using Analemma.Kernel.Mailboxes;

namespace Analemma.Unit.Tests.Kernel.Mailboxes;

/// <summary>Mailboxes that outlive their receivers and the kernel.</summary>
public sealed class DurableMailTests
{
    private readonly KernelBench _kernel = new();
    private readonly ProcessId _one;
    private readonly ProcessId _worker;

    public DurableMailTests()
    {
        _one = Run("one");
        _worker = Run("worker");
        _kernel.Call(
            new Register { Name = "jobs", Durable = true, VisibilityMs = 1_000, MaxDeliveries = 2 }, _worker.Value);
        Assert.DoesNotContain(_kernel.Effects, effect => effect is Answer);
        _kernel.Settle();
        Assert.True(((MailboxView)_kernel.One<Answer>().Reply).Durable);
    }

    [Fact]
    public void A_sender_is_answered_when_its_message_is_in_the_journal()
    {
        _kernel.Call(new Send { To = "jobs", Body = MailBody.Of("a") }, _one.Value);
        Assert.DoesNotContain(_kernel.Effects, effect => effect is Answer);
        Assert.IsType<MailAccepted>(_kernel.One<Raise>().Event);
        _kernel.Settle();
        Assert.Equal(1, ((SendReply)_kernel.One<Answer>().Reply).Id);
    }

    [Fact]
    public void Several_messages_are_in_the_journal_together_and_known_by_one_key()
    {
        MailBody[] bodies = [MailBody.Of("a"), MailBody.Of("b"), MailBody.Of("c")];
        Send several = new() { To = "jobs", Bodies = bodies, Key = "k" };
        _kernel.Call(several, _one.Value);
        Assert.Equal(3, Assert.IsType<MailAccepted>(_kernel.One<Raise>().Event).Mail.Count);
        _kernel.Settle();
        var sent = (SendReply)_kernel.One<Answer>().Reply;
        Assert.Equal((1, 3, null), (sent.Id, sent.Count, sent.Duplicate));
        _kernel.Call(several, _one.Value);
        _kernel.Settle();
        sent = (SendReply)_kernel.One<Answer>().Reply;
        Assert.Equal((1, 3, true), (sent.Id, sent.Count, sent.Duplicate));
        Assert.Equal(3, _kernel.State.Mail.Accounts.Count);
        Assert.Equal(["a", "b", "c"], Enumerable.Range(0, 3).Select(_ => Receive().Messages.Single().Body!.ToText()));
    }

    [Fact]
    public void A_turn_has_no_more_for_the_journal_than_one_commit_takes()
    {
        KernelTurns turns = new(new KernelState());
        MailBody large = new(Encoding.UTF8.GetBytes($"\"{new string('x', 500_000)}\""));
        for (var i = 0; i < 20; i++)
        {
            turns.Arrive(new MailAccepted(new CallId(i), new Mail(ProcessId.None, large), ["jobs"]) { At = 1 });
        }

        List<DurableRecord> records = [];
        List<int> taken = [];
        while (turns.Begin(records))
        {
            Assert.InRange(records.Sum(record => record.Body.Length), 1, JournalLimits.CommitBytesMax);
            taken.Add(records.Count);
            records.Clear();
            turns.End();
        }

        Assert.Equal([16, 4], taken);
    }

    [Fact]
    public void A_message_is_lent_until_it_is_acknowledged_and_then_gone()
    {
        Send("a");
        var message = Assert.Single(Receive().Messages);
        Assert.Equal((1, 1), (message.Id, message.Delivery!.Value));
        Assert.Empty(Receive().Messages);
        _kernel.Call(new Ack { Receipts = [message.Receipt!.Value] }, _one.Value);
        Assert.Equal([message.Receipt!.Value], ((AckReply)_kernel.One<Answer>().Reply).Stale);

        Acknowledge(message, held: 1);
        Acknowledge(message, held: 0);
        Assert.Equal(0, _kernel.State.Mail.Accounts.Count);
    }

    [Fact]
    public void What_is_not_acknowledged_in_time_comes_again_and_its_old_receipt_is_stale()
    {
        Send("a");
        Send("b");
        var first = Assert.Single(Receive().Messages);
        _kernel.Wait(TimeSpan.FromSeconds(2));
        _kernel.Apply(new MailDue { At = 0 });
        var again = Assert.Single(Receive().Messages);
        Assert.Equal((first.Id, 2), (again.Id, again.Delivery!.Value));
        Acknowledge(first, held: 0);
        Acknowledge(again, held: 1);
        Assert.Equal("b", Assert.Single(Receive().Messages).Body!.ToText());
    }

    [Fact]
    public void What_was_given_back_comes_again_now_or_later_and_not_for_ever()
    {
        Send("a");
        var first = Assert.Single(Receive().Messages);
        _kernel.Call(new Nack { Receipts = [first.Receipt!.Value], DelayMs = 100 }, _worker.Value);
        Assert.Equal(1, ((AckReply)_kernel.One<Answer>().Reply).Count);
        Assert.Empty(Receive().Messages);
        _kernel.Wait(TimeSpan.FromMilliseconds(200));
        _kernel.Apply(new MailDue { At = 0 });
        var second = Assert.Single(Receive().Messages);
        _kernel.Call(new Nack { Receipts = [second.Receipt!.Value] }, _worker.Value);
        _kernel.Settle();
        Assert.Empty(Receive().Messages);
        _kernel.Call(new DeadLetters { Mailbox = "jobs" });
        var dead = Assert.Single(((DeadLettersReply)_kernel.One<Answer>().Reply).List);
        Assert.Equal((1, "given_out_too_often"), (dead.Id, dead.Reason));
    }

    [Fact]
    public void What_was_lent_to_a_process_that_ends_comes_to_the_next_of_its_name()
    {
        Send("a");
        Receive();
        _kernel.Exit(_worker);
        var next = Run("worker");
        Assert.Equal("a", Assert.Single(Receive(next).Messages).Body!.ToText());

        // The name alone is not enough: this one has another parent.
        _kernel.Exit(next);
        _kernel.Call(new Recv { Mailbox = "jobs", TimeoutMs = 0 }, Run("worker", _one).Value);
        Assert.Equal(SysErrorCode.NoSuchMailbox, _kernel.Refusal().Code);
    }

    [Fact]
    public void The_same_key_adds_nothing_even_when_both_are_on_their_way()
    {
        _kernel.Call(new Send { To = "jobs", Key = "k" }, _one.Value);
        var first = _kernel.One<Raise>().Event;
        _kernel.Call(new Send { To = "jobs", Key = "k" }, _one.Value);
        var second = _kernel.One<Raise>().Event;
        _kernel.Apply(first);
        Assert.Null(((SendReply)_kernel.One<Answer>().Reply).Duplicate);
        _kernel.Apply(second);
        Assert.Equal(new SendReply(1, ProcessId.None) { Duplicate = true }, _kernel.One<Answer>().Reply);
        _kernel.Call(new Send { To = "jobs", Key = "k" }, _one.Value);
        Assert.True(((SendReply)_kernel.One<Answer>().Reply).Duplicate);
        Assert.Single(Receive().Messages);
        Assert.Equal(1, _kernel.State.Mail.Accounts.Count);
    }

    [Fact]
    public void All_of_it_is_in_a_checkpoint_but_who_has_it()
    {
        _kernel.Call(new Send { To = "jobs", Key = "k", Topic = "t", Body = MailBody.Of("a") }, _one.Value);
        _kernel.Settle();
        Receive();
        var state = StateCheckpoint.Read(StateCheckpoint.Write(_kernel.State));
        List<Effect> effects = [];
        state.Apply(new KernelStarted("0.2", "none", new KernelOptions()) { At = _kernel.Now }, effects);
        var box = Assert.Single(state.Mail.Own);
        Assert.Equal((1, 0, "worker"), (box.Count, box.Lent, box.Plan.Receiver));
        effects.Clear();
        Caller host = new(default, 0);
        state.Apply(new SyscallArrived(new CallId(1), host, new Recv { Mailbox = "jobs" }) { At = 0 }, effects);
        var message = Assert.Single(((RecvReply)effects.OfType<Answer>().Single().Reply).Messages);
        Assert.Equal(("a", "t", 1), (message.Body!.ToText(), message.Topic, message.Delivery!.Value));
        effects.Clear();
        state.Apply(
            new SyscallArrived(new CallId(2), host, new Send { To = "jobs", Key = "k" }) { At = 0 }, effects);
        Assert.True(((SendReply)effects.OfType<Answer>().Single().Reply).Duplicate);
    }

    [Fact]
    public void A_mailbox_that_is_unregistered_leaves_dead_letters()
    {
        Send("a");
        _kernel.Call(new Unregister { Name = "jobs" }, _one.Value);
        Assert.Equal(SysErrorCode.NoSuchMailbox, _kernel.Refusal().Code);
        _kernel.Call(new Unregister { Name = "jobs" }, _worker.Value);
        _kernel.Settle();
        Assert.Equal(new UnregisterReply(1), _kernel.One<Answer>().Reply);
        Assert.Empty(_kernel.State.Mail.Own);
        Assert.Single(_kernel.State.Mail.DurableDead.All);
        Assert.Equal(0, _kernel.State.Mail.Accounts.Count);
    }

    private ProcessId Run(string name, ProcessId parent = default) =>
        _kernel.Run(new Spawn { Argv = ["true"], Name = name }, parent.Value);

    private void Send(string text)
    {
        _kernel.Call(new Send { To = "jobs", Body = MailBody.Of(text) }, _one.Value);
        _kernel.Settle();
        Assert.IsType<SendReply>(_kernel.One<Answer>().Reply);
    }

    private RecvReply Receive(ProcessId? process = null)
    {
        _kernel.Call(new Recv { Mailbox = "jobs", TimeoutMs = 0 }, (process ?? _worker).Value);
        return (RecvReply)_kernel.One<Answer>().Reply;
    }

    private void Acknowledge(MailMessage message, int held)
    {
        _kernel.Call(new Ack { Receipts = [message.Receipt!.Value] }, _worker.Value);
        _kernel.Settle();
        Assert.Equal(held, ((AckReply)_kernel.One<Answer>().Reply).Count);
    }
}
