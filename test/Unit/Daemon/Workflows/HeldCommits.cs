using Analemma.Journal;
using Analemma.Journal.Executions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>A store whose commits of executions wait for the test, while it holds them.</summary>
internal sealed class HeldCommits(IExecutionStore inner)
    : PassThroughStore(inner)
{
    private readonly Lock _gate = new();
    private List<(ExecutionStoreChange Change, Action<JournalStoreException?> Done)>? _held;

    /// <summary>Commits that wait.</summary>
    public int Held
    {
        get
        {
            lock (_gate)
            {
                return _held?.Count ?? 0;
            }
        }
    }

    public void Hold()
    {
        lock (_gate)
        {
            _held ??= [];
        }
    }

    public void Release()
    {
        List<(ExecutionStoreChange Change, Action<JournalStoreException?> Done)> held;
        lock (_gate)
        {
            held = _held ?? [];
            _held = null;
        }

        foreach (var (change, done) in held)
        {
            Inner.Write(change, done);
        }
    }

    public override void Write(ExecutionStoreChange change, Action<JournalStoreException?> done)
    {
        lock (_gate)
        {
            if (_held is not null && change.Key != 0)
            {
                _held.Add((change, done));
                return;
            }
        }

        Inner.Write(change, done);
    }
}
