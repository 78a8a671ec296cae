using System.Collections.Concurrent;
using System.Security.Cryptography;
using Analemma.Daemon.Workflows.Catalog;
using Analemma.Daemon.Workflows.Concurrency;
using Analemma.Daemon.Workflows.Payloads;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Workflow.Admission;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Executions;
using Analemma.Workflow.Hosting;
using Analemma.Workflow.Json;
using Analemma.Workflow.Records;
using Analemma.Workflow.Snapshots;
using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Workflows.Engine;

/// <summary>
/// All executions: starts them, finds them, does what they want done, and takes them up again after a restart.
/// </summary>
internal sealed partial class WorkflowEngine : IDisposable
{
    private static readonly TimeSpan FullBackoff = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, LiveExecution> _byArn = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, LiveExecution> _byKey = new();
    private readonly WorkflowTimers _timers;
    private readonly StateMachines _machines;
    private readonly ILogger _log;
    private TaskRunner? _tasks;
    private DistributedMaps? _maps;
    private long _lastKey;
    private volatile bool _disposed;

    public WorkflowEngine(
        WorkflowOptions options,
        IExecutionStore store,
        ExecutionPayloads payloads,
        StateMachines machines,
        TimeProvider time,
        ILogger log)
    {
        Payloads = payloads;
        Admission = new ExecutionAdmission(options, store, time);
        (Options, Store, _machines, Time, _log) = (options, store, machines, time, log);
        Rolls = new HistoryRolls(store, options);
        Restorer = new ExecutionRestore(store, payloads.Loader, options.Snapshots, log);
        _timers = new WorkflowTimers(time);
        _lastKey = store.LastKey;
    }

    public WorkflowOptions Options { get; }

    public IExecutionStore Store { get; }

    public ExecutionPayloads Payloads { get; }

    /// <summary>Lets histories without an end go on.</summary>
    public HistoryRolls Rolls { get; }

    /// <summary>Makes states of executions again.</summary>
    public ExecutionRestore Restorer { get; }

    public ExecutionAdmission Admission { get; }

    public TimeProvider Time { get; }

    public ReadyTurns Ready { get; } = new();

    public TaskTokens Tokens { get; } = new();

    /// <summary>Who follows executions as they run.</summary>
    public HistoryWatchers Watchers { get; } = new();

    public DistributedMaps Maps => _maps!;

    public IEnumerable<LiveExecution> Running => _byKey.Values;

    /// <summary>Takes up what has not ended. Nothing may have been started before.</summary>
    public void Open(TaskRunner tasks, DistributedMaps maps)
    {
        (_tasks, _maps) = (tasks, maps);
        var open = Store.Open();
        var restored = new (LiveExecution Execution, Resumption Resumption)?[open.Count];
        // Each by itself, and so all processors at once.
        Parallel.For(0, open.Count, i =>
        {
            if (TryTakeUp(open[i], out var execution, out var resumption))
            {
                restored[i] = (execution, resumption);
            }
        });
        foreach (var (execution, resumption) in restored.OfType<(LiveExecution, Resumption)>())
        {
            _byArn[execution.Head.Arn] = execution;
            _byKey[execution.Key] = execution;
            Admission.Restore(execution, resumption.IsHeld);
        }

        // When all are known: some wait for others.
        ResumeAll([.. restored.OfType<(LiveExecution, Resumption)>()]);
        Admission.Admit();
    }

    /// <summary>Looks at all that are asleep, one after the other: what is damaged is told of.</summary>
    public async Task CheckAsync(CancellationToken stopping)
    {
        foreach (var execution in Running)
        {
            if (_disposed || stopping.IsCancellationRequested)
            {
                return;
            }

            execution.Check();
            await Task.Yield();
        }
    }

    /// <summary>
    /// Starts an execution, or lets it wait for a place; completes when that is durable. Null when its ARN is taken.
    /// </summary>
    /// <exception cref="Api.ApiRefusedException">Too many wait already.</exception>
    /// <exception cref="JournalStoreException">The store takes nothing new now.</exception>
    public async Task<LiveExecution?> StartAsync(ExecutionHead head, JsonValue input, string? inputText)
    {
        if (Store.Health.Refusal is { } refusal)
        {
            throw refusal;
        }

        var execution = LiveExecution.New(
            this, Interlocked.Increment(ref _lastKey), head, DefinitionOf(head), Time.GetUtcNow());
        if (!_byArn.TryAdd(head.Arn, execution))
        {
            return null;
        }

        AdmissionAnswer answer;
        try
        {
            if (Store.Find(head.Arn) is not null)
            {
                Leave(execution);
                return null;
            }

            answer = Admission.Ask(execution);
            if (answer is AdmissionAnswer.Refused)
            {
                throw Api.ApiRefusedException.TooManyExecutions();
            }
        }
        catch
        {
            // Nothing of it is anywhere: its name stays good.
            Leave(execution);
            throw;
        }

        _byKey[execution.Key] = execution;
        var isHeld = answer is AdmissionAnswer.Queued;
        await execution.PostAsync(at => new ExecutionEvent.Started(at, input, inputText) { IsHeld = isHeld });
        if (isHeld)
        {
            execution.Waits();
        }

        return execution;
    }

    /// <summary>The execution of that ARN, if it runs.</summary>
    public LiveExecution? Find(string arn) => _byArn.GetValueOrDefault(arn);

    public LiveExecution? Find(long key) => _byKey.GetValueOrDefault(key);

    /// <summary>Takes up one that has ended, to start it again; null when it cannot be read.</summary>
    /// <exception cref="Api.ApiRefusedException">There is no place for it.</exception>
    public LiveExecution? Reopen(StoredExecution stored)
    {
        if (!TryRestore(stored, out var execution, out _))
        {
            return null;
        }

        if (!_byArn.TryAdd(execution.Head.Arn, execution))
        {
            return null;
        }

        try
        {
            // Whoever reopened it meanwhile may have left again, and what was read is then not what is there.
            if (Store.Find(execution.Key)?.Last != stored.Last)
            {
                Leave(execution);
                return null;
            }

            if (Admission.Ask(execution) is not AdmissionAnswer.Admitted)
            {
                throw Api.ApiRefusedException.TooManyExecutions();
            }
        }
        catch
        {
            Leave(execution);
            throw;
        }

        _byKey[execution.Key] = execution;
        return execution;
    }

    /// <summary>What stands in an execution's history, oldest first, as far as it is kept.</summary>
    /// <exception cref="JournalCorruptException">It is not what was written.</exception>
    public IEnumerable<HistoryEvent> History(long key) =>
        new HistoryCursor(Store, key).Read();

    /// <summary>What an execution began with, as text; or what it is, when it is too large for an answer.</summary>
    /// <exception cref="JournalCorruptException">It is not what was written.</exception>
    public StartedInput InputOf(long key)
    {
        var step = new HistoryCursor(Store, key).Steps().First();
        var first = StepRecord.ReadHistory(
            step.IsSegment ? SegmentRecord.First(step.Body.Span) : step.Body.Span)[0];
        return first.Paged?.GetValueOrDefault("input") is { } paged
            ? new StartedInput(null, paged)
            : new StartedInput(first.InputText ?? first.Details["input"].Payload(), null);
    }

    /// <summary>The output of an end that was read.</summary>
    /// <exception cref="PayloadException">It is not there, or not what it was.</exception>
    public JsonValue OutputOf(string arn, ExecutionEnd end) => end.Paged is { } paged && end.Output.IsUndefined
        ? Payloads.Load(paged, $"the output of {arn}")
        : end.Output;

    /// <summary>How the distributed Maps of an execution stand, as its records have it.</summary>
    /// <exception cref="JournalCorruptException">They are not what was written.</exception>
    public IReadOnlyCollection<MapRunState> MapRunsOf(StoredExecution stored)
    {
        var head = ExecutionHead.Read(stored.Head);
        return [.. Restorer.Restore(stored.Key, DefinitionOf(head), head.Identity(Options)).Fold.Open.MapRuns.Values];
    }

    public StateMachineDefinition DefinitionOf(ExecutionHead head) =>
        head.DefinitionIn(_machines.Definition(head.Revision));

    /// <summary>A new seed: nobody can guess it.</summary>
    public static string NewSeed() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    public void Do(LiveExecution execution, WorkflowEffect effect)
    {
        switch (effect)
        {
            case WorkflowEffect.ArmTimer arm:
                _timers.Arm(execution, arm.TimerId, arm.Due);
                break;
            case WorkflowEffect.DisarmTimer disarm:
                _timers.Disarm(execution, disarm.TimerId);
                break;
            case WorkflowEffect.StartTask start:
                _tasks!.Start(execution, new OpenTask(start.Task, IsSubmitted: false));
                break;
            case WorkflowEffect.CancelTask cancel:
                Drop(execution.Take(cancel.TaskId));
                break;
            case WorkflowEffect.Continue:
                execution.Post(at => new ExecutionEvent.Continued(at));
                break;
            case WorkflowEffect.Finish:
                Finish(execution);
                break;
            default:
                _maps!.Do(execution, effect);
                break;
        }
    }

    /// <summary>A task's end is known, or wanted by nobody.</summary>
    public void Drop(RunningTask? task)
    {
        if (task is null)
        {
            return;
        }

        if (task.Token is { } token)
        {
            Tokens.Remove(token);
        }

        task.Cancel();
    }

    /// <summary>It is over, or never began.</summary>
    public void Leave(LiveExecution execution)
    {
        _byArn.TryRemove(new KeyValuePair<string, LiveExecution>(execution.Head.Arn, execution));
        _byKey.TryRemove(new KeyValuePair<long, LiveExecution>(execution.Key, execution));
        Admission.Leave(execution);
    }

    /// <summary>
    /// It cannot be read. Nobody can tell it how its tasks end; what they began goes on, for the next start to find.
    /// </summary>
    public void Lose(LiveExecution execution, Exception why)
    {
        if (!_disposed)
        {
            _log.ExecutionNotRestored(execution.Head.Arn, why.Message);
        }

        foreach (var token in execution.TakeAll().Select(task => task.Token).OfType<string>())
        {
            Tokens.Remove(token);
        }

        Leave(execution);
    }

    /// <summary>What went wrong, when it may be well again later; null when it will not.</summary>
    public static JournalStoreException? Passing(Exception wrong) => wrong switch
    {
        JournalStoreException { StoreIsUsable: true } failed => failed,
        PayloadException { Failure: PayloadFailure.Unavailable } =>
            new JournalStoreException(JournalStoreFailure.Busy, wrong.Message, wrong),
        _ => null,
    };

    public void NotKept(LiveExecution execution, string why) => _log.ExecutionNotKept(execution.Head.Arn, why);

    public void Faulted(LiveExecution execution, Exception fault) =>
        _log.ExecutionFault(execution.Head.Arn, fault.GetType().FullName!, fault.StackTrace ?? "");

    /// <summary>The disk may have room again later; a store that is broken has not before the next start.</summary>
    public void TryAgain(LiveExecution execution, JournalStoreException failure)
    {
        if (failure.StoreIsUsable && !_disposed)
        {
            _ = ResumeLaterAsync(execution);
        }
    }

    public void Dispose()
    {
        // Tasks are not cancelled: they are wanted, by the next kernel.
        _disposed = true;
        _timers.Dispose();
    }

    private async Task ResumeLaterAsync(LiveExecution execution)
    {
        while (!_disposed)
        {
            await Task.Delay(FullBackoff, Time);
            try
            {
                execution.Resume();
                return;
            }
            catch (PayloadException failed) when (failed.Failure is PayloadFailure.Unavailable)
            {
                _log.ExecutionNotRestored(execution.Head.Arn, failed.Message);
            }
            catch (JournalStoreException failed) when (failed.StoreIsUsable)
            {
                // It cannot be read either; later, then.
            }
            catch (ObjectDisposedException) when (_disposed)
            {
                return;
            }
            catch (Exception wrong)
            {
                execution.Lose(wrong);
                return;
            }
        }
    }

    // Its payloads are elsewhere, and cannot be reached now.
    private async Task RestoreLaterAsync(StoredExecution stored)
    {
        await Task.Delay(FullBackoff, Time);
        try
        {
            if (!_disposed && !_byArn.ContainsKey(stored.Arn)
                && TryRestore(stored, out var execution, out var resumption)
                && _byArn.TryAdd(stored.Arn, execution))
            {
                _byKey[execution.Key] = execution;
                Admission.Restore(execution, resumption.IsHeld);
                ResumeLate(execution, resumption);
                Admission.Admit();
            }
        }
        catch (JournalStoreException failed) when (!_disposed)
        {
            _log.ExecutionNotRestored(stored.Arn, failed.Message);
            _ = RestoreLaterAsync(stored);
        }
    }

    private void Finish(LiveExecution execution)
    {
        foreach (var task in execution.TakeAll())
        {
            Drop(task);
        }

        if (execution.Head.ParentKey != 0 && execution.View.End is { } end)
        {
            _maps!.ChildEnded(execution, end);
        }
    }

    // One that only waits is not folded before something happens to it.
    private bool TryTakeUp(StoredExecution stored, out LiveExecution execution, out Resumption resumption)
    {
        try
        {
            var head = ExecutionHead.Read(stored.Head);
            if (StoredWaits.Read(stored, head.Identity(Options)) is { } waiting)
            {
                execution = LiveExecution.Asleep(this, stored, head, DefinitionOf(head), waiting);
                resumption = new Resumption(waiting);
                return true;
            }
        }
        catch (Exception wrong) when (wrong is JournalCorruptException or JsonTextException or KeyNotFoundException)
        {
            _log.WaitsPassedOver(stored.Arn, wrong.Message);
        }

        return TryRestore(stored, out execution, out resumption);
    }

    private bool TryRestore(StoredExecution stored, out LiveExecution execution, out Resumption resumption)
    {
        (execution, resumption) = (null!, null!);
        try
        {
            var head = ExecutionHead.Read(stored.Head);
            var definition = DefinitionOf(head);
            var restored = Restorer.Restore(stored.Key, definition, head.Identity(Options));
            restored.MustEndAt(stored.Last);
            resumption = new Resumption(restored.Fold);
            execution = LiveExecution.Restored(this, stored, head, definition, restored);
            return true;
        }
        catch (Exception wrong) when (wrong is JournalCorruptException or ExecutionDivergedException
            or StepRecordException or SnapshotException or JsonTextException or KeyNotFoundException
            or PayloadException)
        {
            _log.ExecutionNotRestored(stored.Arn, wrong.Message);
            if (wrong is PayloadException { Failure: PayloadFailure.Unavailable } && !_disposed)
            {
                _ = RestoreLaterAsync(stored);
            }

            return false;
        }
    }

    private void Resume(LiveExecution execution, Resumption resumption)
    {
        if (resumption.IsHeld)
        {
            execution.Waits();
        }

        foreach (var timer in resumption.Timers)
        {
            _timers.Arm(execution, timer.TimerId, timer.Due);
        }

        foreach (var (effect, task) in resumption.Again)
        {
            if (task is not null)
            {
                _tasks!.Start(execution, task);
            }
            else
            {
                Do(execution, effect);
            }
        }
    }
}
