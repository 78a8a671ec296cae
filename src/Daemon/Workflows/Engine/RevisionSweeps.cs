using Analemma.Daemon.Runners;
using Analemma.Daemon.Workflows.Catalog;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Workflows.Engine;

// WHO USES A REVISION
//
//   machine, version   known by heart
//   execution          its row says so; no index does, which every start would pay for. One that uses the revision is
//                      enough to know, and is looked for again when it is forgotten: the newest, which stays longest.
//
// A revision goes when it was unused at the sweep before too: who was about to start by it then has long begun.
/// <summary>Forgets revisions of state machines that no machine, version or execution refers to any more.</summary>
internal sealed class RevisionSweeps : IDisposable
{
    /// <summary>Executions that are looked at without a pause.</summary>
    private const int Page = 500;

    private static readonly TimeSpan First = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Between = TimeSpan.FromHours(1);

    private readonly WorkflowEngine _engine;
    private readonly StateMachines _machines;
    private readonly ITimer _timer;

    /// <summary>An execution that uses a revision.</summary>
    private readonly Dictionary<string, long> _users = new(StringComparer.Ordinal);

    /// <summary>Those that seemed unused at the sweep before.</summary>
    private HashSet<string> _unused = new(StringComparer.Ordinal);

    public RevisionSweeps(
        WorkflowEngine engine, StateMachines machines, BackgroundTasks background, TimeProvider time, ILogger log)
    {
        (_engine, _machines) = (engine, machines);
        _timer = time.CreateTimer(
            _ => background.Run(stopping => RunAsync(log, stopping)), null, First, Between);
    }

    /// <summary>Forgets those that are due; gives how many. One at a time.</summary>
    /// <exception cref="JournalStoreException">The store failed.</exception>
    public async Task<int> SweepAsync(CancellationToken stopping)
    {
        HashSet<string> unused = [.. _machines.UnusedRevisions().Where(revision => !HasUser(revision))];
        HashSet<string> due = [.. unused.Where(_unused.Contains)];
        await FindUsersAsync(due, stopping);
        unused.RemoveWhere(_users.ContainsKey);
        _unused = unused;
        if (due.Count == 0 || stopping.IsCancellationRequested)
        {
            return 0;
        }

        return await _machines.ChangeAsync(() =>
        {
            due.ExceptWith(_engine.Running.Select(execution => execution.Head.Revision));
            due.IntersectWith(_machines.UnusedRevisions());
            return _machines.ForgetAsync(due);
        });
    }

    public void Dispose() => _timer.Dispose();

    private bool HasUser(string revision)
    {
        if (_users.TryGetValue(revision, out var key) && _engine.Store.Find(key) is null)
        {
            _users.Remove(revision);
        }

        return _users.ContainsKey(revision);
    }

    // What is found is taken out.
    private async Task FindUsersAsync(HashSet<string> revisions, CancellationToken stopping)
    {
        ExecutionQuery query = new() { Max = Page };
        while (revisions.Count > 0 && !stopping.IsCancellationRequested
            && _engine.Store.List(query) is { Count: > 0 } page)
        {
            foreach (var each in page)
            {
                var revision = ExecutionHead.Read(each.Head).Revision;
                if (revisions.Remove(revision))
                {
                    _users[revision] = each.Key;
                }
            }

            query = query with { BeforeKey = page[^1].Key };
            await Task.Yield();
        }
    }

    private async Task RunAsync(ILogger log, CancellationToken stopping)
    {
        try
        {
            if (await SweepAsync(stopping) is > 0 and var forgotten)
            {
                log.RevisionsForgotten(forgotten);
            }
        }
        catch (Exception failed) when (failed is JournalStoreException or JournalCorruptException)
        {
            log.RevisionsNotForgotten(failed.Message);
        }
        catch (ObjectDisposedException)
        {
            // The kernel stops.
        }
    }
}
