using Analemma.Workflow.Definitions;
using Analemma.Workflow.Intrinsics;
using Analemma.Workflow.Json;
using Analemma.Workflow.Templates;

namespace Analemma.Workflow.Executions;

/// <summary>A distributed Map: items from a list or a file, an execution for each, results handed on.</summary>
internal static class DistributedSteps
{
    private const string Exceeded = "The specified tolerated failure threshold was exceeded";

    public static void Begin(Turn turn, Frame frame, MapDefinition map, EvaluationScope scope)
    {
        var items = map.Reader is null ? MapSteps.Items(map, scope, scope.Input) : null;
        var concurrency = MapSteps.Concurrency(map, scope);
        turn.Write(frame.Scope, HistoryEventType.MapStateStarted, JsonObject.Of(("length", items?.Count ?? 0)));
        var (count, percentage) = MapSteps.Tolerance(map, scope);
        DistributedRun run = new(turn.NextId(), ArnOf(turn, map), turn.At)
        {
            Input = scope.Input,
            MaxConcurrency = concurrency,
            ToleratedCount = count,
            ToleratedPercentage = percentage,
        };
        var parameters = map.Reader?.Parameters?.Evaluate(scope) ?? default;
        var itemsMax = MapSteps.Whole(map.Reader?.MaxItems, scope);
        frame.Distributed = run;
        turn.State.Tasks.Add(run.TaskId, frame);
        turn.Write(frame.Scope, HistoryEventType.MapRunStarted, JsonObject.Of(("mapRunArn", run.Arn)));
        Tell(turn, frame, run, ExecutionStatus.Running);
        if (items is null)
        {
            // As in the service, none stands for all.
            var limit = itemsMax is > 0 ? itemsMax : null;
            turn.Want(new WorkflowEffect.ReadItems(run.TaskId, map.Reader!, parameters, limit));
            return;
        }

        Prepare(turn, frame, map, run, items);
        StartMore(turn, frame, map, run);
    }

    public static void Apply(Turn turn, ExecutionEvent @event)
    {
        var id = @event switch
        {
            ExecutionEvent.ItemsRead read => read.TaskId,
            ExecutionEvent.ItemsUnreadable unreadable => unreadable.TaskId,
            ExecutionEvent.ChildEnded ended => ended.TaskId,
            ExecutionEvent.ResultsWritten written => written.TaskId,
            ExecutionEvent.ResultsUnwritable unwritable => unwritable.TaskId,
            ExecutionEvent.MapRunChanged changed => changed.TaskId,
            _ => 0,
        };
        if (!turn.State.Tasks.TryGetValue(id, out var frame) || frame.Distributed is not { } run)
        {
            return;
        }

        try
        {
            Apply(turn, frame, (MapDefinition)frame.State, run, @event);
        }
        catch (StateErrorException wrong)
        {
            Failures.Evaluation(turn, frame, wrong);
        }
    }

    /// <summary>Nobody waits for it any more.</summary>
    public static void Cancel(Turn turn, Frame frame)
    {
        if (frame.Distributed is { } run && turn.State.Tasks.Remove(run.TaskId))
        {
            turn.Want(new WorkflowEffect.StopChildren(run.TaskId, run.Arn));
            Tell(turn, frame, run, ExecutionStatus.Aborted);
        }
    }

    /// <summary>Runs again what did not succeed. False when there is nothing that has begun.</summary>
    public static bool Redrive(Turn turn, Frame frame, bool isDeep)
    {
        if (frame.Distributed is not { Inputs: not null } run || frame.State is not MapDefinition map)
        {
            return false;
        }

        run.RedriveCount++;
        run.RedrivenAt = turn.At;
        run.Generation = isDeep ? run.RedriveCount : 0;
        (run.Running, run.IsWriting, run.IsFailing) = (0, false, false);
        run.Again.Clear();
        for (var i = 0; i < Math.Min(run.Next, run.Ended.Length); i++)
        {
            if (run.Ended[i] is not ExecutionStatus.Succeeded)
            {
                run.Ended[i] = null;
                run.Again.Enqueue(i);
            }
        }

        turn.State.Tasks[run.TaskId] = frame;
        turn.Write(
            frame.Scope,
            HistoryEventType.MapRunRedriven,
            JsonObject.Of(("mapRunArn", run.Arn), ("redriveCount", run.RedriveCount)));
        Tell(turn, frame, run, ExecutionStatus.Running);
        StartMore(turn, frame, map, run);
        if (run.Running > 0)
        {
            Tell(turn, frame, run, ExecutionStatus.Running);
        }

        return true;
    }

    private static void Apply(Turn turn, Frame frame, MapDefinition map, DistributedRun run, ExecutionEvent @event)
    {
        switch (@event)
        {
            case ExecutionEvent.ItemsRead read when run.Inputs is null:
                Prepare(turn, frame, map, run, new MapItems(read.Items) { Sources = read.Sources });
                StartMore(turn, frame, map, run);
                break;
            case ExecutionEvent.ItemsUnreadable unreadable:
                Fail(turn, frame, run, unreadable.Error, unreadable.Cause);
                break;
            case ExecutionEvent.ChildEnded ended:
                ChildEnded(turn, frame, map, run, ended);
                break;
            case ExecutionEvent.ResultsWritten written:
                run.AreResultsWritten = map.Writer?.Resource is not null;
                if (run.IsFailing)
                {
                    Fail(turn, frame, run, ErrorNames.ExceedToleratedFailureThreshold, Exceeded);
                    break;
                }

                Succeed(turn, frame, run, written.Output);
                break;
            case ExecutionEvent.ResultsUnwritable when run.IsFailing:
                // Why the run fails is of more use than that nobody could write it down.
                Fail(turn, frame, run, ErrorNames.ExceedToleratedFailureThreshold, Exceeded);
                break;
            case ExecutionEvent.ResultsUnwritable unwritable:
                Fail(turn, frame, run, unwritable.Error, unwritable.Cause);
                break;
            case ExecutionEvent.MapRunChanged changed:
                run.MaxConcurrency = changed.MaxConcurrency ?? run.MaxConcurrency;
                run.ToleratedCount = changed.ToleratedCount ?? run.ToleratedCount;
                run.ToleratedPercentage = changed.ToleratedPercentage ?? run.ToleratedPercentage;
                if (!run.IsFailing)
                {
                    StartMore(turn, frame, map, run);
                }

                break;
        }
    }

    private static void Prepare(Turn turn, Frame frame, MapDefinition map, DistributedRun run, MapItems items)
    {
        var inputs = ItemBatches.Make(turn, frame, map, run.Input, items);
        run.Inputs = [.. inputs.Select(input => input.Value)];
        run.Sizes = [.. inputs.Select(input => input.Items)];
        run.Results = new JsonValue[inputs.Count];
        run.Ended = new ExecutionStatus?[inputs.Count];
    }

    private static void StartMore(Turn turn, Frame frame, MapDefinition map, DistributedRun run)
    {
        var limit = run.MaxConcurrency == 0 ? ExecutionLimits.DistributedConcurrencyMax : run.MaxConcurrency;
        while (run.Running < limit && (run.Again.Count > 0 || run.Next < run.Inputs!.Count))
        {
            var isAgain = run.Again.Count > 0;
            var index = isAgain ? run.Again.Dequeue() : run.Next++;
            run.Running++;
            turn.Want(new WorkflowEffect.StartChild(new ChildStart(
                run.TaskId,
                run.Arn,
                index,
                IntrinsicFunctions.Uuid(turn.Chance.Next()),
                map.Processor,
                run.Inputs![index])
            {
                StateName = map.Name,
                IsExpress = map.IsExpress,
                ItemCount = run.Sizes[index],
                MapRedrive = run.Generation,
                IsAgain = isAgain && run.Generation > 0,
            }));
        }

        if (run.Running == 0 && !run.IsWriting)
        {
            Complete(turn, frame, map, run);
        }
    }

    private static void ChildEnded(
        Turn turn, Frame frame, MapDefinition map, DistributedRun run, ExecutionEvent.ChildEnded ended)
    {
        // Who was stopped with the Map may end when that is redriven already.
        if (ended.Index < 0 || ended.Index >= run.Ended.Length || run.Ended[ended.Index] is not null
            || ended.MapRedrive < run.Generation)
        {
            return;
        }

        run.Running--;
        run.Ended[ended.Index] = ended.Status;
        run.Results[ended.Index] = ended.Status is ExecutionStatus.Succeeded ? ended.Output : default;
        Tell(turn, frame, run, ExecutionStatus.Running);
        if (run.IsFailing)
        {
            return;
        }

        if (run.IsBeyondTolerance())
        {
            GiveUp(turn, frame, map, run);
            return;
        }

        StartMore(turn, frame, map, run);
    }

    // What has come of it so far is written before it fails (Developer Guide, ResultWriter: FAILED and PENDING).
    private static void GiveUp(Turn turn, Frame frame, MapDefinition map, DistributedRun run)
    {
        if (map.Writer?.Resource is null)
        {
            Fail(turn, frame, run, ErrorNames.ExceedToleratedFailureThreshold, Exceeded);
            return;
        }

        if (run.Running > 0)
        {
            turn.Want(new WorkflowEffect.StopChildren(run.TaskId, run.Arn));
        }

        run.IsFailing = true;
        Write(turn, frame, map.Writer, run);
    }

    private static void Complete(Turn turn, Frame frame, MapDefinition map, DistributedRun run)
    {
        var results = ResultsOf(run);
        var writer = map.Results;
        // All that is told of an execution is known to who has it.
        if (writer.Resource is null && writer.Transformation != "NONE" && results.Count == run.Results.Length)
        {
            Succeed(turn, frame, run, writer.Transformation == "FLATTEN" ? Flat(results) : results);
            return;
        }

        Write(turn, frame, writer, run);
    }

    private static void Write(Turn turn, Frame frame, ResultWriterDefinition writer, DistributedRun run)
    {
        run.IsWriting = true;
        var parameters = writer.Parameters?.Evaluate(DataFlow.Scope(turn, frame, run.Input)) ?? default;
        turn.Want(new WorkflowEffect.WriteResults(run.TaskId, writer, parameters, run.Arn, ResultsOf(run))
        {
            IsFailed = run.IsFailing,
            Open = run.IsFailing ? OpenOf(run) : JsonArray.Empty,
        });
    }

    // Which of them were begun is known to who starts them.
    private static JsonArray OpenOf(DistributedRun run)
    {
        JsonArrayBuilder open = new();
        for (var i = 0; i < run.Inputs!.Count; i++)
        {
            if (run.Ended[i] is null)
            {
                open.Add(JsonArray.Of(i, run.Inputs[i]));
            }
        }

        return open.Build();
    }

    private static JsonArray ResultsOf(DistributedRun run) =>
        JsonArray.Of([.. run.Results.Where(result => result.IsDefined)]);

    private static void Succeed(Turn turn, Frame frame, DistributedRun run, JsonValue output)
    {
        turn.State.Tasks.Remove(run.TaskId);
        frame.Distributed = null;
        frame.FollowsId = frame.Scope.LastEventId;
        turn.Write(frame.Scope, HistoryEventType.MapRunSucceeded);
        Tell(turn, frame, run, ExecutionStatus.Succeeded);
        turn.Write(frame.Scope, HistoryEventType.MapStateSucceeded);
        StateSteps.LeaveWith(turn, frame, output);
    }

    private static void Fail(Turn turn, Frame frame, DistributedRun run, string error, string? cause)
    {
        turn.State.Tasks.Remove(run.TaskId);
        if (run.Running > 0)
        {
            turn.Want(new WorkflowEffect.StopChildren(run.TaskId, run.Arn));
        }

        turn.Write(frame.Scope, HistoryEventType.MapRunFailed, Details.Failure(error, cause));
        Tell(turn, frame, run, ExecutionStatus.Failed);
        Failures.Fail(turn, frame, error, cause);
    }

    private static void Tell(Turn turn, Frame frame, DistributedRun run, ExecutionStatus status)
    {
        var endedAt = status is ExecutionStatus.Running ? (DateTimeOffset?)null : turn.At;
        turn.Want(new WorkflowEffect.TellMapRun(run.ToState(frame.State.Name, status, endedAt)));
    }

    private static JsonValue Flat(JsonArray results)
    {
        JsonArrayBuilder flat = new(results.Count);
        foreach (var result in results)
        {
            if (result.TryGetArray(out var inner))
            {
                flat.AddRange(inner.Items);
            }
            else
            {
                flat.Add(result);
            }
        }

        return flat.Build();
    }

    private static string ArnOf(Turn turn, MapDefinition map)
    {
        var identity = turn.Identity;
        var label = map.Label ?? IntrinsicFunctions.Uuid(turn.Chance.Next());
        return $"arn:{identity.Partition}:states:{identity.Region}:{identity.Account}:mapRun:"
            + $"{identity.StateMachineName}/{label}:{IntrinsicFunctions.Uuid(turn.Chance.Next())}";
    }
}
