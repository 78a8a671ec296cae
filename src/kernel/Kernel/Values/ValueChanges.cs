using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Values;

/// <summary>What events do to the store; and to who waits for them.</summary>
internal static class ValueChanges
{
    /// <summary>False for an event that is not about the store.</summary>
    public static bool TryApply(KernelState state, KernelEvent @event, List<Effect> effects)
    {
        switch (@event)
        {
            case ValueStored stored:
                Stored(state, stored, effects);
                break;
            case ValueDeleted deleted:
                Deleted(state, deleted, effects);
                break;
            case ValuesExpired:
                Forget(state, state.Values.Over(state.Now, Limits.StoreExpiriesMax), effects);
                break;
            case ValueExpiryDue:
                Due(state, effects);
                return true;
            case ValueKept kept:
                Kept(state, kept, effects);
                return true;
            case ValueNotKept failed:
                if (state.ValueWork.End(failed.Call) is not null)
                {
                    effects.Add(new Refuse(failed.Call, failed.Error));
                }

                return true;
            default:
                return false;
        }

        Arm(state, effects);
        return true;
    }

    /// <summary>The kernel starts: bodies without a value go, and time runs again.</summary>
    public static void Started(KernelState state, List<Effect> effects)
    {
        state.ValueWork.Clear();
        effects.Add(new SweepValues([.. state.Values.Bodies]));
        Arm(state, effects);
    }

    /// <summary>The record of an agent goes; what was its own alone, and nobody will ever name again, too.</summary>
    public static void Forget(KernelState state, Process process, List<Effect> effects)
    {
        if (!ValueOwners.IsNamed(process))
        {
            Forget(state, [.. state.Values.From(ValueOwners.PlaceOf(process, StoreScope.Agent), "")], effects);
        }
    }

    private static void Stored(KernelState state, ValueStored stored, List<Effect> effects)
    {
        var refusal = stored.Process != ProcessId.None && !state.Processes.TryGet(stored.Process, out _)
            ? SysError.NoSuchProcess(stored.Process.ToString())
            : ValueRoom.Problem(state, stored);
        if (refusal is not null)
        {
            Drop(stored.Body, effects);
            effects.Add(new Refuse(stored.Call, refusal));
            return;
        }

        var value = new StoredValue
        {
            Scope = stored.Scope,
            Owner = stored.Owner,
            Key = stored.Key,
            Version = state.Values.NextVersion++,
            Payer = stored.Payer,
            Bytes = stored.Bytes,
            Inline = stored.Inline,
            Body = stored.Body,
            Hash = stored.Hash,
            ChangedAt = state.Now,
            ExpiresAt = stored.ExpiresAt,
        };
        Drop(state.Values.Put(value)?.Body, effects);
        effects.Add(new Answer(stored.Call, new StoreReply(value.Key, value.Scope, value.Version)
        {
            ExpiresAt = Time(value.ExpiresAt),
        }));
    }

    private static void Deleted(KernelState state, ValueDeleted deleted, List<Effect> effects)
    {
        var place = new ValuePlace(deleted.Scope, deleted.Owner);
        state.Values.TryGet(place, deleted.Key, out var there);
        if (ValueRoom.Conflict(state, there, deleted.Key, deleted.IfVersion) is { } conflict)
        {
            effects.Add(new Refuse(deleted.Call, conflict));
            return;
        }

        if (there is not null)
        {
            Forget(state, [there], effects);
        }

        var was = there is not null && !there.IsOver(state.Now);
        effects.Add(new Answer(deleted.Call, new DeleteReply(deleted.Key, was)));
    }

    private static void Kept(KernelState state, ValueKept kept, List<Effect> effects)
    {
        if (state.ValueWork.End(kept.Call) is { } write)
        {
            effects.Add(new Raise(write with { Hash = kept.Hash, At = state.Now }));
        }
    }

    private static void Forget(KernelState state, IReadOnlyList<StoredValue> values, List<Effect> effects)
    {
        foreach (var value in values)
        {
            state.Values.Remove(value);
        }

        if (values.Select(value => value.Body).OfType<long>().ToList() is { Count: > 0 } bodies)
        {
            effects.Add(new DropValues(bodies));
        }
    }

    private static void Drop(long? body, List<Effect> effects)
    {
        if (body is { } gone)
        {
            effects.Add(new DropValues([gone]));
        }
    }

    /// <summary>The value that the timer was for may have gone before.</summary>
    private static void Due(KernelState state, List<Effect> effects)
    {
        state.ValueWork.ArmedAt = null;
        if (state.Values.NextExpiry <= state.Now)
        {
            effects.Add(new Raise(new ValuesExpired { At = state.Now }));
        }
        else
        {
            Arm(state, effects);
        }
    }

    /// <summary>One timer, for the value that goes next.</summary>
    private static void Arm(KernelState state, List<Effect> effects)
    {
        if (state.Values.NextExpiry is { } next && !(state.ValueWork.ArmedAt <= next))
        {
            state.ValueWork.ArmedAt = next;
            effects.Add(new ArmTimer(new TimerName(TimerKind.ValueExpiry, 0), next));
        }
    }

    public static DateTimeOffset? Time(long? ticks) =>
        ticks is { } at ? new DateTimeOffset(at, TimeSpan.Zero) : null;
}
