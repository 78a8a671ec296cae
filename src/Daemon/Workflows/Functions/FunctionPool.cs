using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Sockets;

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
//
// Events that are over in a moment are given ahead: the next ones lie with the environment when it has answered, and
// nobody has to be woken for each. What has not been begun is asked back when an event takes longer than they did, and
// goes to others, as it does when the environment ends.
/// <summary>The environments of one function, and the invocations that wait for one.</summary>
internal sealed partial class FunctionPool
{
    /// <summary>Invocations that wait; more are throttled.</summary>
    public const int WaitingMax = 10_000;

    /// <summary>How long an environment may take to ask for its first event.</summary>
    public static readonly TimeSpan InitTime = TimeSpan.FromSeconds(60);

    /// <summary>Calls of one environment that wait: the most that it is given ahead.</summary>
    public const int CallsMax = 16;

    private readonly Lock _gate = new();
    private readonly LinkedList<Invocation> _waiting = new();
    private readonly List<FunctionEnvironment> _idle = [];
    private readonly HashSet<FunctionEnvironment> _all = [];
    private readonly FunctionServices _services;
    private AgentFunction _function;
    private EventPace _pace;
    private int _starting;
    private bool _removed;

    public FunctionPool(AgentFunction function, FunctionServices services)
    {
        (_function, _services) = (function, services);
        _pace = new EventPace(services.Time);
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
                DropFirst(environment);
                End(environment);
            }
        }

        Pump();
    }

    /// <summary>The function has another definition: environments of the one before end when they are free.</summary>
    public void Change(AgentFunction function)
    {
        lock (_gate)
        {
            Volatile.Write(ref _function, function);
            _pace = new EventPace(_services.Time);
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
        List<FunctionEnvironment>? given = null;
        lock (_gate)
        {
            while (_waiting.First is { } next && Choose(next.Value) is { } environment)
            {
                _waiting.RemoveFirst();
                Give(environment, next.Value);
                (given ??= []).Add(environment);
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

        foreach (var environment in given ?? [])
        {
            environment.Send();
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

    /// <summary>Its timer has rung.</summary>
    public void Ring(FunctionEnvironment environment)
    {
        SyscallCall? recall = null;
        lock (_gate)
        {
            if (!environment.IsDue(_services.Time))
            {
                return;
            }

            if (environment.Current is { } late)
            {
                var left = TimeOf(environment) - _services.Time.GetElapsedTime(environment.BegunAt);
                if (left > TimeSpan.Zero)
                {
                    environment.Arm(_services.Time, left);
                    recall = _services.Calls.Remove(environment.Recall);
                    environment.Recall = 0;
                }
                else
                {
                    DropFirst(environment);
                    late.Finish(FunctionErrors.TimedOut(late.RequestId, environment.Function.TimeoutMs));
                    End(environment);
                }
            }
            else
            {
                if (environment.State is EnvironmentState.Starting)
                {
                    FailOldest(request => FunctionErrors.InitTimedOut(request, InitTime));
                }

                End(environment);
            }
        }

        recall?.Reply(new FunctionNextReply());
        Pump();
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
                DropFirst(environment);
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
        // How the first ends is told with its end.
        DropFrom(environment, 1);
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
