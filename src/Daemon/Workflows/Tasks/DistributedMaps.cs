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
    private readonly ConcurrentDictionary<ChildStarting, bool> _starting = new();
    private readonly MapRedrives _redrives = new(engine);

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
                ChildStarting starting = new(execution, start.Child);
                _starting[starting] = true;
                background.Run(stopping => StartAsync(starting, stopping));
                break;
            case WorkflowEffect.StopChildren stop:
                // Those that are not among the running yet look when they are.
                foreach (var begun in _starting.Keys.Where(
                    begun => begun.Parent == execution && begun.Child.TaskId == stop.TaskId))
                {
                    begun.IsStopped = true;
                }

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
        Tell(child.Head.ParentKey, child.Head.ParentTask, child.Head.ParentIndex, MapRedrives.EndOf(child.Head, end));

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
            _redrives.Forget(run.State.Arn);
        }
    }

    private void Tell(long parent, long task, int index, ExecutionEnd end) =>
        engine.Find(parent)?.Post(at => new ExecutionEvent.ChildEnded(
            at, task, index, end.Status, end.Output, end.Error, end.Cause)
        {
            MapRedrive = end.MapRedrive,
        });

    private async Task StartAsync(ChildStarting starting, CancellationToken stopping)
    {
        try
        {
            if (!starting.IsStopped)
            {
                await StartAsync(starting.Parent, starting.Child, starting, stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The next kernel does it again.
        }
        finally
        {
            _starting.TryRemove(starting, out _);
            starting.End();
        }
    }

    private ExecutionHead HeadOf(LiveExecution parent, ChildStart child)
    {
        var machine = parent.Head.MachineName;
        var label = child.MapRunArn.Split(':')[6].Split('/')[^1];
        var options = engine.Options;
        return new ExecutionHead
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
            MapRedrive = child.MapRedrive,
            ItemCount = child.ItemCount,
            PayloadBytesMax = parent.Head.PayloadBytesMax,
            Rolls = parent.Head.Rolls,
            SecondsMax = options.Strict && child.IsExpress ? ExecutionLimits.ExpressSecondsMax : null,
        };
    }

    private async Task StartAsync(
        LiveExecution parent, ChildStart child, ChildStarting starting, CancellationToken stopping)
    {
        var head = HeadOf(parent, child);
        try
        {
            if (_redrives.BegunOf(child) is { } begun)
            {
                if (await _redrives.RedriveAsync(begun, starting, stopping) is { } ended)
                {
                    Tell(parent.Key, child.TaskId, child.Index, ended);
                }

                return;
            }

            var started = await engine.StartAsync(head, child.Input, null);
            if (started is not null && starting.IsStopped)
            {
                started.Post(at => new ExecutionEvent.Stopped(at, null, null));
            }
            else if (started is null
                && engine.Store.Find(head.Arn) is { Standing: { Status: not 0, Tail: { } tail } })
            {
                // The kernel before this one had started it, and it has ended since.
                var end = MapRedrives.EndOf(head, ExecutionEnd.Read(tail));
                Tell(
                    parent.Key,
                    child.TaskId,
                    child.Index,
                    end with { Output = engine.OutputOf(head.Arn, end) });
            }
        }
        catch (Exception failed) when (failed is not OperationCanceledException || !stopping.IsCancellationRequested)
        {
            // Its item has failed, and what the definition tolerates, retries and catches applies: nothing else would.
            log.ExecutionNotKept(head.Arn, failed.Message);
            Tell(parent.Key, child.TaskId, child.Index, new ExecutionEnd(
                ExecutionStatus.Failed,
                JsonValue.Undefined,
                "StepFunctions.ServiceUnavailable",
                $"the execution of the item could not be kept: {failed.Message}",
                engine.Time.GetUtcNow(),
                0)
            {
                MapRedrive = child.MapRedrive,
            });
        }
    }

    private async Task ReadAsync(LiveExecution execution, WorkflowEffect.ReadItems read, CancellationToken stopping)
    {
        try
        {
            var (items, sources) = await files.ReadAsync(read.Reader, read.Parameters, read.ItemsMax, stopping);
            execution.Post(at => new ExecutionEvent.ItemsRead(at, read.TaskId, items) { Sources = sources });
        }
        catch (MapFileException failed)
        {
            execution.Post(at => new ExecutionEvent.ItemsUnreadable(at, read.TaskId, failed.Error, failed.Message));
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            // The next kernel does it again.
        }
        catch (Exception fault)
        {
            log.TaskFault(read.Reader.Resource.Arn, fault.GetType().FullName!, fault.StackTrace ?? "");
            execution.Post(at => new ExecutionEvent.ItemsUnreadable(
                at,
                read.TaskId,
                "States.ItemReaderFailed",
                $"The items of {read.Reader.Resource.Arn} could not be read: {fault.GetType().Name}"));
        }
    }

    // Those of a run that fails, again when the kernel before this one has stopped them: it may not have come to all.
    private async Task StopAsync(
        LiveExecution execution, WorkflowEffect.WriteResults write, CancellationToken stopping)
    {
        foreach (var begun in _starting.Keys.Where(
            begun => begun.Parent == execution && begun.Child.TaskId == write.TaskId))
        {
            begun.IsStopped = true;
            await begun.Done.WaitAsync(stopping);
        }

        foreach (var child in engine.Running.Where(child => child.Head.MapRunArn == write.MapRunArn).ToArray())
        {
            child.Post(at => new ExecutionEvent.Stopped(at, null, null));
            await child.Ended.WaitAsync(stopping);
        }
    }

    private async Task WriteAsync(
        LiveExecution execution, WorkflowEffect.WriteResults write, CancellationToken stopping)
    {
        try
        {
            if (write.IsFailed)
            {
                await StopAsync(execution, write, stopping);
            }

            var results = MapResults.Of(engine, write.MapRunArn, write.Open) with
            {
                Redrives = Find(write.MapRunArn)?.State.RedriveCount ?? 0,
            };
            var output = write.Writer.Resource is null
                ? results.All(write.Writer)
                : await files.WriteAsync(write.Writer, write.Parameters, write.MapRunArn, results, stopping);
            execution.Post(at => new ExecutionEvent.ResultsWritten(at, write.TaskId, output));
        }
        catch (MapFileException failed)
        {
            execution.Post(
                at => new ExecutionEvent.ResultsUnwritable(at, write.TaskId, failed.Error, failed.Message));
        }
        catch (Exception) when (stopping.IsCancellationRequested)
        {
            // The next kernel does it again.
        }
        catch (Exception fault)
        {
            log.TaskFault(write.MapRunArn, fault.GetType().FullName!, fault.StackTrace ?? "");
            execution.Post(at => new ExecutionEvent.ResultsUnwritable(
                at,
                write.TaskId,
                "States.ResultWriterFailed",
                $"The results of {write.MapRunArn} could not be written: {fault.GetType().Name}"));
        }
    }
}

/// <summary>The execution of an item that is being started.</summary>
internal sealed class ChildStarting(LiveExecution parent, ChildStart child)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private volatile bool _isStopped;

    public LiveExecution Parent => parent;

    public ChildStart Child => child;

    /// <summary>Whether its Map has ended meanwhile.</summary>
    public bool IsStopped
    {
        get => _isStopped;
        set => _isStopped = value;
    }

    /// <summary>It is among the running, or will never be.</summary>
    public Task Done => _done.Task;

    public void End() => _done.TrySetResult();
}

/// <summary>One run of a distributed Map.</summary>
internal sealed record MapRunRecord(string ExecutionArn, long ExecutionKey, MapRunState State);
