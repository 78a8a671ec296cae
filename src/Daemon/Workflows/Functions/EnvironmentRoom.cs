namespace Analemma.Daemon.Workflows.Functions;

// Some functions have environments reserved: those are theirs, whether they use them or not, and they get no others.
// All that is left is shared by the rest. A pool that finds no room has another one's idle environment ended, and is
// told when there may be room.
/// <summary>How many environments of all functions there may be.</summary>
internal sealed class EnvironmentRoom(int max)
{
    private readonly Lock _gate = new();
    private readonly HashSet<FunctionPool> _pools = [];
    private readonly HashSet<FunctionPool> _starved = [];
    private int _shared;
    private int _reserved;

    /// <summary>Environments in all.</summary>
    public int Max => max;

    /// <summary>How many are reserved.</summary>
    public int Reserved => Volatile.Read(ref _reserved);

    public void Add(FunctionPool pool)
    {
        lock (_gate)
        {
            _pools.Add(pool);
        }
    }

    public void Remove(FunctionPool pool)
    {
        lock (_gate)
        {
            _pools.Remove(pool);
            _starved.Remove(pool);
        }
    }

    /// <summary>Changes what is reserved; the caller has seen that it fits.</summary>
    public void Reserve(int more)
    {
        lock (_gate)
        {
            _reserved += more;
        }
    }

    /// <summary>Takes room for an environment that is not reserved; false when there is none.</summary>
    public bool TryTake(FunctionPool pool)
    {
        lock (_gate)
        {
            if (_shared < max - _reserved)
            {
                _shared++;
                return true;
            }

            _starved.Add(pool);
            return false;
        }
    }

    /// <summary>An environment that was not reserved is gone. Tell <see cref="Wake"/> outside all gates.</summary>
    public void Give()
    {
        lock (_gate)
        {
            _shared--;
        }
    }

    /// <summary>Whether another pool has found no room.</summary>
    public bool IsWantedBut(FunctionPool pool)
    {
        lock (_gate)
        {
            return _starved.Count > (_starved.Contains(pool) ? 1 : 0);
        }
    }

    /// <summary>Those who found no room look again.</summary>
    public void Wake()
    {
        FunctionPool[] starved;
        lock (_gate)
        {
            if (_starved.Count == 0)
            {
                return;
            }

            starved = [.. _starved];
            _starved.Clear();
        }

        foreach (var pool in starved)
        {
            pool.Pump();
        }
    }

    /// <summary>Has an idle environment of another function ended, if there is one.</summary>
    public void Evict(FunctionPool wanted)
    {
        FunctionPool[] pools;
        lock (_gate)
        {
            pools = [.. _pools];
        }

        foreach (var pool in pools)
        {
            if (pool != wanted && pool.TryEvict())
            {
                return;
            }
        }
    }
}
