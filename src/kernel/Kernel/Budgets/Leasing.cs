using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Models;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Budgets;

// LEASES
//
// An answer need not wait until its usage is on disk, if something that is on disk already stands for it: the lease of
// its process, an amount that may have been used and answered. UsageSettled then follows when something else is
// written, or after UsageWaitMs. A kernel that starts charges whatever lease is open, in full (see ADR 60).
//
//   opened     beside the first call to a model; 4 reservations of that call, and no more than a sixteenth of what is
//              left of any budget, less what is leased there. Changed when that rule gives twice or half of it.
//   sized      by what is answered within UsageWaitMs: twice as many reservations when an answer had to wait though no
//              budget forbade it, half as many when less than a quarter was used in that time (see ADR 71)
//   used       by answers of calls that were asked in no conversation: what was answered and is not on disk, with the
//              answer, fits the lease, and what the lease will be when a change is on its way. Otherwise the answer
//              waits for the disk, and what waits goes with it.
//   closed     with the process, at a shutdown, and when the process has asked nothing for LeaseIdleMs: without charge
//
// What is written while usage waits has that before it, so a lease is never closed on disk before what it stood for is
// there. And an answer never leaves in one turn with the end of what pays for it (KernelTurns).
internal static class Leasing
{
    private const long Share = 16;

    /// <summary>An attempt starts: the disk has time to note a lease before it ends.</summary>
    public static void Started(KernelState state, ModelCall call, List<Effect> effects)
    {
        var uses = state.Models.Budgets.Leases;
        uses.Touch(call.Process, state.Now);
        if (call.Turn is not null || state.ShuttingDown || uses.IsFull || uses.ComingOf(call.Process) is not null)
        {
            return;
        }

        var held = state.Leases.Of(call.Process);
        var wanted = Wanted(state, call, held);
        if (IsOther(held.Tokens, wanted.Tokens) || IsOther(held.Money, wanted.Money))
        {
            Raise(state, call.Process, call.Hold.Group, wanted, mayWait: !held.FitsIn(wanted), effects);
        }
    }

    /// <summary>Whether the answer may leave now; then its usage is held until it is settled.</summary>
    public static bool TryAnswer(KernelState state, ModelCall call, List<Effect> effects)
    {
        var (budgets, uses) = (state.Models.Budgets, state.Models.Budgets.Leases);
        if (call is not { Reply: not null, Error: null, Turn: null, IsAbandoned: false } || state.ShuttingDown
            || uses.IsFull || uses.Of(call.Process) is not { } use)
        {
            return false;
        }

        Amount used = new(call.Used.Tokens, call.Used.Microdollars);
        var sum = use.Used.Plus(used);
        if (uses.ComingOf(call.Process) is { } coming)
        {
            if (!sum.FitsIn(coming) || !sum.FitsIn(state.Leases.Of(call.Process)))
            {
                return false;
            }
        }
        else if (!sum.FitsIn(state.Leases.Of(call.Process)))
        {
            use.Grow();
            return false;
        }

        BudgetHold hold = new(call.Hold.Family, call.Hold.Group, call.Hold.CallBudget);
        budgets.Hold(hold, used);
        uses.Answered(call.Id, call.Process, hold);
        Arm(uses, state.Now + Ticks(Limits.UsageWaitMs), effects);
        return true;
    }

    public static void Settled(KernelState state, CallId call)
    {
        var budgets = state.Models.Budgets;
        if (budgets.Leases.Settled(call) is { } hold)
        {
            budgets.Release(hold);
        }
    }

    public static void Leased(KernelState state, UsageLeased leased, List<Effect> effects)
    {
        var uses = state.Models.Budgets.Leases;
        uses.Came(leased.Process);
        Process? process = null;
        var isOver = state.ShuttingDown || (leased.Process != ProcessId.None
            && !(state.Processes.TryGet(leased.Process, out process) && process.IsAlive));
        Lease lease = new(leased.Process, leased.Group, leased.Tokens, leased.Microdollars);
        if (isOver || lease.Amount == default)
        {
            Close(state, leased.Process);
            return;
        }

        uses.Open(
            lease,
            state.Processes.Family(process),
            lease.Amount.Minus(state.Leases.Of(lease.Process)),
            state.Now);
        state.Leases.Put(lease);
        uses.IdleAt = Math.Min(uses.IdleAt, state.Now + Ticks(Limits.LeaseIdleMs));
        Arm(uses, uses.IdleAt, effects);
    }

    /// <summary>A process has ended.</summary>
    public static void Close(KernelState state, ProcessId process)
    {
        state.Models.Budgets.Leases.Close(process, state.Leases.Of(process));
        state.Leases.Remove(process);
    }

    /// <summary>The kernel will end: no answer leaves early any more, and what was answered is on disk.</summary>
    public static void CloseAll(KernelState state)
    {
        foreach (var lease in state.Leases.TakeAll())
        {
            state.Models.Budgets.Leases.Close(lease.Process, lease.Amount);
        }
    }

    /// <summary>The timer: usage has waited long enough, or a lease may be idle.</summary>
    public static void Due(KernelState state, List<Effect> effects)
    {
        var uses = state.Models.Budgets.Leases;
        uses.DueAt = long.MaxValue;
        uses.Shrink(state.Leases);
        if (uses.IdleAt <= state.Now)
        {
            CloseIdle(state, uses, effects);
        }

        var next = uses.IsWaiting ? state.Now + Ticks(Limits.UsageWaitMs) : uses.IdleAt;
        if (next < long.MaxValue)
        {
            Arm(uses, next, effects);
        }
    }

    /// <summary>A kernel starts: what the one before may have answered and not written.</summary>
    public static void Charge(KernelState state, List<Effect> effects)
    {
        foreach (var lease in state.Leases.TakeAll())
        {
            Spend spend = new(0, 0, lease.Tokens, lease.Microdollars) { Presumed = lease.Amount };
            Settlement.Charge(state, lease.Process, lease.Group, spend, effects);
            state.Processes.TryGet(lease.Process, out var process);
            state.Calls.Publish(state, process, Charged(state, lease, process), effects);
        }
    }

    private static EventView Charged(KernelState state, Lease lease, Process? process) =>
        new(EventTypes.Budget, new DateTimeOffset(state.Now, TimeSpan.Zero))
        {
            Process = process?.Id,
            Name = process?.Name,
            Kind = "charged",
            What = lease.Process == ProcessId.None ? "host" : $"agent {lease.Process}",
            Reason = string.Create(
                CultureInfo.InvariantCulture,
                $"the kernel ended without a stop: {lease.Tokens} tokens and {lease.Microdollars} microdollars, the "
                + $"most that was answered and not written, count as spent"),
        };

    private static void CloseIdle(KernelState state, LeaseUses uses, List<Effect> effects)
    {
        var idle = Ticks(Limits.LeaseIdleMs);
        uses.IdleAt = long.MaxValue;
        foreach (var lease in state.Leases.All)
        {
            var since = state.Models.IsAsking(lease.Process)
                ? state.Now : uses.Of(lease.Process)?.LastAt ?? state.Now;
            if (since > state.Now - idle)
            {
                uses.IdleAt = Math.Min(uses.IdleAt, since + idle);
            }
            else if (uses.IsFull)
            {
                uses.IdleAt = state.Now;
                return;
            }
            else if (uses.ComingOf(lease.Process) is null)
            {
                Raise(state, lease.Process, lease.Group, default, mayWait: true, effects);
            }
        }
    }

    private static Amount Wanted(KernelState state, ModelCall call, Amount held)
    {
        var reserved = call.Hold.Amount;
        var use = state.Models.Budgets.Leases.Of(call.Process);
        var times = use?.Reservations ?? LeaseUse.ReservationsMin;
        Amount most = new(long.MaxValue / times, long.MaxValue / times);
        var wish = reserved.AtMost(most);
        var kept = use is { IsTooLarge: true } ? new Amount(held.Tokens / 2, held.Money / 2) : held;
        wish = new Amount(wish.Tokens * times, wish.Money * times).AtLeast(kept);
        var wanted = wish.AtMost(state.Models.Budgets.Share(state, call.Hold, held, Share));
        return (reserved.Tokens > 0 && wanted.Tokens == 0) || (reserved.Money > 0 && wanted.Money == 0)
            ? default : wanted;
    }

    private static bool IsOther(long held, long wanted) => IsTwice(held, wanted) || IsTwice(wanted, held);

    private static bool IsTwice(long one, long other) => one > 0 && one / 2 >= other;

    private static void Raise(
        KernelState state, ProcessId process, string group, Amount amount, bool mayWait, List<Effect> effects)
    {
        var uses = state.Models.Budgets.Leases;
        uses.Coming(process, amount);
        effects.Add(new Raise(new UsageLeased(process, group, amount.Tokens, amount.Money) { At = state.Now })
        {
            MayWait = mayWait,
        });
        if (mayWait)
        {
            Arm(uses, state.Now + Ticks(Limits.UsageWaitMs), effects);
        }
    }

    private static void Arm(LeaseUses uses, long at, List<Effect> effects)
    {
        if (at < uses.DueAt)
        {
            uses.DueAt = at;
            effects.Add(new ArmTimer(new TimerName(TimerKind.Usage, 0), at));
        }
    }

    private static long Ticks(long milliseconds) => milliseconds * TimeSpan.TicksPerMillisecond;
}
