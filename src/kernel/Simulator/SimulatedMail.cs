using System.Globalization;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Mailboxes;

namespace Analemma.Simulator;

/// <summary>
/// What the clients of a simulated world know of messages: each body is a number of its own, so that they notice what
/// is lost, comes twice, or comes out of order.
/// </summary>
internal sealed class SimulatedMail(World world)
{
    /// <summary>Numbers of messages that are not durable are above this.</summary>
    private const long DurableMax = 1L << 36;

    private readonly HashSet<(long Serial, string Box)> _given = [];
    private readonly Dictionary<string, long> _latest = new(StringComparer.Ordinal);
    private readonly Dictionary<long, string> _accepted = [];
    private readonly Dictionary<long, long> _receipts = [];
    private readonly HashSet<long> _ackAsked = [];
    private readonly HashSet<long> _acked = [];
    private readonly HashSet<string> _unregistered = new(StringComparer.Ordinal);
    private readonly List<(long Message, ProcessId Replier)> _asked = [];
    private readonly List<(long Receipt, ProcessId Holder)> _held = [];
    private readonly HashSet<long> _handles = [];
    private readonly HashSet<ProcessId> _draining = [];
    private long _serial;
    private long _lastHandle;

    /// <summary>How requests to messaging ended.</summary>
    public SortedDictionary<string, long> Outcomes { get; } = new(StringComparer.Ordinal);

    public MailBody NextBody() => Number(++_serial);

    /// <summary>Memory of some size, so that mailboxes are full of it at times; none for most messages.</summary>
    public MailHandle? NextHandle() => world.Random.Chance(1_500)
        ? new MailHandle(++_lastHandle, world.Random.Between(1, AbiLimits.HandleBytesMax)) : null;

    /// <summary>The kernel is told of a handle: from now on it is in a mailbox, or waits for room, or leaves.</summary>
    public void Arrived(KernelEvent @event)
    {
        if (@event is SyscallArrived { Syscall: Send { Handle: { } handle } })
        {
            _handles.Add(handle.Number);
        }
    }

    public void HandleLeft(long number) =>
        Unless(_handles.Remove(number), "a handle leaves the kernel once", $"{number}");

    /// <summary>Descriptors end with the kernel's process.</summary>
    public void KernelGone() => _handles.Clear();

    /// <summary>A message whose sender waits for a reply of this caller, if there is one.</summary>
    public long? Asked(Caller caller)
    {
        var known = _asked.Where(each => each.Replier == caller.Process).ToArray();
        return known.Length == 0 ? null : world.Random.Pick(known).Message;
    }

    /// <summary>Receipts that the caller has had, of which some do not hold any more.</summary>
    public long[] Receipts(Caller caller)
    {
        var known = _held.Where(each => each.Holder == caller.Process).Select(each => each.Receipt).ToArray();
        return known.Length == 0
            ? [] : [.. Enumerable.Range(0, world.Random.Below(3) + 1).Select(_ => world.Random.Pick(known)).Distinct()];
    }

    public void Issued(Syscall syscall)
    {
        switch (syscall)
        {
            case Ack ack:
                _ackAsked.UnionWith(ack.Receipts.Where(_receipts.ContainsKey).Select(receipt => _receipts[receipt]));
                break;
            case Unregister { Name: { } name, Topic: null }:
                _unregistered.Add(name);
                break;
        }
    }

    public void Answered(Answer answer)
    {
        if (world.Calls.Find(answer.Call) is not { } call)
        {
            return;
        }

        switch (answer.Reply, call.Syscall)
        {
            case (RecvReply received, Recv recv):
                CheckDraining(call.Connection.Caller, recv, received);
                foreach (var message in received.Messages)
                {
                    Gave(message, recv.Handles == true);
                    Given(call.Connection.Caller, recv, message);
                }

                break;
            case (SendReply sent, Send send):
                Sent(sent, send);
                break;
            case (AckReply acked, Ack ack):
                foreach (var receipt in ack.Receipts.Except(acked.Stale ?? []))
                {
                    Unless(
                        _acked.Add(_receipts[receipt]), "no message is acknowledged twice", $"{_receipts[receipt]}");
                    _accepted.Remove(_receipts[receipt]);
                }

                break;
        }
    }

    /// <summary>Who was told to finish what it has in hand is told so from then on, and given nothing new.</summary>
    private void CheckDraining(Caller caller, Recv recv, RecvReply received)
    {
        var isTold = _draining.Contains(caller.Process);
        Unless(
            received.Draining != true || (!caller.IsHost && received.Messages.Count == 0),
            "who is to finish is given nothing new", $"{caller} was told with {received.Messages.Count} messages");
        Unless(
            !isTold || recv.Correlation is not null || received.Draining == true,
            "who is to finish is given nothing new", $"{caller} had been told, and waited or was given messages");
        if (received.Draining == true)
        {
            Ended(recv, isTold ? "told again to finish" : "told to finish");
            _draining.Add(caller.Process);
        }
    }

    public void Ended(Syscall syscall, string outcome)
    {
        if (syscall is Send or Recv or Broadcast or Register or Unregister or Ack or Nack)
        {
            var what = $"{syscall.Number} {outcome}";
            Outcomes[what] = Outcomes.GetValueOrDefault(what) + 1;
        }
    }

    public void Check(KernelState state)
    {
        var problem = MailCheck.Problem(state);
        Unless(problem is null, "mailboxes are in order", problem ?? "");
        Unless(
            _handles.SetEquals(state.Mail.HandleNumbers),
            "a handle is in a mailbox until it leaves",
            $"{string.Join(' ', _handles)} are open, {string.Join(' ', state.Mail.HandleNumbers)} are in mailboxes");
        if (_accepted.Count == 0)
        {
            return;
        }

        var known = state.Mail.DurableIds.ToHashSet();
        foreach (var (id, box) in _accepted)
        {
            Unless(
                known.Contains(id) || _ackAsked.Contains(id) || _unregistered.Contains(box),
                "no message of a durable mailbox is lost", $"{id} of {box}");
        }
    }

    private static MailBody Number(long serial) =>
        new(Encoding.UTF8.GetBytes(serial.ToString(CultureInfo.InvariantCulture)));

    private static void Unless(bool holds, string invariant, string detail) =>
        ViolationException.Unless(holds, invariant, detail);

    private void Sent(SendReply sent, Send send)
    {
        Unless(
            sent.Count == send.Bodies?.Count, "what was sent at once is taken in at once", $"{sent.Count} of {send}");
        Unless(
            !send.IsQuiet || (sent.Id > DurableMax && sent.Reply is null),
            "who hears of refusals only sends to no durable mailbox, and asks nothing", $"{sent} to {send}");
        for (var id = sent.Id; id < sent.Id + (sent.Count ?? 1); id++)
        {
            if (id < DurableMax && send.InReplyTo is null && sent.Duplicate is null && !_acked.Contains(id))
            {
                _accepted[id] = send.To!;
            }
        }

        if (sent.Reply is { } reply)
        {
            Gave(reply, send.Handles == true);
            Unless(send.ReplyTimeoutMs is not null, "only requests get replies", $"{send}");
            Unless(Number(sent.Id).Equals(reply.Body), "a reply is to what was asked", $"{sent.Id} got {reply.Id}");
        }
    }

    private void Gave(MailMessage message, bool takesHandles)
    {
        if (message.Handle is { } handle)
        {
            Unless(takesHandles && message.HandleBytes == handle.Bytes, "handles go to who takes them", $"{message}");
            HandleLeft(handle.Number);
        }
    }

    private void Given(Caller caller, Recv recv, MailMessage message)
    {
        var own = recv.Mailbox is { } name && world.Kernel.State.Mail.Own.Any(box => box.Plan.Name == name);
        var box = own ? recv.Mailbox! : $"inbox of {caller.Process}";
        var serial = long.Parse(message.Body!.ToText(), CultureInfo.InvariantCulture);
        Unless(
            (recv.Topic ?? message.Topic) == message.Topic
            && (recv.Correlation ?? message.Correlation) == message.Correlation
            && (recv.From ?? message.From) == message.From,
            "receivers get what they chose", $"{recv} got {message}");
        if (message.Receipt is { } receipt)
        {
            Unless(!_acked.Contains(message.Id), "what is acknowledged does not come again", $"{message.Id}");
            _receipts[receipt] = message.Id;
            _held.Add((receipt, caller.Process));
        }
        else
        {
            Unless(_given.Add((serial, box)), "no message is given twice", $"{serial} from {box}");
        }

        if (message.WantsReply == true)
        {
            _asked.Add((message.Id, caller.Process));
        }

        if (message.From != ProcessId.None && message.Delivery is null or 1)
        {
            var line = $"{box}, {message.From}, {message.Priority}, {message.Topic}, {message.Correlation}, "
                + $"{(message.Receipt is null ? 0 : world.Kernel.Boot)}, {message.Handle is null}";
            Unless(
                !_latest.TryGetValue(line, out var before) || before < serial,
                "messages of one sender keep their order", $"{serial} after {before} in {line}");
            _latest[line] = serial;
        }
    }
}
