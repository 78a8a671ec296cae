using System.Diagnostics.CodeAnalysis;
using Analemma.Abi;

namespace Analemma.Kernel.Supervision;

/// <summary>
/// All that is supervised: fleets and their units, and the units that WATCH made. Durable, but for what an index is,
/// and for the watchdogs.
/// </summary>
public sealed class FleetTable
{
    private readonly SortedDictionary<string, Fleet> _fleets = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, Unit> _units = [];
    private readonly Dictionary<string, Unit> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<ProcessId, Unit> _byProcess = [];
    private readonly Dictionary<(string Fleet, string Agent), List<Unit>> _byAgent = [];
    private readonly Dictionary<ProcessId, SortedSet<long>> _below = [];
    private readonly SortedSet<long> _pending = [];
    private readonly SortedSet<long> _parked = [];
    private readonly SortedSet<long> _watched = [];

    /// <summary>
    /// False from a kernel's start until what the one before left is settled: nothing is started then.
    /// </summary>
    public bool IsOpen { get; internal set; }

    internal long NextUnitId { get; set; } = 1;

    internal long NextBatch { get; set; } = 1;

    /// <summary>When the host's bucket of restarts is full again (see RestartPace).</summary>
    internal long PaceFullAt { get; set; }

    /// <summary>Volatile.</summary>
    internal ToldCircles Circles { get; } = new();

    /// <summary>Volatile.</summary>
    internal Watchdogs Watchdogs { get; } = new();

    /// <summary>Fleets that restart one after the other. An index.</summary>
    internal SortedSet<string> Rolling { get; } = new(StringComparer.Ordinal);

    /// <summary>When processes that are stopped when idle last did something. Volatile.</summary>
    internal Dictionary<ProcessId, long> LastHeard { get; } = [];

    public IEnumerable<Fleet> Fleets => _fleets.Values;

    public IEnumerable<Unit> Units => _units.Values;

    public int Count => _units.Count;

    public int FleetCount => _fleets.Count;

    /// <summary>Units that have something to do as soon as others let them, by id.</summary>
    internal IEnumerable<Unit> Pending => _pending.Select(id => _units[id]);

    /// <summary>Units that wait for a provider of models.</summary>
    internal IEnumerable<Unit> Parked => _parked.Select(id => _units[id]);

    /// <summary>Units that WATCH made.</summary>
    internal IEnumerable<Unit> Watched => _watched.Select(id => _units[id]);

    internal bool HasPending => _pending.Count > 0;

    public bool TryFleet(string name, [NotNullWhen(true)] out Fleet? fleet) => _fleets.TryGetValue(name, out fleet);

    public bool TryUnit(long id, [NotNullWhen(true)] out Unit? unit) => _units.TryGetValue(id, out unit);

    public bool TryUnit(string name, [NotNullWhen(true)] out Unit? unit) => _byName.TryGetValue(name, out unit);

    /// <summary>The unit of a process, living or the unit's latest.</summary>
    public bool TryUnit(ProcessId process, [NotNullWhen(true)] out Unit? unit) =>
        _byProcess.TryGetValue(process, out unit);

    /// <summary>The replicas of an agent of a fleet.</summary>
    public IReadOnlyList<Unit> Of(string fleet, string agent) =>
        _byAgent.TryGetValue((fleet, agent), out var units) ? units : [];

    public IEnumerable<Unit> Of(string fleet) => _units.Values.Where(unit => unit.Fleet == fleet);

    /// <summary>Units that a process supervises.</summary>
    internal IEnumerable<Unit> Below(ProcessId supervisor) =>
        _below.TryGetValue(supervisor, out var ids) ? ids.Select(id => _units[id]) : [];

    internal void Add(Fleet fleet)
    {
        _fleets.Add(fleet.Name, fleet);
        if (fleet.Rolling.Count > 0)
        {
            Rolling.Add(fleet.Name);
        }
    }

    internal void Remove(Fleet fleet)
    {
        _fleets.Remove(fleet.Name);
        Rolling.Remove(fleet.Name);
    }

    internal long TakeUnitId() => NextUnitId++;

    internal long TakeBatch() => NextBatch++;

    internal void Add(Unit unit)
    {
        _units.Add(unit.Id, unit);
        _byName.Add(unit.Name, unit);
        if (!unit.IsWatched)
        {
            var key = (unit.Fleet, unit.Declared.Name);
            if (!_byAgent.TryGetValue(key, out var replicas))
            {
                _byAgent.Add(key, replicas = []);
            }

            replicas.Add(unit);
        }
        else
        {
            _watched.Add(unit.Id);
        }

        if (unit.Process != ProcessId.None)
        {
            _byProcess[unit.Process] = unit;
        }

        Adopt(unit, unit.Parent);
        Track(unit);
    }

    internal void Remove(Unit unit)
    {
        _units.Remove(unit.Id);
        _byName.Remove(unit.Name);
        _byProcess.Remove(unit.Process);
        _pending.Remove(unit.Id);
        _parked.Remove(unit.Id);
        _watched.Remove(unit.Id);
        Watchdogs.Forget(unit.Id);
        Leave(unit);
        if (_byAgent.TryGetValue((unit.Fleet, unit.Declared.Name), out var replicas))
        {
            replicas.Remove(unit);
            if (replicas.Count == 0)
            {
                _byAgent.Remove((unit.Fleet, unit.Declared.Name));
            }
        }
    }

    /// <summary>To be called whenever a unit's phase or goal may have changed.</summary>
    internal void Track(Unit unit)
    {
        Keep(_pending, unit.Id, unit.IsPending);
        Keep(_parked, unit.Id, unit.Phase is UnitPhase.Parked);
    }

    private static void Keep(SortedSet<long> ids, long id, bool isIn)
    {
        if (isIn)
        {
            ids.Add(id);
        }
        else
        {
            ids.Remove(id);
        }
    }

    /// <summary>A unit has a new process.</summary>
    internal void Embody(Unit unit, ProcessId process)
    {
        _byProcess.Remove(unit.Process);
        unit.Process = process;
        _byProcess[process] = unit;
    }

    /// <summary>A watched unit has another supervisor, or with None nobody for now.</summary>
    internal void Adopt(Unit unit, ProcessId parent)
    {
        Leave(unit);
        unit.Parent = parent;
        if (parent == ProcessId.None)
        {
            return;
        }

        if (!_below.TryGetValue(parent, out var ids))
        {
            _below.Add(parent, ids = []);
        }

        ids.Add(unit.Id);
    }

    internal FleetBody ToBody() => new()
    {
        IsOpen = IsOpen,
        NextUnitId = NextUnitId,
        NextBatch = NextBatch,
        PaceFullAt = PaceFullAt,
        Fleets = [.. _fleets.Values],
        Units = [.. _units.Values],
    };

    internal void Restore(FleetBody body)
    {
        (IsOpen, NextUnitId, NextBatch) = (body.IsOpen, Math.Max(1, body.NextUnitId), Math.Max(1, body.NextBatch));
        PaceFullAt = body.PaceFullAt;
        foreach (var fleet in body.Fleets)
        {
            Add(fleet);
        }

        foreach (var unit in body.Units)
        {
            Add(unit);
        }
    }

    private void Leave(Unit unit)
    {
        if (_below.TryGetValue(unit.Parent, out var ids) && ids.Remove(unit.Id) && ids.Count == 0)
        {
            _below.Remove(unit.Parent);
        }
    }
}

internal sealed record FleetBody
{
    public bool IsOpen { get; init; }

    public long NextUnitId { get; init; }

    public long NextBatch { get; init; }

    public long PaceFullAt { get; init; }

    public IReadOnlyList<Fleet> Fleets { get; init => field = value ?? []; } = [];

    public IReadOnlyList<Unit> Units { get; init => field = value ?? []; } = [];
}
