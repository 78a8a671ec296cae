using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;

namespace Analemma.Daemon.Workflows.Functions;

/// <summary>Which events go to which environment, and how they end.</summary>
internal sealed partial class FunctionPool
{
    /// <summary>An environment tells how an event ended, and wants the next. On the kernel's thread.</summary>
    public SysError? Turn(FunctionEnvironment environment, FunctionNext asked, long call)
    {
        bool isMore;
        lock (_gate)
        {
            if (environment.State is EnvironmentState.Ending)
            {
                return new SysError(SysErrorCode.WrongState, "this environment is being ended");
            }

            if (asked.Answer is { } answer && Settle(environment, answer) is { } wrong)
            {
                return wrong;
            }

            if (asked.Wait == false || environment.State is EnvironmentState.Ending)
            {
                _services.Calls.Remove(call)?.Reply(new FunctionNextReply());
                if (environment is { State: EnvironmentState.Between, Calls.Count: > 0 })
                {
                    Free(environment);
                }
            }
            else if (asked.Recall == true)
            {
                environment.Recall = call;
                if (environment.Has.Count > 1)
                {
                    ArmEvent(environment);
                }
            }
            else if (Take(environment, call, asked.Ahead == true) is { } refused)
            {
                return refused;
            }

            isMore = asked.Answer is null or { Returned: true } || environment.State is EnvironmentState.Ending;
        }

        environment.Send();

        // Another that waits may need an environment yet.
        if (isMore)
        {
            Pump();
        }

        return null;
    }

    private SysError? Settle(FunctionEnvironment environment, FunctionAnswer answer)
    {
        ReadOnlySpan<bool> said =
        [
            answer.Value is not null, answer.Result is not null, answer.ErrorType is not null, answer.Returned == true,
        ];
        if (said.Count(true) != 1)
        {
            return SysError.InvalidArgument("answer: give value, or result, or error_type and error, or returned");
        }

        if (answer.RequestId is null)
        {
            if (environment.State is not EnvironmentState.Starting || answer.ErrorType is null)
            {
                return SysError.InvalidArgument("answer.request_id: the event that is answered");
            }

            FailOldest(_ => new InvocationEnd(answer.ErrorType, answer.Error));
            End(environment);
            return null;
        }

        var at = environment.IndexOf(answer.RequestId);
        if (at < 0)
        {
            return new SysError(
                SysErrorCode.WrongState, $"this environment has no event {answer.RequestId}", "it may have been late");
        }

        var ended = environment.Has[at];
        environment.Has.RemoveAt(at);
        if (answer.Returned == true)
        {
            Again(ended);
            if (at == 0)
            {
                Rest(environment);
            }

            return null;
        }

        environment.Uses++;
        if (at == 0)
        {
            _pace.Took(environment.BegunAt);
            Rest(environment);
        }

        ended.Finish(new InvocationEnd(answer.ErrorType, answer.Error)
        {
            Result = answer.Result,
            Value = answer.Value,
        });
        return null;
    }

    // What it has left begins now, at the earliest.
    private void Rest(FunctionEnvironment environment)
    {
        environment.BegunAt = _services.Time.GetTimestamp();
        if (environment.Current is not { } next)
        {
            environment.State = EnvironmentState.Between;
            environment.Arm(_services.Time, InitTime);
        }
        else if (next.IsOver)
        {
            // Nobody wants any more what it has just begun.
            DropFirst(environment);
            End(environment);
        }
        else
        {
            ArmEvent(environment);
        }
    }

    // One more call that waits for an event.
    private SysError? Take(FunctionEnvironment environment, long call, bool isAhead)
    {
        var isOneMore = isAhead ? environment.Calls.Count >= CallsMax : environment.Calls.Count > 0;
        if (isOneMore)
        {
            // Those that hung up while they waited are no more.
            environment.Forget(each => _services.Calls.Find(each) is null);
            isOneMore = isAhead ? environment.Calls.Count >= CallsMax : environment.Calls.Count > 0;
        }

        if (isOneMore || (!isAhead && environment.Current is not null))
        {
            return new SysError(
                SysErrorCode.WrongState, "this environment has an event, or waits for one", "answer it first");
        }

        if (environment.State is EnvironmentState.Starting)
        {
            _starting--;
            environment.State = EnvironmentState.Between;
        }

        environment.Calls.Enqueue(call);
        if (environment.State is EnvironmentState.Between)
        {
            Free(environment);
        }
        else if (environment.State is EnvironmentState.Busy && _waiting.First is { } next
            && HasRoom(environment, next.Value))
        {
            _waiting.RemoveFirst();
            Give(environment, next.Value);
        }

        return null;
    }

    // It waits for an event: there is one, or it is idle, or it has had its time. Where another function has found no
    // room, it makes room instead of being idle.
    private void Free(FunctionEnvironment environment)
    {
        var isOld = _removed || environment.Function != _function
            || (_function.UsesMax > 0 && environment.Uses >= _function.UsesMax);
        var isAnothers = _waiting.Count == 0 && _function.Reserved is null && _services.Room.IsWantedBut(this);
        if (isOld || isAnothers)
        {
            End(environment);
        }
        else if (_waiting.First is { } next)
        {
            _waiting.RemoveFirst();
            Give(environment, next.Value);
        }
        else
        {
            environment.State = EnvironmentState.Idle;
            environment.Arm(_services.Time, TimeSpan.FromMilliseconds(_function.IdleMs));
            _idle.Add(environment);
        }
    }

    // Who has events already has the next one soonest, while all it has is over in a moment: nobody has to be woken.
    private FunctionEnvironment? Choose(Invocation invocation)
    {
        FunctionEnvironment? chosen = null;
        if (_pace.AheadMax > 1)
        {
            foreach (var each in _all)
            {
                if (each.State is EnvironmentState.Busy && each.Has.Count < (chosen?.Has.Count ?? int.MaxValue)
                    && HasRoom(each, invocation))
                {
                    chosen = each;
                }
            }
        }

        return chosen ?? (_idle.Count > 0 ? _idle[^1] : null);
    }

    private bool HasRoom(FunctionEnvironment environment, Invocation invocation) => environment.Calls.Count > 0
        && environment.Has.Count < _pace.AheadMax
        && environment.Function == _function
        && (_function.UsesMax == 0 || environment.Uses + environment.Has.Count < _function.UsesMax)
        && !_pace.IsLate(environment.BegunAt)
        && !invocation.IsLarge && !environment.Has[0].IsLarge;

    // It is sent once nobody is held by the gate.
    private void Give(FunctionEnvironment environment, Invocation invocation)
    {
        _idle.Remove(environment);
        SyscallCall? call = null;
        while (call is null && environment.Calls.TryDequeue(out var waiting))
        {
            call = _services.Calls.Remove(waiting);
        }

        if (call is null)
        {
            // It has gone, and its end will be told.
            Again(invocation);
            End(environment);
            return;
        }

        environment.State = EnvironmentState.Busy;
        environment.Has.Add(invocation);
        invocation.Environment = environment;
        if (environment.Has.Count == 1)
        {
            environment.BegunAt = _services.Time.GetTimestamp();
        }

        ArmEvent(environment);
        environment.Post(new EventDelivery(call, invocation.Event with
        {
            DeadlineMs = (_services.Time.GetUtcNow() + TimeOf(environment)).ToUnixTimeMilliseconds(),
        }));
    }

    // Rings when its event is late; or when others wait behind it and it takes longer than those did that let them.
    private void ArmEvent(FunctionEnvironment environment)
    {
        var due = environment.Has.Count > 1 && environment.Recall != 0 ? EventPace.RecallAfter : TimeOf(environment);
        var left = due - _services.Time.GetElapsedTime(environment.BegunAt);
        environment.Arm(_services.Time, left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }

    private static TimeSpan TimeOf(FunctionEnvironment environment) =>
        TimeSpan.FromMilliseconds(environment.Function.TimeoutMs);

    // It works on the first no more; it has not begun the others.
    private void DropFirst(FunctionEnvironment environment)
    {
        DropFrom(environment, 1);
        environment.Has.Clear();
    }

    private void DropFrom(FunctionEnvironment environment, int first)
    {
        for (var last = environment.Has.Count - 1; last >= first; last--)
        {
            Again(environment.Has[last]);
            environment.Has.RemoveAt(last);
        }
    }

    // It was not begun, and goes before all others that wait.
    private void Again(Invocation invocation)
    {
        invocation.Environment = null;
        if (_removed)
        {
            invocation.Finish(FunctionErrors.Missing(_function.Name));
        }
        else if (!invocation.IsOver)
        {
            _waiting.AddFirst(invocation);
        }
    }
}
