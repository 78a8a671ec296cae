namespace Analemma.Workflow.Admission;

// WHO MAY RUN
//
//   asks ─► runs           when its lane has room, and all lanes together have
//        ─► waits in line   when not; first come, first served within a lane, and among lanes that only wait for others
//        ─► is refused      when the line is as long as it may be
//
// A lane is what limits are set for: a state machine, a resource. What is reserved for a lane is kept free for it: the
// others share what is left. So no more run than may, a lane that uses less than its reserve never waits, and whoever
// waits is let in before all who came later and could take the same place. What runs inside something that runs (an
// execution that another waits for) has its place already, and counts in its lane alone: else both would wait for ever.
/// <summary>Lets in, makes wait, or refuses. Pure: it knows no time but what it is told. Single owner.</summary>
/// <typeparam name="T">What asks; compared by equality.</typeparam>
public sealed class AdmissionQueue<T>
    where T : notnull
{
    private readonly Dictionary<string, Lane> _lanes = new(StringComparer.Ordinal);
    private readonly Dictionary<T, Ticket> _tickets = [];

    /// <summary>Lanes that wait for the shared places alone, by how long their first has waited.</summary>
    private readonly SortedDictionary<long, Lane> _heads = [];

    /// <summary>Lanes where something changed that may let in one without a shared place.</summary>
    private readonly HashSet<Lane> _urgent = [];

    private long _arrivals;
    private int _reserved;
    private int _shared;

    public AdmissionQueue(AdmissionLimits limits) => Limits = limits;

    public AdmissionLimits Limits { get; private set; }

    /// <summary>What runs, without what runs inside of others.</summary>
    public int Running { get; private set; }

    public int Queued { get; private set; }

    public long Refused { get; private set; }

    /// <summary>Asks for a place.</summary>
    /// <param name="lane">Where.</param>
    /// <param name="who">Who; who asks twice has the first answer.</param>
    /// <param name="at">When.</param>
    /// <param name="isInner">Whether it runs inside something that has a place.</param>
    public AdmissionAnswer Ask(string lane, T who, DateTimeOffset at, bool isInner = false)
    {
        if (_tickets.TryGetValue(who, out var known))
        {
            return known.IsRunning ? AdmissionAnswer.Admitted : AdmissionAnswer.Queued;
        }

        var found = LaneOf(lane);
        if (found.LineOf(isInner).Count == 0 && HasRoom(found, isInner))
        {
            Run(new Ticket(who, found, at, isInner, 0));
            return AdmissionAnswer.Admitted;
        }

        if (Queued >= Limits.QueueMax || found.Queued >= found.Limits.QueueMax)
        {
            Refused++;
            Drop(found);
            return AdmissionAnswer.Refused;
        }

        Enqueue(new Ticket(who, found, at, isInner, ++_arrivals));
        return AdmissionAnswer.Queued;
    }

    /// <summary>What ran before: it has its place, whatever the limits say now.</summary>
    public void Enter(string lane, T who, DateTimeOffset at, bool isInner = false) =>
        Run(new Ticket(who, LaneOf(lane), at, isInner, 0));

    /// <summary>What waited before, in its order: it waits again, whatever the limits say now.</summary>
    public void Wait(string lane, T who, DateTimeOffset at, bool isInner = false) =>
        Enqueue(new Ticket(who, LaneOf(lane), at, isInner, ++_arrivals));

    /// <summary>It has ended, or waits no more. Who may run now is let in by <see cref="Admit"/>.</summary>
    public void Leave(T who)
    {
        if (!_tickets.Remove(who, out var ticket))
        {
            return;
        }

        var lane = ticket.Lane;
        if (ticket.IsRunning)
        {
            Count(ticket, -1);
        }
        else
        {
            Unlist(lane);
            lane.LineOf(ticket.IsInner).Remove(ticket.Node!);
            Queued--;
        }

        List(lane);
        Drop(lane);
    }

    /// <summary>Lets in whoever may run now, in order.</summary>
    public IReadOnlyList<T> Admit()
    {
        List<T> admitted = [];
        while (Next() is { } ticket)
        {
            var lane = ticket.Lane;
            Unlist(lane);
            lane.LineOf(ticket.IsInner).RemoveFirst();
            Queued--;
            Run(ticket);
            admitted.Add(ticket.Who);
        }

        return admitted;
    }

    /// <summary>Changes what all lanes together may have.</summary>
    public void Configure(AdmissionLimits limits) => Limits = limits;

    /// <summary>Changes what a lane may have. False when more would be reserved than there is.</summary>
    public bool Configure(string lane, LaneLimits limits)
    {
        var found = LaneOf(lane);
        if ((long)_reserved - found.Limits.Reserved + limits.Reserved > Limits.Max)
        {
            Drop(found);
            return false;
        }

        Unlist(found);
        _shared -= found.Shared;
        _reserved += limits.Reserved - found.Limits.Reserved;
        found.Limits = limits;
        _shared += found.Shared;
        List(found);
        Drop(found);
        return true;
    }

    /// <summary>How every lane stands that has limits of its own, or something that runs or waits.</summary>
    public IReadOnlyList<LaneView> Lanes() =>
        [.. _lanes.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new LaneView(
            pair.Key, pair.Value.Limits, pair.Value.Own + pair.Value.Inner, pair.Value.Queued, pair.Value.Oldest))];

    /// <summary>How a lane stands.</summary>
    public LaneView View(string lane) => _lanes.TryGetValue(lane, out var found)
        ? new LaneView(lane, found.Limits, found.Own + found.Inner, found.Queued, found.Oldest)
        : new LaneView(lane, LaneLimits.None, 0, 0, null);

    /// <summary>Since when the first of all has waited; null when nobody waits.</summary>
    public DateTimeOffset? Oldest => Queued == 0 ? null : _lanes.Values.Min(lane => lane.Oldest);

    private Ticket? Next()
    {
        Ticket? owed = null;
        foreach (var lane in _urgent)
        {
            if (lane.First(isInner: true) is { } inner && lane.HasOwnRoom)
            {
                return inner;
            }

            if (IsOwed(lane) && lane.First(isInner: false) is { } first && !(first.Number > owed?.Number))
            {
                owed = first;
            }
        }

        if (owed is not null && Running < Limits.Max)
        {
            return owed;
        }

        _urgent.RemoveWhere(lane => !IsOwed(lane));
        return HasSharedRoom && _heads.Count > 0 ? _heads.First().Value.First(isInner: false) : null;
    }

    private bool HasSharedRoom => Running < Limits.Max && _shared < Limits.Max - _reserved;

    // Its reserve is not used up, and still it waits: others had the places before it was reserved.
    private static bool IsOwed(Lane lane) =>
        lane.First(isInner: false) is not null && lane.HasOwnRoom && lane.Own < lane.Limits.Reserved;

    private bool HasRoom(Lane lane, bool isInner) => lane.HasOwnRoom
        && (isInner || HasSharedRoom || (Running < Limits.Max && lane.Own < lane.Limits.Reserved));

    private void Run(Ticket ticket)
    {
        ticket.IsRunning = true;
        _tickets[ticket.Who] = ticket;
        Count(ticket, 1);
        // It may have taken the last place of its lane from those in line.
        List(ticket.Lane);
    }

    private void Count(Ticket ticket, int by)
    {
        var lane = ticket.Lane;
        if (ticket.IsInner)
        {
            lane.Inner += by;
            return;
        }

        _shared -= lane.Shared;
        lane.Own += by;
        Running += by;
        _shared += lane.Shared;
    }

    private void Enqueue(Ticket ticket)
    {
        var lane = ticket.Lane;
        Unlist(lane);
        ticket.Node = lane.LineOf(ticket.IsInner).AddLast(ticket);
        _tickets[ticket.Who] = ticket;
        Queued++;
        List(lane);
    }

    private void Unlist(Lane lane)
    {
        if (lane.ListedAs != 0)
        {
            _heads.Remove(lane.ListedAs);
            lane.ListedAs = 0;
        }
    }

    private void List(Lane lane)
    {
        Unlist(lane);
        if (lane.Queued > 0 && lane.HasOwnRoom)
        {
            _urgent.Add(lane);
            if (lane.First(isInner: false) is { } first)
            {
                lane.ListedAs = first.Number;
                _heads.Add(first.Number, lane);
            }
        }
    }

    private Lane LaneOf(string name)
    {
        if (!_lanes.TryGetValue(name, out var lane))
        {
            _lanes[name] = lane = new Lane(name);
        }

        return lane;
    }

    // A lane that nothing is known of any more is not kept.
    private void Drop(Lane lane)
    {
        if (lane is { Own: 0, Inner: 0, Queued: 0 } && lane.Limits == LaneLimits.None)
        {
            _lanes.Remove(lane.Name);
            _urgent.Remove(lane);
        }
    }

    private sealed class Ticket(T who, Lane lane, DateTimeOffset at, bool isInner, long number)
    {
        public T Who => who;

        public Lane Lane => lane;

        public DateTimeOffset At => at;

        public bool IsInner => isInner;

        public long Number => number;

        public bool IsRunning { get; set; }

        public LinkedListNode<Ticket>? Node { get; set; }
    }

    private sealed class Lane(string name)
    {
        private readonly LinkedList<Ticket> _outer = [];
        private readonly LinkedList<Ticket> _inner = [];

        public string Name => name;

        public LaneLimits Limits { get; set; } = LaneLimits.None;

        public int Own { get; set; }

        public int Inner { get; set; }

        public long ListedAs { get; set; }

        public int Queued => _outer.Count + _inner.Count;

        /// <summary>Of its own, what is beyond its reserve.</summary>
        public int Shared => Math.Max(0, Own - Limits.Reserved);

        public bool HasOwnRoom => Own + Inner < Limits.Max;

        public DateTimeOffset? Oldest => Earlier(_outer.First?.Value.At, _inner.First?.Value.At);

        public LinkedList<Ticket> LineOf(bool isInner) => isInner ? _inner : _outer;

        public Ticket? First(bool isInner) => LineOf(isInner).First?.Value;

        private static DateTimeOffset? Earlier(DateTimeOffset? left, DateTimeOffset? right) =>
            left is null ? right : right is null || left < right ? left : right;
    }
}
