using Analemma.Abi;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Events;

namespace Analemma.Kernel;

/// <summary>
/// Durable events that nobody waits for, until they are written, in order. What calls of one process used at one model
/// is one of them, at the place of the first: a commit takes as long as it has records, and all wait for it. Moved to
/// the front, usage is only written sooner than the lease that stands for it changes.
/// </summary>
internal sealed class WaitingEvents
{
    private readonly List<(KernelEvent Event, Sum? Sum)> _events = [];
    private readonly Dictionary<Key, Sum> _sums = [];

    public void Add(KernelEvent @event)
    {
        if (@event is not UsageSettled { Said: null } settled)
        {
            _events.Add((@event, null));
            return;
        }

        Key key = new(
            settled.Process, settled.Group, settled.Provider, settled.Model, settled.At / TimeSpan.TicksPerDay);
        if (_sums.TryGetValue(key, out var sum))
        {
            sum.Add(settled);
            return;
        }

        _sums.Add(key, sum = new Sum(settled));
        _events.Add((settled, sum));
    }

    /// <summary>All of them; none is left.</summary>
    public IReadOnlyList<KernelEvent> Take()
    {
        if (_events.Count == 0)
        {
            return [];
        }

        KernelEvent[] all = [.. _events.Select(each => each.Sum?.Total ?? each.Event)];
        _events.Clear();
        _sums.Clear();
        return all;
    }

    private readonly record struct Key(ProcessId Process, string Group, string Provider, string Model, long Day);

    private sealed class Sum(UsageSettled first)
    {
        private List<CallId>? _others;
        private Spend _spend = first.Spend;

        public UsageSettled Total => first with { Spend = _spend, Others = _others };

        public void Add(UsageSettled settled)
        {
            (_others ??= []).Add(settled.Call);
            _spend = _spend.Plus(settled.Spend);
        }
    }
}
