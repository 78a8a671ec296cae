using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Budgets;

/// <summary>
/// Tells those who watch that a budget runs out: when four fifths of it are spent, and when it refuses a call. Each
/// once for what is spent: who asks again and again is not told of again and again.
/// </summary>
internal sealed class BudgetTelling
{
    private const int LowPercent = 80;
    private const int RememberedMax = 10_000;

    /// <summary>Agents and groups that were told of, the last time with so much spent.</summary>
    private readonly Dictionary<(string Scope, string Of), long> _refused = [];

    /// <summary>What was spent has become more.</summary>
    public static void Spent(
        KernelState state, Process? agent, string scope, string of, ModelBudget limit, Spend before, Spend now,
        List<Effect> effects)
    {
        if (IsLow(limit.Tokens, now.Tokens) && !IsLow(limit.Tokens, before.Tokens))
        {
            Tell(state, agent, scope, of, "low", Text(now.Tokens, limit.Tokens, "tokens"), effects);
        }

        if (IsLow(limit.Microdollars, now.Microdollars) && !IsLow(limit.Microdollars, before.Microdollars))
        {
            var text = Text(now.Microdollars, limit.Microdollars, "microdollars");
            Tell(state, agent, scope, of, "low", text, effects);
        }
    }

    /// <summary>A call was refused.</summary>
    public void Refused(KernelState state, SysError error, List<Effect> effects)
    {
        if (error is not { Code: SysErrorCode.BudgetExhausted, Budget: { Scope: not "call" } budget }
            || (_refused.TryGetValue((budget.Scope, budget.Of), out var spent) && spent == budget.Spent))
        {
            return;
        }

        if (_refused.Count >= RememberedMax)
        {
            _refused.Clear();
        }

        _refused[(budget.Scope, budget.Of)] = budget.Spent;
        Process? agent = null;
        if (budget.Scope == "agent"
            && long.TryParse(budget.Of, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            state.Processes.TryGet(new ProcessId(id), out agent);
        }

        Tell(state, agent, budget.Scope, budget.Of, "exhausted", error.Message, effects);
    }

    private static bool IsLow(long? limit, long spent) =>
        limit is > 0 and var most && (decimal)spent * 100 >= (decimal)most * LowPercent;

    private static string Text(long spent, long? limit, string unit) =>
        string.Create(CultureInfo.InvariantCulture, $"{spent} of {limit} {unit} are spent");

    private static void Tell(
        KernelState state, Process? agent, string scope, string of, string kind, string reason, List<Effect> effects) =>
        state.Calls.Publish(
            state,
            agent,
            new EventView(EventTypes.Budget, new DateTimeOffset(state.Now, TimeSpan.Zero))
            {
                Process = agent?.Id,
                Name = agent?.Name,
                Kind = kind,
                What = of.Length == 0 ? scope : $"{scope} {of}",
                Reason = reason,
            },
            effects);
}
