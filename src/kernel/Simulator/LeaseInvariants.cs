using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Events;

namespace Analemma.Simulator;

/// <summary>
/// What must be true of answers that leave before their usage is on disk: at each moment, by what is on disk, the lease
/// of their process stands for all of them; and a kernel that starts charges each open lease, no more and no less. So
/// whenever a kernel dies, what its successor has charged is at least what was answered, and at most that and what was
/// leased. Judged by what providers said and by the journal, record by record.
/// </summary>
internal sealed class LeaseInvariants
{
    private readonly Dictionary<CallId, (ProcessId Process, Amount Used)> _unwritten = [];
    private readonly HashSet<CallId> _written = [];
    private Dictionary<ProcessId, Amount> _leases = [];
    private Dictionary<ProcessId, Amount> _spent = [];
    private Amount _all;

    /// <summary>Answers that left before their usage was on disk.</summary>
    public int Early { get; private set; }

    /// <summary>Leases that were charged.</summary>
    public int Charged { get; private set; }

    /// <summary>Of them, those that stood for answers.</summary>
    public int ChargedForAnswers { get; private set; }

    /// <summary>An answer leaves; with the state as the disk has it.</summary>
    public void Answered(KernelState written, CallId call, ProcessId process, ModelUsage usage)
    {
        if (_written.Contains(call))
        {
            return;
        }

        Early++;
        _unwritten.Add(call, (process, new Amount(usage.InputTokens + usage.OutputTokens, usage.Microdollars)));
        Check(written, process);
    }

    /// <summary>To be called with the state as of before each event of the journal.</summary>
    public void Before(KernelState state, KernelEvent @event)
    {
        if (@event is KernelStarted)
        {
            _leases = state.Leases.All.ToDictionary(
                lease => lease.Process, lease => new Amount(lease.Tokens, lease.Microdollars));
            _spent = _leases.Keys.ToDictionary(process => process, process => SpentOf(state, process));
            _all = AllOf(state);
        }
    }

    /// <summary>And with the state after it.</summary>
    public void After(KernelState state, KernelEvent @event)
    {
        switch (@event)
        {
            case KernelStarted:
                CheckCharges(state);
                _unwritten.Clear();
                _written.Clear();
                break;
            case UsageSettled settled:
                foreach (var call in (CallId[])[settled.Call, .. settled.Others ?? []])
                {
                    ViolationException.Unless(_written.Add(call), "usage is written once", $"{call} in {settled}");
                    _unwritten.Remove(call);
                }

                CheckCount(settled);
                break;
        }

        foreach (var process in _unwritten.Values.Select(each => each.Process).Distinct())
        {
            Check(state, process);
        }
    }

    /// <summary>A kernel stops as it was asked to: the next charges nobody.</summary>
    public static void CheckStop(KernelState state) => ViolationException.Unless(
        state.Leases.Count == 0 && state.Models.Answered == default,
        "a clean stop charges nobody", string.Join(", ", state.Leases.All));

    private static void CheckCount(UsageSettled settled) => ViolationException.Unless(
        settled.Spend.Calls == 1 + (settled.Others?.Count ?? 0),
        "usage that is added up is of as many calls as it names", settled.ToString());

    private void Check(KernelState written, ProcessId process)
    {
        var used = Sum(_unwritten.Values.Where(each => each.Process == process).Select(each => each.Used));
        var lease = written.Leases.Of(process);
        ViolationException.Unless(
            used.FitsIn(lease),
            "what was answered is paid for", $"{used} of {process} is not on disk, {lease} is leased");
    }

    private void CheckCharges(KernelState state)
    {
        Charged += _leases.Count;
        ChargedForAnswers += _unwritten.Values.Select(each => each.Process).Distinct().Count();
        var (leased, charged) = (Sum(_leases.Values), AllOf(state).Minus(_all));
        ViolationException.Unless(
            charged == leased && state.Leases.Count == 0,
            "a kernel that starts charges what was leased", $"{leased} was, {charged} is");
        foreach (var (process, lease) in _leases.Where(lease => lease.Key != ProcessId.None))
        {
            // Those below it had leases, too.
            ViolationException.Unless(
                lease.FitsIn(SpentOf(state, process).Minus(_spent[process])),
                "a kernel that starts charges what was leased", $"{lease} of {process} was");
        }
    }

    private static Amount SpentOf(KernelState state, ProcessId id) =>
        state.Processes.TryGet(id, out var process) ? AmountOf(process.Spent) : default;

    private static Amount AllOf(KernelState state) => Sum(state.Ledger.Groups.Values.Select(AmountOf));

    private static Amount AmountOf(Spend spend) => new(spend.Tokens, spend.Microdollars);

    private static Amount Sum(IEnumerable<Amount> amounts) =>
        amounts.Aggregate(default(Amount), (sum, amount) => sum.Plus(amount));
}
