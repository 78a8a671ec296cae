using System.Collections.Concurrent;
using Analemma.Journal.Executions;
using Analemma.Workflow.Definitions;

namespace Analemma.Daemon.Workflows.Catalog;

/// <summary>
/// State machines, their revisions, versions and aliases, and activities: all in memory, and in the store before
/// anybody is told. Looking is free of locks; changes come one after the other.
/// </summary>
internal sealed class StateMachines : IDisposable
{
    /// <summary>Documents of definitions.</summary>
    public const string RevisionKind = "revision";

    private const string MachineKind = "machine";
    private const string AliasKind = "alias";
    private const string ActivityKind = "activity";

    /// <summary>Kinds of documents that are in here, those that others need first.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [RevisionKind, MachineKind, AliasKind, ActivityKind];

    private readonly IExecutionStore _store;
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly ConcurrentDictionary<string, MachineRevision> _revisions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Machine> _machines = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, MachineAlias> _aliases = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Activity> _activities = new(StringComparer.Ordinal);

    public StateMachines(IExecutionStore store)
    {
        _store = store;
        foreach (var document in store.Documents(RevisionKind))
        {
            _revisions[document.Key] = MachineRevision.Read(document.Key, document.Body!);
        }

        foreach (var document in store.Documents(MachineKind))
        {
            _machines[document.Key] = Machine.Read(document.Key, document.Body!, id => _revisions[id]);
        }

        foreach (var document in store.Documents(AliasKind))
        {
            _aliases[document.Key] = MachineAlias.Read(document.Key, document.Body!);
        }

        foreach (var document in store.Documents(ActivityKind))
        {
            _activities[document.Key] = Activity.Read(document.Key, document.Body!);
        }
    }

    public IEnumerable<Machine> Machines => _machines.Values;

    public IEnumerable<Activity> Activities => _activities.Values;

    /// <summary>The compiled definition of a revision.</summary>
    /// <exception cref="KeyNotFoundException">There is no such revision.</exception>
    public StateMachineDefinition Definition(string revision) => _revisions[revision].Compiled;

    public MachineRevision? Revision(string id) => _revisions.GetValueOrDefault(id);

    public Machine? Find(string arn) => _machines.GetValueOrDefault(arn);

    public MachineAlias? FindAlias(string arn) => _aliases.GetValueOrDefault(arn);

    public Activity? FindActivity(string arn) => _activities.GetValueOrDefault(arn);

    public IEnumerable<MachineAlias> AliasesOf(string machineArn) =>
        _aliases.Values.Where(alias => alias.MachineArn == machineArn);

    /// <summary>Lets one change at a time be decided and made.</summary>
    public async Task<T> ChangeAsync<T>(Func<Task<T>> change)
    {
        await _changing.WaitAsync();
        try
        {
            return await change();
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Keeps a machine, with its revision when that is new. Within a change.</summary>
    public async Task PutAsync(Machine machine)
    {
        List<StoredDocument> documents = [new(MachineKind, machine.Arn, machine.Write())];
        if (!_revisions.ContainsKey(machine.Revision.Id))
        {
            documents.Insert(0, new StoredDocument(RevisionKind, machine.Revision.Id, machine.Revision.Write()));
        }

        await WriteAsync(documents);
        _revisions[machine.Revision.Id] = machine.Revision;
        _machines[machine.Arn] = machine;
    }

    /// <summary>Revisions that are of no machine any more, and of no version: executions may still have them.</summary>
    public IEnumerable<string> UnusedRevisions() => _revisions.Keys.Except(
        _machines.Values.SelectMany(
            machine => machine.Versions.Select(version => version.Revision.Id).Prepend(machine.Revision.Id)),
        StringComparer.Ordinal);

    /// <summary>Forgets revisions that nobody has; gives how many. Within a change.</summary>
    public async Task<int> ForgetAsync(IReadOnlyCollection<string> revisions)
    {
        if (revisions.Count > 0)
        {
            await WriteAsync([.. revisions.Select(id => new StoredDocument(RevisionKind, id, null))]);
        }

        foreach (var id in revisions)
        {
            _revisions.TryRemove(id, out _);
        }

        return revisions.Count;
    }

    /// <summary>Forgets a machine and its aliases; its revisions stay: executions may have begun with them.</summary>
    public async Task RemoveAsync(string arn)
    {
        var aliases = AliasesOf(arn).ToArray();
        await WriteAsync(
        [
            new StoredDocument(MachineKind, arn, null),
            .. aliases.Select(alias => new StoredDocument(AliasKind, alias.Arn, null)),
        ]);
        _machines.TryRemove(arn, out _);
        foreach (var alias in aliases)
        {
            _aliases.TryRemove(alias.Arn, out _);
        }
    }

    public async Task PutAsync(MachineAlias alias)
    {
        await WriteAsync([new StoredDocument(AliasKind, alias.Arn, alias.Write())]);
        _aliases[alias.Arn] = alias;
    }

    public async Task RemoveAliasAsync(string arn)
    {
        await WriteAsync([new StoredDocument(AliasKind, arn, null)]);
        _aliases.TryRemove(arn, out _);
    }

    public async Task PutAsync(Activity activity)
    {
        await WriteAsync([new StoredDocument(ActivityKind, activity.Arn, activity.Write())]);
        _activities[activity.Arn] = activity;
    }

    public async Task RemoveActivityAsync(string arn)
    {
        await WriteAsync([new StoredDocument(ActivityKind, arn, null)]);
        _activities.TryRemove(arn, out _);
    }

    public void Dispose() => _changing.Dispose();

    private Task WriteAsync(IReadOnlyList<StoredDocument> documents)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.Write(new ExecutionStoreChange { Documents = documents }, failure =>
        {
            if (failure is null)
            {
                done.SetResult();
            }
            else
            {
                done.SetException(failure);
            }
        });
        return done.Task;
    }
}
