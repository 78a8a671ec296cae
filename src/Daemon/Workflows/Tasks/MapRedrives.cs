using System.Collections.Concurrent;
using Analemma.Daemon.Workflows.Api;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Journal.Executions;
using Analemma.Workflow.Executions;

namespace Analemma.Daemon.Workflows.Tasks;

// A REDRIVE OF A MAP RUN
//
// Redrives of a run are numbered. An execution of the run says by which it was started, or redriven last, so that after
// a crash it is known whether this redrive has come to it, and so that an end of before is told from one of now.
/// <summary>Executions of items that did not succeed, started again as themselves.</summary>
internal sealed class MapRedrives(WorkflowEngine engine)
{
    private const int Page = 500;

    private readonly ConcurrentDictionary<string, Lazy<Dictionary<int, long>>> _begun = new(StringComparer.Ordinal);

    /// <summary>An end, with the redrive that it is of.</summary>
    public static ExecutionEnd EndOf(ExecutionHead head, ExecutionEnd end) =>
        end with { MapRedrive = Math.Max(head.MapRedrive, end.MapRedrive) };

    /// <summary>The execution that an item had before; null when it is to have a new one.</summary>
    public StoredExecution? BegunOf(ChildStart child) =>
        child is { IsAgain: true, IsExpress: false }
        && _begun.GetOrAdd(child.MapRunArn, arn => new(() => AllOf(arn))).Value.TryGetValue(child.Index, out var key)
            ? engine.Store.Find(key)
            : null;

    /// <summary>The run has ended: the next redrive finds others.</summary>
    public void Forget(string mapRunArn) => _begun.TryRemove(mapRunArn, out _);

    /// <summary>Redrives an execution; gives how it ended when it did so already, and nobody was told.</summary>
    public async Task<ExecutionEnd?> RedriveAsync(
        StoredExecution begun, ChildStarting starting, CancellationToken stopping)
    {
        // It was stopped with its Map and is not over yet, or the kernel before this one has redriven it.
        if (engine.Find(begun.Key) is { } running)
        {
            await running.Ended.WaitAsync(stopping);
            begun = engine.Store.Find(begun.Key)!;
        }

        var found = FoundExecution.Of(begun);
        var redrive = starting.Child.MapRedrive;
        if (found.End is { } end
            && (end.Status is ExecutionStatus.Succeeded || EndOf(found.Head, end).MapRedrive >= redrive))
        {
            return end with { Output = engine.OutputOf(found.Head.Arn, end), MapRedrive = redrive };
        }

        if (starting.IsStopped)
        {
            return null;
        }

        var again = engine.Reopen(begun)
            ?? throw new InvalidOperationException($"{begun.Arn} cannot be redriven");
        var made = false;
        try
        {
            made = await again.PostAsync(at => new ExecutionEvent.Redriven(at) { IsDeep = true, MapRedrive = redrive });
        }
        finally
        {
            if (!made)
            {
                engine.Leave(again);
            }
        }

        if (starting.IsStopped)
        {
            again.Post(at => new ExecutionEvent.Stopped(at, null, null));
        }

        return null;
    }

    // The newest of each item: before executions were redriven an item had several.
    private Dictionary<int, long> AllOf(string mapRunArn)
    {
        Dictionary<int, long> all = [];
        ExecutionQuery query = new() { Run = mapRunArn, Max = Page };
        while (engine.Store.List(query) is { Count: > 0 } page)
        {
            foreach (var each in page)
            {
                all.TryAdd(ExecutionHead.Read(each.Head).ParentIndex, each.Key);
            }

            query = query with { BeforeKey = page[^1].Key };
        }

        return all;
    }
}
