using Analemma.Abi;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Budgets;

/// <summary>
/// What leases are used for: calls that were answered and are not settled yet. And what is on its way: changes of
/// leases. Volatile, and empty when a kernel starts, as the table of leases is then.
/// </summary>
internal sealed class LeaseUses
{
    private readonly Dictionary<CallId, (ProcessId Process, BudgetHold Hold)> _calls = [];
    private readonly Dictionary<ProcessId, LeaseUse> _byProcess = [];
    private readonly Dictionary<ProcessId, Amount> _coming = [];

    /// <summary>All leases, for each budget that they fall under.</summary>
    public ScopedAmounts Leased { get; } = new();

    /// <summary>What is used of all leases.</summary>
    public Amount Used { get; private set; }

    /// <summary>As much as may wait is on its way to the journal.</summary>
    public bool IsFull => _calls.Count + _coming.Count >= Limits.UsageWaitingMax;

    /// <summary>Whether anything is on its way to the journal.</summary>
    public bool IsWaiting => _calls.Count + _coming.Count > 0;

    /// <summary>When the timer is due; long.MaxValue when none is armed.</summary>
    public long DueAt { get; set; } = long.MaxValue;

    /// <summary>No lease is idle before.</summary>
    public long IdleAt { get; set; } = long.MaxValue;

    public Amount UsedOf(ProcessId process) => Of(process)?.Used ?? default;

    public LeaseUse? Of(ProcessId process) => _byProcess.GetValueOrDefault(process);

    /// <summary>What the lease of a process will be, when that has been decided and is not on disk.</summary>
    public Amount? ComingOf(ProcessId process) => _coming.TryGetValue(process, out var coming) ? coming : null;

    public void Coming(ProcessId process, Amount amount) => _coming.Add(process, amount);

    public void Came(ProcessId process) => _coming.Remove(process);

    /// <summary>The process has asked a model just now.</summary>
    public void Touch(ProcessId process, long now)
    {
        if (_byProcess.TryGetValue(process, out var use))
        {
            use.LastAt = now;
        }
    }

    /// <summary>Usage has waited as long as it may: leases of which it took little need not be so large.</summary>
    public void Shrink(LeaseTable leases)
    {
        foreach (var (process, use) in _byProcess)
        {
            use.Shrink(leases.Of(process));
        }
    }

    /// <summary>A lease is open, changed by so much.</summary>
    public void Open(Lease lease, IReadOnlyList<ProcessId> family, Amount change, long now)
    {
        if (!_byProcess.TryGetValue(lease.Process, out var use))
        {
            _byProcess.Add(lease.Process, use = new LeaseUse(family, lease.Group));
        }

        use.LastAt = now;
        use.Opened();
        Leased.Add(use.Family, use.Group, change);
    }

    public void Close(ProcessId process, Amount amount)
    {
        if (_byProcess.Remove(process, out var use))
        {
            Leased.Add(use.Family, use.Group, default(Amount).Minus(amount));
        }
    }

    /// <summary>A call is answered that has used what is held for it.</summary>
    public void Answered(CallId call, ProcessId process, BudgetHold hold)
    {
        _calls.Add(call, (process, hold));
        Add(process, hold.Amount);
    }

    /// <summary>Its usage is on disk; null when its answer has waited for that.</summary>
    public BudgetHold? Settled(CallId call)
    {
        if (!_calls.Remove(call, out var answered))
        {
            return null;
        }

        Add(answered.Process, default(Amount).Minus(answered.Hold.Amount));
        return answered.Hold;
    }

    private void Add(ProcessId process, Amount amount)
    {
        Used = Used.Plus(amount);
        if (_byProcess.TryGetValue(process, out var use))
        {
            use.Used = use.Used.Plus(amount);
        }
    }
}

/// <summary>What one lease is used for.</summary>
internal sealed class LeaseUse(IReadOnlyList<ProcessId> family, string group)
{
    /// <summary>A lease is so many of the call that has it written, and no fewer.</summary>
    public const long ReservationsMin = 4;

    // More cannot wait.
    private const long ReservationsMax = Limits.UsageWaitingMax;

    // A fourth of a lease is little: twice as much does not have it grow again.
    private const long Little = 4;

    private bool _isTooSmall;
    private Amount _most;

    public IReadOnlyList<ProcessId> Family { get; } = family;

    public string Group { get; } = group;

    public Amount Used
    {
        get;
        set
        {
            field = value;
            _most = _most.AtLeast(value);
        }
    }

    public long LastAt { get; set; }

    /// <summary>A lease is so many of the call that has it written, now.</summary>
    public long Reservations { get; private set; } = ReservationsMin;

    /// <summary>It may be half of what it is.</summary>
    public bool IsTooLarge { get; private set; }

    /// <summary>The lease is as large now as it was wanted.</summary>
    public void Opened() => (IsTooLarge, _isTooSmall) = (false, false);

    /// <summary>An answer did not fit, and had to wait for the disk.</summary>
    public void Grow()
    {
        // Once for each lease: others that do not fit say nothing new.
        if (!_isTooSmall)
        {
            Reservations = Math.Min(Reservations * 2, ReservationsMax);
            _isTooSmall = true;
        }
    }

    /// <summary>
    /// So much is leased. Decided by the most that was used of it at once since the last time: what is used now is
    /// written before this is asked, and nothing.
    /// </summary>
    public void Shrink(Amount leased)
    {
        Amount little = new(leased.Tokens / Little, leased.Money / Little);
        if (Reservations > ReservationsMin && _most.FitsIn(little))
        {
            Reservations /= 2;
            IsTooLarge = true;
        }

        _most = Used;
    }
}
