using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Conversations;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Models;

namespace Analemma.Simulator;

/// <summary>
/// The bodies of a simulated world's conversations. They outlive kernels, take their time to be kept, and fail now and
/// then. Here it is seen that the kernel never names a body that is not there, and leaves none behind.
/// </summary>
internal sealed class SimulatedBodies(World world)
{
    private readonly Dictionary<long, string> _kept = [];
    private int _working;

    public void Run(Effect effect)
    {
        switch (effect)
        {
            case KeepBodies keep:
                Keep(keep);
                break;
            case DropBodies drop:
                Drop(drop);
                break;
            case SweepBodies sweep:
                Sweep(sweep);
                break;
            case ShowMessages show:
                Read(show.Call, show.Messages, new ConversationShowReply(show.From, []));
                break;
            case CountTokens count:
                Read(count.Call, count.Input.Messages, count.Known);
                break;
        }
    }

    private void Keep(KeepBodies keep)
    {
        _working++;
        Later(() =>
        {
            _working--;
            if (!world.IsCalm && world.Random.Chance(world.Options.BodyError))
            {
                var error = new SysError(SysErrorCode.IoFailed, "the disk failed");
                world.Kernel.Arrive(new BodiesNotKept(keep.Call, error) { At = world.Clock.Ticks });
                return;
            }

            var messages = keep.Settings is null
                ? keep.Messages : [new ChatMessage(ChatRole.System) { Content = "settings" }, .. keep.Messages];
            world.Kernel.Arrive(new BodiesKept(keep.Call, Keep(keep.FirstBody, messages)) { At = world.Clock.Ticks });
        });
    }

    public IReadOnlyList<MessageRef> Keep(long first, IReadOnlyList<ChatMessage> messages)
    {
        List<MessageRef> kept = [];
        foreach (var message in messages)
        {
            var body = first + kept.Count;
            var hash = string.Create(CultureInfo.InvariantCulture, $"{body}:{message.Content}");
            _kept[body] = hash;
            var tokens = TokenEstimate.Of(message);
            kept.Add(new MessageRef(body, message.Role, message.Content?.Length ?? 0, hash)
            {
                Likely = tokens.Likely,
                Most = tokens.Most,
            });
        }

        return kept;
    }

    private void Drop(DropBodies drop)
    {
        _working++;
        Later(() =>
        {
            _working--;
            foreach (var body in drop.Bodies)
            {
                _kept.Remove(body);
            }
        });
    }

    private void Sweep(SweepBodies sweep)
    {
        foreach (var body in _kept.Keys.Where(body => !sweep.Used.Contains(body)).ToList())
        {
            _kept.Remove(body);
        }
    }

    /// <summary>Whoever reads must find what is named; only what was dropped meanwhile may be missing.</summary>
    private void Read(CallId call, IEnumerable<MessageRef> messages, Reply reply)
    {
        CheckThere(messages);
        Later(() => world.Calls.Answered(call, reply));
    }

    public void CheckThere(IEnumerable<MessageRef> messages)
    {
        foreach (var message in messages)
        {
            ViolationException.Unless(
                _kept.TryGetValue(message.Body, out var hash) && hash == message.Hash,
                "every body that the kernel names is there", message.ToString());
        }
    }

    public void Check(KernelState state)
    {
        foreach (var conversation in state.Conversations.All)
        {
            CheckThere(conversation.Messages);
        }

        if (_working == 0 && state.ConversationWork.IsIdle)
        {
            ViolationException.Unless(
                _kept.Count == state.Conversations.Bodies.Count(),
                "no body outlives its conversations",
                $"{_kept.Count} are kept, {state.Conversations.Bodies.Count()} are used");
        }
    }

    /// <summary>The kernel is gone; the disk is not.</summary>
    public void Clear() => _working = 0;

    private void Later(Action act)
    {
        var boot = world.Kernel.Boot;
        world.Clock.After(world.Random.Delay(50, 20_000), () =>
        {
            if (world.Kernel.Boot == boot && world.Kernel.IsUp)
            {
                act();
            }
        });
    }
}
