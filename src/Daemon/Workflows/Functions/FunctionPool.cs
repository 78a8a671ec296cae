using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;

namespace Analemma.Daemon.Workflows.Functions;

// A FUNCTION'S ENVIRONMENTS
//
//   invoke ─► an idle environment, else the queue ─► FUNCTIONNEXT answers with the event ─► handler
//                                                                                             │
//   caller ◄──────────── FUNCTIONNEXT tells the result, and asks for the next event ◄─────────┘
//
// An environment is an agent that takes one event at a time; so many invocations run at once as there are environments.
// More are started while some wait, a few at a time, up to the function's limit. One ends when it has waited too long,
// has taken as many events as it may, was too late, or ended by itself; or when the function has changed.
/// <summary>The environments of one function, and the invocations that wait for one.</summary>
internal sealed class FunctionPool
{
    /// <summary>Invocations that wait; more are throttled.</summary>
    public const int WaitingMax = 10_000;

    /// <summary>How long an environment may take to ask for its first event.</summary>
    public static readonly TimeSpan InitTime = TimeSpan.FromSeconds(60);

    private readonly Lock _gate = new();
    private readonly LinkedList<Invocation> _waiting = new();
    private readonly List<FunctionEnvironment> _idle = [];
    private readonly HashSet<FunctionEnvironment> _all = [];
    private readonly FunctionServices _services;
    private AgentFunction _function;
    private int _starting;
    private bool _removed;

    public FunctionPool(AgentFunction function, FunctionServices services)
    {
        (_function, _services) = (function, services);
        services.Room.Add(this);
    }

    public AgentFunction Function => Volatile.Read(ref _function);

    /// <summary>Environments, those that have an event, and invocations that wait.</summary>
    public (int Environments, int Busy, int Waiting) Counts
    {
        get
        {
            lock (_gate)
            {
                return (_all.Count, _all.Count(each => each.State is EnvironmentState.Busy), _waiting.Count);
            }
        }
    }

    public IReadOnlyList<ProcessId> Processes
    {
        get
        {
            lock (_gate)
            {
                return [.. _all.Where(each => each.Process != ProcessId.None).Select(each => each.Process)];
            }
        }
    }

    public void Invoke(Invocation invocation)
    {
        lock (_gate)
        {
            if (_removed)
            {
                invocation.Finish(FunctionErrors.Missing(_function.Name));
                return;
            }

            if (_function.EnvironmentsMax == 0 || _waiting.Count >= WaitingMax)
            {
                invocation.Finish(FunctionErrors.Throttled(invocation.RequestId));
                return;
            }

            _waiting.AddLast(invocation);
        }

        Pump();
    }

    /// <summary>Nobody wants the result any more. An environment that works on it is ended.</summary>
    public void Cancel(Invocation invocation)
    {
        lock (_gate)
        {
            _waiting.Remove(invocation);
            if (invocation.Environment is { } environment && environment.Current == invocation)
            {
                environment.Current = null;
                End(environment);
            }
        }
    }

    /// <summary>The function has another definition: environments of the one before end when they are free.</summary>
    public void Change(AgentFunction function)
    {
        lock (_gate)
        {
            Volatile.Write(ref _function, function);
            while (_idle.Count > 0)
            {
                End(_idle[^1]);
            }
        }

        Pump();
    }

    /// <summary>The function is gone: whoever waits is told, and what runs comes to its end.</summary>
    public void Remove()
    {
        lock (_gate)
        {
            _removed = true;
            foreach (var invocation in _waiting)
            {
                invocation.Finish(FunctionErrors.Missing(_function.Name));
            }

            _waiting.Clear();
            while (_idle.Count > 0)
            {
                End(_idle[^1]);
            }
        }

        _services.Room.Remove(this);
    }

    /// <summary>Gives what waits to environments that are idle, and starts some more when that is not enough.</summary>
    public void Pump()
    {
        var isStarved = false;
        List<EventDelivery>? given = null;
        lock (_gate)
        {
            while (_waiting.First is { } next && _idle.Count > 0)
            {
                _waiting.RemoveFirst();
                if (Give(_idle[^1], next.Value) is { } delivery)
                {
                    (given ??= []).Add(delivery);
                }
            }

            while (_starting < Math.Min(_waiting.Count, FunctionServices.StartsAtOnceMax)
                && _all.Count < _function.EnvironmentsMax)
            {
                if (_function.Reserved is null && !_services.Room.TryTake(this))
                {
                    isStarved = true;
                    break;
                }

                Start();
            }
        }

        foreach (var delivery in given ?? [])
        {
            delivery.Send();
        }

        if (isStarved)
        {
            _services.Room.Evict(this);
        }
    }

    /// <summary>Ends an environment that waits, for another function to have one.</summary>
    public bool TryEvict()
    {
        lock (_gate)
        {
            if (_function.Reserved is not null || _idle.Count == 0)
            {
                return false;
            }

            End(_idle[0]);
            return true;
        }
    }

    /// <summary>An environment tells how its event ended, and wants the next. On the kernel's thread.</summary>
    public SysError? Turn(FunctionEnvironment environment, FunctionNext asked, long call)
    {
        EventDelivery? given;
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
                return null;
            }

            if (environment.State is EnvironmentState.Idle && _services.Calls.Find(environment.Call) is null)
            {
                // It hung up while it waited, and asks again.
                environment.Call = call;
                return null;
            }

            if (environment.Current is not null || environment.State is EnvironmentState.Idle)
            {
                return new SysError(
                    SysErrorCode.WrongState, "this environment has an event, or waits for one", "answer it first");
            }

            if (environment.State is EnvironmentState.Starting)
            {
                _starting--;
                environment.State = EnvironmentState.Between;
            }

            environment.Call = call;
            given = Free(environment);
        }

        given?.Send();

        // Another that waits may need an environment yet.
        if (asked.Answer is null)
        {
            Pump();
        }

        return null;
    }

    /// <summary>Its timer has rung.</summary>
    public void Ring(FunctionEnvironment environment)
    {
        lock (_gate)
        {
            if (!environment.IsDue(_services.Time))
            {
                return;
            }

            if (environment.Current is { } late)
            {
                environment.Current = null;
                late.Finish(FunctionErrors.TimedOut(late.RequestId, environment.Function.TimeoutMs));
            }
            else if (environment.State is EnvironmentState.Starting)
            {
                FailOldest(request => FunctionErrors.InitTimedOut(request, InitTime));
            }

            End(environment);
        }
    }

    /// <summary>It is spawned. False when nobody wants it any more.</summary>
    public bool Spawned(FunctionEnvironment environment, ProcessId process)
    {
        lock (_gate)
        {
            environment.Process = process;
            return environment.State is not EnvironmentState.Ending;
        }
    }

    /// <summary>It is gone, or could not be spawned.</summary>
    public void Ended(FunctionEnvironment environment, Func<string, InvocationEnd> why)
    {
        lock (_gate)
        {
            if (environment.Current is { } broken)
            {
                environment.Current = null;
                broken.Finish(why(broken.RequestId));
            }
            else if (environment.State is EnvironmentState.Starting)
            {
                FailOldest(why);
            }

            Retire(environment);
            _all.Remove(environment);
            environment.Dispose();
        }

        if (environment.Function.Reserved is null)
        {
            _services.Room.Give();
        }

        Pump();
        _services.Room.Wake();
    }

    private SysError? Settle(FunctionEnvironment environment, FunctionAnswer answer)
    {
        if ((answer.Result is null) == (answer.ErrorType is null))
        {
            return SysError.InvalidArgument("answer: give result, or error_type and error");
        }

        if (answer.RequestId is null)
        {
            if (environment.State is not EnvironmentState.Starting || answer.ErrorType is null)
            {
                return SysError.InvalidArgument("answer.request_id: the event that is answered");
            }

            FailOldest(_ => new InvocationEnd(null, answer.ErrorType, answer.Error));
            End(environment);
            return null;
        }

        if (environment.Current is not { } ended || ended.RequestId != answer.RequestId)
        {
            return new SysError(
                SysErrorCode.WrongState, $"this environment has no event {answer.RequestId}", "it may have been late");
        }

        environment.Current = null;
        environment.State = EnvironmentState.Between;
        environment.Uses++;
        environment.Arm(_services.Time, InitTime);
        ended.Finish(new InvocationEnd(answer.Result, answer.ErrorType, answer.Error));
        return null;
    }

    // It waits for an event: there is one, or it is idle, or it has had its time. Where another function has found no
    // room, it makes room instead of being idle.
    private EventDelivery? Free(FunctionEnvironment environment)
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
            return Give(environment, next.Value);
        }
        else
        {
            environment.State = EnvironmentState.Idle;
            environment.Arm(_services.Time, TimeSpan.FromMilliseconds(_function.IdleMs));
            _idle.Add(environment);
        }

        return null;
    }

    // What is to be sent once nobody is held by the gate; null when the environment has gone.
    private EventDelivery? Give(FunctionEnvironment environment, Invocation invocation)
    {
        _idle.Remove(environment);
        if (_services.Calls.Remove(environment.Call) is not { } call)
        {
            // It has gone, and its end will be told.
            _waiting.AddFirst(invocation);
            End(environment);
            return null;
        }

        var time = TimeSpan.FromMilliseconds(environment.Function.TimeoutMs);
        environment.State = EnvironmentState.Busy;
        environment.Current = invocation;
        invocation.Environment = environment;
        environment.Arm(_services.Time, time);
        return new EventDelivery(call, invocation.Event with
        {
            DeadlineMs = (_services.Time.GetUtcNow() + time).ToUnixTimeMilliseconds(),
        });
    }

    private void Start()
    {
        FunctionEnvironment environment = new(_function, _services.Time, Ring);
        _all.Add(environment);
        _starting++;
        environment.Arm(_services.Time, InitTime);
        _services.Launcher.Start(this, environment);
    }

    private void End(FunctionEnvironment environment)
    {
        if (environment.State is EnvironmentState.Ending)
        {
            return;
        }

        Retire(environment);
        _services.Launcher.Kill(environment);
    }

    private void Retire(FunctionEnvironment environment)
    {
        if (environment.State is EnvironmentState.Starting)
        {
            _starting--;
        }

        _idle.Remove(environment);
        environment.State = EnvironmentState.Ending;
        environment.Disarm();
    }

    // An environment that could not be made was for the one who has waited longest.
    private void FailOldest(Func<string, InvocationEnd> why)
    {
        if (_waiting.First is { } oldest)
        {
            _waiting.RemoveFirst();
            oldest.Value.Finish(why(oldest.Value.RequestId));
        }
    }
}

/// <summary>What pools need of what is around them.</summary>
internal sealed record FunctionServices(
    CallTable Calls, EnvironmentRoom Room, IEnvironmentLauncher Launcher, TimeProvider Time)
{
    /// <summary>Environments of one function that are started at once.</summary>
    public static readonly int StartsAtOnceMax = Math.Max(2, Environment.ProcessorCount);
}
