using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Mailboxes;
using Analemma.Kernel.Supervision;
using Analemma.Simulator;

namespace Analemma.Simulation.Tests;

/// <summary>Kernels whose messaging is broken on purpose: the simulator must notice each.</summary>
public sealed class BrokenMailTests
{
    private const int SeedsMax = 100;

    [Fact]
    public void A_message_that_is_given_twice_is_noticed() =>
        AssertNoticed(
            () => new GivesAgain(),
            "no message is given twice",
            "messages of one sender keep their order",
            "a handle leaves the kernel once");

    [Fact]
    public void Messages_out_of_order_are_noticed() =>
        AssertNoticed(() => new GivesBackwards(), "messages of one sender keep their order");

    [Fact]
    public void A_message_for_somebody_else_is_noticed() =>
        AssertNoticed(() => new IgnoresChoices(), "receivers get what they chose");

    [Fact]
    public void A_reply_to_another_request_is_noticed() =>
        AssertNoticed(() => new MixesReplies(), "a reply is to what was asked");

    [Fact]
    public void A_durable_message_that_is_lost_is_noticed() =>
        AssertNoticed(
            () => new LosesKept(),
            "no message of a durable mailbox is lost",
            "durable state is the fold of the journal",
            "mailboxes are in order");

    [Fact]
    public void A_sender_that_is_told_of_a_message_that_is_not_kept_is_noticed() =>
        AssertNoticed(() => new AnswersUnkept(), "no message of a durable mailbox is lost");

    [Fact]
    public void A_message_acknowledged_twice_is_noticed() =>
        AssertNoticed(
            () => new AcknowledgesAll(),
            "no message is acknowledged twice",
            "what is acknowledged does not come again");

    [Fact]
    public void A_mailbox_over_its_bounds_is_noticed() =>
        AssertNoticed(() => new Overfills(), "mailboxes are in order");

    [Fact]
    public void A_sender_that_is_not_let_in_is_noticed() =>
        AssertNoticed(() => new ForgetsSenders(), "mailboxes are in order", "every request is answered");

    [Fact]
    public void A_timer_that_does_not_ring_is_noticed() =>
        AssertNoticed(() => new ForgetsTimer(), "mailboxes are in order");

    [Fact]
    public void A_handle_that_is_not_closed_is_noticed() =>
        AssertNoticed(() => new LeaksHandles(), "a handle is in a mailbox until it leaves");

    [Fact]
    public void A_handle_that_is_closed_and_given_is_noticed() =>
        AssertNoticed(() => new ClosesGiven(), "a handle leaves the kernel once");

    [Fact]
    public void An_agent_that_rests_although_a_message_waits_is_noticed() =>
        AssertNoticed(() => new LetsRest(), "what is needed is started", "mailboxes are in order");

    [Fact]
    public void A_kernel_that_does_not_look_who_was_needed_when_the_one_before_died_is_noticed() =>
        AssertNoticed(() => new ForgetsNeeds(), areSleepers: true, "what is needed is started");

    [Fact]
    public void Who_is_to_finish_and_is_given_messages_is_noticed() =>
        AssertNoticed(() => new GivesWhoFinishes(), "who is to finish is given nothing new");

    [Fact]
    public void Who_is_to_finish_and_is_not_told_again_is_noticed() =>
        AssertNoticed(() => new TellsOnce(), "who is to finish is given nothing new");

    private static void AssertNoticed(Func<Sabotage> sabotage, params string[] invariants) =>
        AssertNoticed(sabotage, areSleepers: false, invariants);

    private static void AssertNoticed(Func<Sabotage> sabotage, bool areSleepers, params string[] invariants)
    {
        var result = Enumerable.Range(1, SeedsMax)
            .Select(seed => SimulationRun.Run(seed, sabotage: sabotage(), areSleepers: areSleepers))
            .FirstOrDefault(each => each.Violation is not null)
            ?? throw new InvalidOperationException($"not noticed in {SeedsMax} worlds");
        Assert.True(
            invariants.Any(name => result.Violation!.StartsWith(name + ":", StringComparison.Ordinal)),
            $"noticed otherwise: {result.Report()}");
    }

    private abstract class ChangesReceived : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) => effects.Select(effect =>
            effect is Answer { Reply: RecvReply { Messages.Count: > 0 } received } answer
                ? answer with { Reply = received with { Messages = Change(received.Messages) } }
                : effect);

        protected abstract IReadOnlyList<MailMessage> Change(IReadOnlyList<MailMessage> messages);
    }

    /// <summary>Gives what it gave somebody before.</summary>
    private sealed class GivesWhoFinishes : Sabotage
    {
        private MailMessage? _latest;

        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects)
        {
            foreach (var effect in effects)
            {
                if (effect is Answer { Reply: RecvReply received } answer)
                {
                    yield return received.Draining == true && _latest is { } latest
                        ? answer with { Reply = received with { Messages = [latest] } } : answer;
                    _latest = received.Messages.Count > 0 ? received.Messages[0] : _latest;
                }
                else
                {
                    yield return effect;
                }
            }
        }
    }

    /// <summary>Every second notice is an answer like that after a time-out.</summary>
    private sealed class TellsOnce : Sabotage
    {
        private int _notices;

        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) => effects.Select(effect =>
            effect is Answer { Reply: RecvReply { Draining: true } received } answer && ++_notices % 2 == 0
                ? answer with { Reply = received with { Draining = null } } : effect);
    }

    private sealed class GivesAgain : ChangesReceived
    {
        protected override IReadOnlyList<MailMessage> Change(IReadOnlyList<MailMessage> messages) =>
            messages[0].Receipt is null ? [messages[0], .. messages] : messages;
    }

    private sealed class GivesBackwards : ChangesReceived
    {
        protected override IReadOnlyList<MailMessage> Change(IReadOnlyList<MailMessage> messages) =>
            [.. messages.Reverse()];
    }

    private sealed class IgnoresChoices : ChangesReceived
    {
        protected override IReadOnlyList<MailMessage> Change(IReadOnlyList<MailMessage> messages) =>
            [.. messages.Select(message => message with { Topic = "other" })];
    }

    private sealed class MixesReplies : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) => effects.Select(effect =>
            effect is Answer { Reply: SendReply { Reply: not null } sent } answer
                ? answer with { Reply = sent with { Id = sent.Id + 1 } } : effect);
    }

    private sealed class LosesKept : Sabotage
    {
        public override void AfterTurn(KernelState state)
        {
            foreach (var box in state.Mail.Own.Where(box => box.Kept.Count > 1))
            {
                Delivery.Remove(state.Mail, box.Kept.Values.Last());
            }
        }
    }

    private sealed class AnswersUnkept : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) => effects.Select(effect =>
            effect is Answer { Reply: SendReply { Id: < 1_000, Duplicate: null } sent } answer
                ? answer with { Reply = sent with { Id = sent.Id + 1_000_000 } } : effect);
    }

    private sealed class AcknowledgesAll : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) => effects.Select(effect =>
            effect is Answer { Reply: AckReply { Stale: not null } acked } answer
                ? answer with { Reply = acked with { Stale = null } } : effect);
    }

    private sealed class Overfills : Sabotage
    {
        public override void AfterTurn(KernelState state)
        {
            foreach (var box in state.Mail.Own.Where(box => !box.IsDurable && box.Senders.Count > 0))
            {
                var wait = box.Senders.First!.Value;
                Delivery.Keep(state.Mail, box, new Letter(state.Mail.TakeVolatileId(state.Boot), wait.Mail));
            }
        }
    }

    private sealed class ForgetsSenders : Sabotage
    {
        public override void AfterTurn(KernelState state)
        {
            foreach (var box in state.Mail.Own.Where(box => box.Senders.Count > 0))
            {
                box.Senders.RemoveLast();
            }
        }
    }

    private sealed class LeaksHandles : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) =>
            effects.Where(effect => effect is not DropHandle);
    }

    private sealed class ClosesGiven : Sabotage
    {
        public override IEnumerable<Effect> Change(IReadOnlyList<Effect> effects) => effects.SelectMany(
            effect => effect is Answer { Reply: RecvReply { Messages: [{ Handle: { } handle }, ..] } }
                ? new[] { effect, new DropHandle(handle.Number) } : [effect]);
    }

    private sealed class LetsRest : Sabotage
    {
        private static readonly Mail Something = new(new Abi.ProcessId(1), new MailBody("1"u8.ToArray()));

        public override void AfterTurn(KernelState state)
        {
            foreach (var unit in state.Fleets.Units.Where(UnitNeeds.RestsUntilNeeded))
            {
                if (RestingInbox.Find(state, unit.Name) is { Count: 0 } box)
                {
                    Delivery.Keep(state.Mail, box, new Letter(state.Mail.TakeVolatileId(state.Boot), Something));
                }
            }
        }
    }

    /// <summary>
    /// As if only a message that comes started an agent, and none that is there: who settles sees none.
    /// </summary>
    private sealed class ForgetsNeeds : Sabotage
    {
        private readonly List<(Mailbox Box, Letter Letter)> _unseen = [];
        private long _boot;

        public override void AfterTurn(KernelState state)
        {
            // Whoever waits for messages meanwhile goes on waiting.
            _unseen.RemoveAll(each => !state.Mail.Own.Contains(each.Box));
            foreach (var (box, letter) in _unseen.Where(each => each.Box.Receivers.Count == 0))
            {
                box.Queue.PutBack(letter);
            }

            _unseen.RemoveAll(each => each.Letter.IsQueued);
            if (state.Boot == _boot)
            {
                return;
            }

            _boot = state.Boot;
            foreach (var box in state.Mail.Own
                .Where(box => box.Plan.Receiver is { } name && state.Fleets.TryUnit(name, out _)))
            {
                foreach (var letter in box.Queue.All().ToArray())
                {
                    box.Queue.Remove(letter);
                    _unseen.Add((box, letter));
                }
            }
        }
    }

    private sealed class ForgetsTimer : Sabotage
    {
        public override bool Hears(KernelEvent @event) => @event is not MailDue;
    }
}
