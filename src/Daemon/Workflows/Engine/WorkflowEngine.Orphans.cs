using System.Globalization;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Json;
using Analemma.Workflow.Records;
using Analemma.Workflow.Snapshots;

namespace Analemma.Daemon.Workflows.Engine;

/// <content>What is taken up goes on, unless whoever started it waits for it no more.</content>
internal sealed partial class WorkflowEngine
{
    private void ResumeAll(IReadOnlyList<(LiveExecution Execution, Resumption Resumption)> found)
    {
        var restored = found.ToDictionary(each => each.Execution.Key, each => each.Resumption);
        Dictionary<long, bool> over = [];
        foreach (var (execution, resumption) in found)
        {
            var isOrphan = IsOrphan(execution, parent => restored.GetValueOrDefault(parent), IsOver);
            ResumeOrStop(execution, resumption, isOrphan);
        }

        // A parent may have thousands of children.
        bool IsOver(long parent) => over.TryGetValue(parent, out var known)
            ? known
            : over[parent] = Store.Find(parent) is not { Standing.Status: 0 };
    }

    // Others run already, and may have been told meanwhile.
    private void ResumeLate(LiveExecution execution, Resumption resumption)
    {
        foreach (var child in Running)
        {
            if (AwaitedBy(child) is var (parent, awaited) && parent == execution.Key && !resumption.WaitsFor(awaited))
            {
                Stop(child);
            }
        }

        ResumeOrStop(execution, resumption, IsOrphanNow(execution));
    }

    private bool IsOrphanNow(LiveExecution execution)
    {
        try
        {
            return IsOrphan(execution, OnDisk, parent => Store.Find(parent) is not { Standing.Status: 0 });
        }
        catch (JournalStoreException)
        {
            // The next start looks again.
            return false;
        }
    }

    private void ResumeOrStop(LiveExecution execution, Resumption resumption, bool isOrphan)
    {
        if (isOrphan)
        {
            Stop(execution);
        }
        else
        {
            Resume(execution, resumption);
        }
    }

    private void Stop(LiveExecution orphan)
    {
        _log.OrphanStopped(orphan.Head.Arn);
        orphan.Post(at => new ExecutionEvent.Stopped(at, null, null));
    }

    // A parent that is open and cannot be read may wait: what it started goes on.
    private bool IsOrphan(LiveExecution execution, Func<long, Resumption?> resumptionOf, Func<long, bool> isOver) =>
        AwaitedBy(execution) is var (parent, awaited)
        && (resumptionOf(parent) is { } found ? !found.WaitsFor(awaited) : isOver(parent));

    // An item is redriven by its Map alone. Another is redriven by people, for themselves.
    private (long Parent, AwaitedChild Awaited)? AwaitedBy(LiveExecution execution)
    {
        var head = execution.Head;
        if (head.ParentKey != 0)
        {
            return (head.ParentKey, new AwaitedChild(head.ParentTask, head.ParentIndex, head.Name));
        }

        if (head is not { IsNested: true, StartedBy: { } task } || execution.View.RedriveCount > 0)
        {
            return null;
        }

        var slash = task.LastIndexOf('/');
        var parent = Find(task[..slash])?.Key ?? Store.Find(task[..slash])?.Key;
        var id = long.Parse(task.AsSpan(slash + 1), CultureInfo.InvariantCulture);
        return (parent ?? 0, new AwaitedChild(id, Index: null, head.Name));
    }

    private Resumption? OnDisk(long parent)
    {
        if (Find(parent) is not { } running)
        {
            return null;
        }

        try
        {
            return new Resumption(Restorer.Restore(parent, running.Definition, running.Identity).Fold);
        }
        catch (Exception wrong) when (wrong is JournalCorruptException or ExecutionDivergedException
            or StepRecordException or SnapshotException or JsonTextException or PayloadException)
        {
            return null;
        }
    }
}
