using System.Collections.Concurrent;
using Analemma.Daemon.Runners;
using Analemma.Daemon.Workflows.Engine;
using Analemma.Journal.Executions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Json;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>What distributed Maps want done: their items are executions of their own, told of when they end.</summary>
internal sealed class DistributedMaps(
    WorkflowEngine engine, IMapFiles files, BackgroundTasks background, ILogger log)
{
    private readonly ConcurrentDictionary<string, MapRunRecord> _runs = new(StringComparer.Ordinal);

    /// <summary>The runs of an execution.</summary>
    public IEnumerable<MapRunRecord> RunsOf(StoredExecution execution) => engine.MapRunsOf(execution)
        .Select(run => new MapRunRecord(execution.Arn, execution.Key, run));

    /// <summary>The run of that ARN, of an execution that runs or has ended; null when there is none.</summary>
    public MapRunRecord? Find(string arn)
    {
        if (_runs.TryGetValue(arn, out var known))
        {
            return known;
        }

        // Of an earlier kernel: whose it was, its items know.
        var item = engine.Store.List(new ExecutionQuery { Run = arn, Max = 1 });
        var parent = item.Count > 0 ? engine.Store.Find(ExecutionHead.Read(item[0].Head).ParentKey) : null;
        return parent is null ? null : RunsOf(parent).FirstOrDefault(run => run.State.Arn == arn);
    }

    public void Do(LiveExecution execution, WorkflowEffect effect)
    {
        switch (effect)
        {
            case WorkflowEffect.TellMapRun tell:
                Told(new MapRunRecord(execution.Head.Arn, execution.Key, tell.MapRun));
                break;
            case WorkflowEffect.StartChild start:
                background.Run(_ => StartAsync(execution, start.Child));
                break;
            case WorkflowEffect.StopChildren stop:
                foreach (var child in engine.Running.Where(child => child.Head.MapRunArn == stop.MapRunArn))
                {
                    child.Post(at => new ExecutionEvent.Stopped(at, null, null));
                }

                break;
            case WorkflowEffect.ReadItems read:
                background.Run(stopping => ReadAsync(execution, read, stopping));
                break;
            case WorkflowEffect.WriteResults write:
                background.Run(stopping => WriteAsync(execution, write, stopping));
                break;
            default:
                throw new ArgumentException($"no runner for {effect.GetType().Name}");
        }
    }

    /// <summary>The execution of an item has ended.</summary>
    public void ChildEnded(LiveExecution child, ExecutionEnd end) =>
        Tell(child.Head.ParentKey, child.Head.ParentTask, child.Head.ParentIndex, end);

    // One that has ended is found in its execution's records, for whoever asks.
    private void Told(MapRunRecord run)
    {
        if (run.State.EndedAt is null)
        {
            _runs[run.State.Arn] = run;
        }
        else
        {
            _runs.TryRemove(run.State.Arn, out _);
        }
    }

    private void Tell(long parent, long task, int index, ExecutionEnd end) =>
        engine.Find(parent)?.Post(at => new ExecutionEvent.ChildEnded(
            at, task, index, end.Status, end.Output, end.Error, end.Cause));

    private async Task StartAsync(LiveExecution parent, ChildStart child)
    {
        var machine = parent.Head.MachineName;
        var label = child.MapRunArn.Split(':')[6].Split('/')[^1];
        var options = engine.Options;
        ExecutionHead head = new()
        {
            Arn = child.IsExpress
                ? options.Arn("express", $"{machine}/{label}:{child.Name}:{child.Name}")
                : options.Arn("execution", $"{machine}/{label}:{child.Name}"),
            Name = child.Name,
            MachineArn = options.Arn("stateMachine", $"{machine}/{label}"),
            MachineName = $"{machine}/{label}",
            Revision = parent.Head.Revision,
            RoleArn = parent.Head.RoleArn,
            Seed = WorkflowEngine.NewSeed(),
            IsExpress = child.IsExpress,
            Inner = child.Machine.Location,
            MapRunArn = child.MapRunArn,
            ParentKey = parent.Key,
            ParentTask = child.TaskId,
            ParentIndex = child.Index,
            PayloadBytesMax = parent.Head.PayloadBytesMax,
            Rolls = parent.Head.Rolls,
        };
        try
        {
            if (await engine.StartAsync(head, child.Input, null) is null
                && engine.Store.Find(head.Arn) is { Standing: { Status: not 0, Tail: { } tail } })
            {
                // The kernel before this one had started it, and it has ended since.
                var end = ExecutionEnd.Read(tail);
                Tell(
                    parent.Key,
                    child.TaskId,
                    child.Index,
                    end with { Output = engine.OutputOf(head.Arn, end) });
            }
        }
        catch (Exception failed) when (failed is Journal.JournalStoreException or PayloadException)
        {
            // Its item has failed, and what the definition tolerates, retries and catches applies: nothing else would.
            log.ExecutionNotKept(head.Arn, failed.Message);
            Tell(parent.Key, child.TaskId, child.Index, new ExecutionEnd(
                ExecutionStatus.Failed,
                JsonValue.Undefined,
                "StepFunctions.ServiceUnavailable",
                $"the execution of the item could not be kept: {failed.Message}",
                engine.Time.GetUtcNow(),
                0));
        }
    }

    private async Task ReadAsync(LiveExecution execution, WorkflowEffect.ReadItems read, CancellationToken stopping)
    {
        try
        {
            var items = await files.ReadAsync(read.Reader, read.Parameters, read.ItemsMax, stopping);
            execution.Post(at => new ExecutionEvent.ItemsRead(at, read.TaskId, items));
        }
        catch (MapFileException failed)
        {
            execution.Post(at => new ExecutionEvent.ItemsUnreadable(at, read.TaskId, failed.Error, failed.Message));
        }
    }

    private async Task WriteAsync(
        LiveExecution execution, WorkflowEffect.WriteResults write, CancellationToken stopping)
    {
        try
        {
            var where = await files.WriteAsync(
                write.Writer, write.Parameters, write.MapRunArn, write.Results, stopping);
            execution.Post(at => new ExecutionEvent.ResultsWritten(at, write.TaskId, where));
        }
        catch (MapFileException failed)
        {
            execution.Post(
                at => new ExecutionEvent.ResultsUnwritable(at, write.TaskId, failed.Error, failed.Message));
        }
    }
}

/// <summary>One run of a distributed Map.</summary>
internal sealed record MapRunRecord(string ExecutionArn, long ExecutionKey, MapRunState State);
