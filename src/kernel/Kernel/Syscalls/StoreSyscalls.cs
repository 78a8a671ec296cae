using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Values;

namespace Analemma.Kernel.Syscalls;

/// <summary>STORE, FETCH, DELETE and KEYS: whose place is meant, and whether the caller may.</summary>
internal static class StoreSyscalls
{
    public static void Handle(SyscallContext call, Syscall request)
    {
        if (call.State.ShuttingDown)
        {
            call.Refuse(new SysError(SysErrorCode.ShuttingDown, "the kernel is stopping"));
            return;
        }

        switch (request)
        {
            case Store store:
                Store(call, store);
                break;
            case Fetch fetch:
                Fetch(call, fetch);
                break;
            case Delete delete:
                Delete(call, delete);
                break;
            case Keys keys:
                Keys(call, keys);
                break;
        }
    }

    private static void Store(SyscallContext call, Store store)
    {
        if (!StorePlaces.TryWrite(call, store, store.Key, out var place, out var payer))
        {
            return;
        }

        var state = call.State;
        var value = Encoding.UTF8.GetBytes(store.Value.GetRawText());
        if (value.Length > Limits.StoreValueBytesMax)
        {
            call.Refuse(new SysError(
                SysErrorCode.TooLarge,
                $"the value has {value.Length} bytes of JSON; at most {Limits.StoreValueBytesMax}",
                "store it in pieces, or as a file in /work"));
            return;
        }

        var write = new ValueStored(
            call.Call, call.Caller.Process, place.Scope, place.Owner, store.Key, value.Length)
        {
            At = state.Now,
            Payer = payer,
            ExpiresAt = store.TtlMs is { } ttl ? state.Now + (ttl * TimeSpan.TicksPerMillisecond) : null,
            IfVersion = store.IfVersion,
        };
        // What is refused for certain costs no record.
        if (ValueRoom.Problem(state, write) is { } problem)
        {
            call.Refuse(problem);
            return;
        }

        if (value.Length <= Limits.StoreInlineBytesMax && state.Values.InlineBytes < Limits.StoreInlineBytesAllMax)
        {
            call.Effects.Add(new Raise(write with { Inline = value }));
            return;
        }

        if (state.ValueWork.Count >= Limits.StoreWritesMax
            || (!call.Caller.IsHost && state.ValueWork.CountOf(call.Caller.Process) >= Limits.StoreWritesPerAgentMax))
        {
            call.Refuse(new SysError(
                SysErrorCode.TryAgain, "too many large values are being stored", "try again shortly"));
            return;
        }

        var body = state.ValueWork.TakeBody(state.Boot);
        state.ValueWork.Begin(write with { Body = body });
        call.Effects.Add(new KeepValue(call.Call, body, value));
    }

    private static void Fetch(SyscallContext call, Fetch fetch)
    {
        if (!StorePlaces.TryRead(call, fetch, fetch.Key, out var places))
        {
            return;
        }

        if (Find(call.State, places, fetch.Key) is not { } found)
        {
            call.Answer(new FetchReply(fetch.Key, false));
            return;
        }

        var reply = new FetchReply(found.Key, true)
        {
            Scope = found.Scope,
            Version = found.Version,
            ChangedAt = ValueChanges.Time(found.ChangedAt),
            ExpiresAt = ValueChanges.Time(found.ExpiresAt),
        };
        if (found.Inline is { } inline)
        {
            call.Answer(reply with { Value = JsonSurrogates.Parse(inline) });
        }
        else
        {
            call.Effects.Add(new ReadValue(call.Call, found, reply));
        }
    }

    private static void Delete(SyscallContext call, Delete delete)
    {
        if (!StorePlaces.TryDelete(call, delete, delete.Key, out var places))
        {
            return;
        }

        var found = Find(call.State, places, delete.Key);
        if (ValueRoom.Conflict(call.State, found, delete.Key, delete.IfVersion) is { } conflict)
        {
            call.Refuse(conflict);
        }
        else if (found is null)
        {
            call.Answer(new DeleteReply(delete.Key, false));
        }
        else
        {
            call.Effects.Add(new Raise(new ValueDeleted(
                call.Call, found.Scope, found.Owner, found.Key, delete.IfVersion)
            {
                At = call.State.Now,
            }));
        }
    }

    private static void Keys(SyscallContext call, Keys keys)
    {
        if (!StorePlaces.TryList(call, keys, out var places, out var mayRead))
        {
            return;
        }

        var prefix = keys.Prefix ?? "";
        var most = keys.Limit ?? Limits.StorePageDefault;
        var (afterPlace, afterKey) = StorePlaces.ParseCursor(keys.After);
        List<StoredValue> page = [];
        foreach (var place in places.Order(ValuePlace.Order))
        {
            var from = afterPlace is { } last ? ValuePlace.Order.Compare(place, last) : 1;
            if (from < 0)
            {
                continue;
            }

            var start = from == 0 && string.CompareOrdinal(afterKey, prefix) > 0 ? afterKey : prefix;
            page.AddRange(call.State.Values.From(place, start)
                .TakeWhile(value => value.Key.StartsWith(prefix, StringComparison.Ordinal))
                .Where(value => !(from == 0 && value.Key == afterKey) && !value.IsOver(call.State.Now)
                    && mayRead(value))
                .Take(most + 1 - page.Count));
            if (page.Count > most)
            {
                break;
            }
        }

        var shown = page.Take(most).ToList();
        call.Answer(new KeysReply([.. shown.Select(View)])
        {
            Next = page.Count > most ? StorePlaces.CursorOf(shown[^1]) : null,
        });
    }

    private static StoredValue? Find(KernelState state, IReadOnlyList<ValuePlace> places, string key)
    {
        foreach (var place in places)
        {
            if (state.Values.TryGet(place, key, out var value) && !value.IsOver(state.Now))
            {
                return value;
            }
        }

        return null;
    }

    private static KeyView View(StoredValue value) =>
        new(value.Key, value.Scope, value.Owner, value.Version, value.Bytes)
        {
            ChangedAt = new DateTimeOffset(value.ChangedAt, TimeSpan.Zero),
            ExpiresAt = ValueChanges.Time(value.ExpiresAt),
        };
}
