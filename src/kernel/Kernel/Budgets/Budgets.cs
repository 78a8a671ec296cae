using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Budgets;

// BUDGETS
//
// Hard limits in tokens and in microdollars, of one call, of an agent and all its descendants, of a group, and of a
// day. The most that a call could cost is reserved before it is queued, in every budget that it falls under, or it is
// refused:
//
//   spent + reserved + asked <= limit      for each scope and each unit, or nothing is reserved
//
// The kernel has one writer, so calls in parallel cannot both take the last of a budget. When a call is over, what it
// used becomes spent and its reservation goes.
//
//   durable    what was spent (UsageSettled; Process.Spent and Ledger), and leases, which stand for what was answered
//              and is not spent yet (UsageLeased, see Leasing): a kernel that starts again charges at least all that
//              anybody was answered
//   volatile   reservations, and the use of calls that were in flight when a kernel ended without settling them: their
//              answers are lost too. So one crash can leave unspent on paper at most what its slots held.
//
// Estimates of input are upper bounds (a token has at least one byte), so a provider that keeps to max_tokens cannot
// take a budget over its limit. One that does not is still counted with what it says it used.
internal sealed class Budgets
{
    private readonly ScopedAmounts _reserved = new();

    /// <summary>What was told of them.</summary>
    public BudgetTelling Telling { get; } = new();

    /// <summary>The reservations of all calls together.</summary>
    public Amount Reserved => _reserved.All;

    /// <summary>What was answered before it was on disk.</summary>
    public LeaseUses Leases { get; } = new();

    public Amount ReservedOf(ProcessId process) => _reserved.Of(process);

    public Amount ReservedOf(string group) => _reserved.Of(group);

    /// <summary>Reserves in every scope, or says which has not enough; then nothing is reserved.</summary>
    public SysError? TryReserve(KernelState state, BudgetHold hold, Amount asked)
    {
        Invariant.Holds(hold.Amount == default, "a call reserves once");
        foreach (var scope in Scopes(state, hold))
        {
            var spent = new Amount(scope.Spent.Tokens, scope.Spent.Microdollars);
            if (TooMuch(scope, "tokens", scope.Limit.Tokens, spent.Tokens, scope.Reserved.Tokens, asked.Tokens)
                is { } tokens)
            {
                return tokens;
            }

            if (TooMuch(scope, "microdollars", scope.Limit.Microdollars, spent.Money, scope.Reserved.Money, asked.Money)
                is { } money)
            {
                return money;
            }
        }

        Add(hold, asked);
        hold.Amount = asked;
        return null;
    }

    /// <summary>Reserves another amount in place of the one held; when that is too much, the old one stays.</summary>
    public SysError? TryReplace(KernelState state, BudgetHold hold, Amount asked)
    {
        var held = hold.Amount;
        Release(hold);
        if (TryReserve(state, hold, asked) is not { } refused)
        {
            return null;
        }

        Add(hold, held);
        hold.Amount = held;
        return refused;
    }

    /// <summary>Holds what a call has used, which was reserved, until it is settled.</summary>
    public void Hold(BudgetHold hold, Amount used)
    {
        Add(hold, used);
        hold.Amount = used;
    }

    /// <summary>
    /// The least, over the budgets of an agent, its group and the day, of a part of what is left there, less what is
    /// leased there; <paramref name="own"/> is the caller's lease, which does not count.
    /// </summary>
    public Amount Share(KernelState state, BudgetHold hold, Amount own, long divisor)
    {
        Amount share = new(long.MaxValue, long.MaxValue);
        foreach (var scope in Scopes(state, hold).Where(scope => scope.Name != "call"))
        {
            var others = scope.Leased.Minus(own);
            share = share.AtMost(new Amount(
                Left(scope.Limit.Tokens, scope.Spent.Tokens, scope.Reserved.Tokens, others.Tokens),
                Left(scope.Limit.Microdollars, scope.Spent.Microdollars, scope.Reserved.Money, others.Money)));
        }

        return share;

        long Left(long? limit, long spent, long reserved, long leased) => limit is { } most
            ? Math.Max(0, ((most - spent - reserved) / divisor) - leased)
            : long.MaxValue;
    }

    public void Release(BudgetHold hold)
    {
        Add(hold, new Amount(-hold.Amount.Tokens, -hold.Amount.Money));
        hold.Amount = default;
    }

    private static SysError? TooMuch(Scope scope, string unit, long? limit, long spent, long reserved, long asked)
    {
        if (limit is not { } most || spent + reserved + asked <= most)
        {
            return null;
        }

        var whose = scope.Of.Length == 0 ? $"the budget of the {scope.Name}" : $"the budget of {scope.Name} {scope.Of}";
        return new SysError(
            SysErrorCode.BudgetExhausted,
            $"{whose} is {most} {unit}: {spent} spent, {reserved} reserved, and this call could cost {asked}",
            "ask with a smaller max_tokens, wait for calls in flight, or have the budget raised")
        {
            Budget = new BudgetRefusal(scope.Name, scope.Of, unit, most, spent, reserved, asked),
        };
    }

    private IEnumerable<Scope> Scopes(KernelState state, BudgetHold hold)
    {
        var options = state.Options.Models;
        yield return new Scope("call", "", hold.CallBudget, Spend.Nothing, default, default);
        foreach (var id in hold.Family)
        {
            if (state.Processes.TryGet(id, out var process))
            {
                yield return new Scope(
                    "agent", id.ToString(), process.Budget, process.Spent, ReservedOf(id), Leases.Leased.Of(id));
            }
        }

        if (options.Groups.FirstOrDefault(group => group.Name == hold.Group) is { } group)
        {
            yield return new Scope(
                "group",
                group.Name,
                BudgetLimits.OfGroup(state, group),
                state.Ledger.OfGroup(group.Name),
                ReservedOf(group.Name),
                Leases.Leased.Of(group.Name));
        }

        yield return new Scope(
            "day", "", BudgetLimits.OfDay(state), state.Ledger.OnDayOf(state.Now), Reserved, Leases.Leased.All);
    }

    private void Add(BudgetHold hold, Amount amount) => _reserved.Add(hold.Family, hold.Group, amount);

    private readonly record struct Scope(
        string Name, string Of, ModelBudget Limit, Spend Spent, Amount Reserved, Amount Leased);
}

/// <summary>What one call has reserved, and where.</summary>
internal sealed class BudgetHold(IReadOnlyList<ProcessId> family, string group, ModelBudget callBudget)
{
    /// <summary>The caller and all above it; nobody for the host.</summary>
    public IReadOnlyList<ProcessId> Family { get; } = family;

    public string Group { get; } = group;

    public ModelBudget CallBudget { get; } = callBudget;

    public Amount Amount { get; set; }
}
