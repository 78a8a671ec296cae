using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Sockets;
using Analemma.Daemon.Workflows.Functions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>Environments that do what chance says, and a clock that moves by hand.</summary>
internal sealed class FunctionWorld : IEnvironmentLauncher
{
    /// <summary>Environments that all functions have together.</summary>
    public const int RoomMax = 5;

    private readonly Random _random;
    private readonly HandClock _time = new();
    private readonly CallTable _calls = new();
    private readonly List<Agent> _agents = [];
    private long _lastCall;

    public FunctionWorld(int seed)
    {
        _random = new Random(seed);
        Room = new EnvironmentRoom(RoomMax);
        FunctionServices services = new(_calls, Room, this, _time);
        Pools =
        [
            new FunctionPool(Function("a") with { Concurrency = 3, UsesMax = 4 }, services),
            new FunctionPool(Function("b") with { Concurrency = 9 }, services),
            new FunctionPool(Function("c") with { Reserved = 2 }, services),
        ];
        Room.Reserve(2);
    }

    public EnvironmentRoom Room { get; }

    /// <summary>Whether environments take events ahead.</summary>
    public bool AreAhead { get; init; }

    /// <summary>Whether environments wait for recalls only when they have events.</summary>
    public bool IsRecallLate { get; init; }

    /// <summary>How many events each environment has that has any.</summary>
    public IEnumerable<int> Held =>
        _agents.Select(each => each.Environment.Has.Count).Where(count => count > 0);

    /// <summary>When an event is on its way to an environment.</summary>
    public Action Sending { get; set; } = static () => { };

    /// <summary>When an environment is given an event.</summary>
    public Action Sent { get; set; } = static () => { };

    public FunctionPool[] Pools { get; }

    public List<Invocation> Invocations { get; } = [];

    public int Living => _agents.Count;

    public void Start(FunctionPool pool, FunctionEnvironment environment) =>
        _agents.Add(new Agent(pool, environment));

    // It ends later, as processes do.
    public void Kill(FunctionEnvironment environment) =>
        _agents.Single(each => each.Environment == environment).IsKilled = true;

    public void Step()
    {
        var pool = Pools[_random.Next(Pools.Length)];
        switch (_random.Next(12))
        {
            case < 4:
                Invoke(pool);
                break;
            case < 9 when _agents.Count > 0:
                Act(_agents[_random.Next(_agents.Count)]);
                break;
            case 9 when Invocations.Count > 0:
                Cancel(pool);
                break;
            case 10 when !AreAhead || _random.Next(20) == 0:
                Advance(TimeSpan.FromMilliseconds(_random.Next(3000)));
                break;
            case 10 when _random.Next(4) == 0:
                Advance(EventPace.RecallAfter);
                break;
            case 11 when _random.Next(6) == 0:
                pool.Change(pool.Function with { Handler = $"h{_random.Next()}" });
                break;
        }
    }

    /// <summary>Lets a pool see that its function's events are over in a moment.</summary>
    public void BeQuick(FunctionPool pool)
    {
        for (var n = 0; n < 200; n++)
        {
            Invoke(pool);
            AnswerAll();
            AnswerAll();
        }

        Assert.All(Invocations, each => Assert.True(each.IsOver));
    }

    public void InvokeAll(FunctionPool pool, int count)
    {
        for (var n = 0; n < count; n++)
        {
            Invoke(pool);
        }
    }

    public void AskRecall()
    {
        foreach (var agent in _agents.Where(_ => IsRecallLate).ToList())
        {
            Ask(agent, new FunctionNext { Recall = true });
        }
    }

    public void Advance(TimeSpan time) => _time.Advance(time);

    public void EndAll()
    {
        foreach (var agent in _agents.ToList())
        {
            End(agent);
        }
    }

    public void Invoke(FunctionPool pool, string body = "event")
    {
        Invocation invocation = new(new FunctionNextReply
        {
            RequestId = $"r{Invocations.Count}",
            Event = MailBody.Of(body),
        });
        Invocations.Add(invocation);
        pool.Invoke(invocation);
    }

    /// <summary>Each that is there does the next thing that it has to do.</summary>
    /// <param name="but">Who has this one goes on having it.</param>
    public void AnswerAll(Invocation? but = null)
    {
        foreach (var agent in _agents.ToList())
        {
            if (but is null || agent.Has != but.RequestId)
            {
                Answer(agent);
            }
        }
    }

    public void Check()
    {
        Assert.InRange(_agents.Count(each => each.Environment.Function.Reserved is null), 0, RoomMax - 2);
        Assert.InRange(_agents.Count(each => each.Pool == Pools[0]), 0, 3);
        Assert.InRange(_agents.Count(each => each.Pool == Pools[2]), 0, 2);
        var held = _agents.Select(each => each.Environment.Current).Where(each => each is not null).ToList();
        Assert.Equal(held.Count, held.Distinct().Count());
        Assert.All(held, each => Assert.False(each!.IsOver));
        Assert.All(_agents, each => Assert.True(
            each.IsKilled || each.Environment.Has.Select(has => has.RequestId).SequenceEqual(each.Events)));
    }

    /// <summary>Everybody does its work, and then all end.</summary>
    public void Settle()
    {
        for (var turn = 0; turn < 10_000 && Invocations.Any(each => !each.IsOver); turn++)
        {
            AnswerAll();
        }

        foreach (var pool in Pools)
        {
            pool.Remove();
        }

        foreach (var agent in _agents.ToList())
        {
            End(agent);
        }
    }

    private static AgentFunction Function(string name) => new(name)
    {
        Source = "",
        TimeoutMs = 1000,
        IdleMs = 2000,
    };

    // A pool is only told of its own.
    private void Cancel(FunctionPool pool)
    {
        var invocation = Invocations[_random.Next(Invocations.Count)];
        if (invocation.Environment is null || _agents.Any(each =>
            each.Pool == pool && each.Environment == invocation.Environment))
        {
            foreach (var each in Pools)
            {
                each.Cancel(invocation);
            }

            invocation.Finish(default);
        }
    }

    private void Act(Agent agent)
    {
        switch (_random.Next(8))
        {
            case 0:
                End(agent);
                break;
            case 1:
                // Nonsense is refused, and changes nothing.
                Assert.NotNull(agent.Pool.Turn(agent.Environment, new FunctionNext
                {
                    Answer = new FunctionAnswer { RequestId = "of somebody else", Result = "1" },
                }, call: 0));
                break;
            default:
                Answer(agent);
                break;
        }
    }

    private void Answer(Agent agent)
    {
        if (agent.IsKilled)
        {
            End(agent);
            return;
        }

        if (agent.Has is null && agent.Calls.Count > 0)
        {
            return;
        }

        var answer = agent.Has is { } request
            ? new FunctionAnswer { RequestId = request, Result = "1" } : null;
        if (answer is not null)
        {
            agent.Events.RemoveAt(0);
        }

        Ask(agent, new FunctionNext { Answer = answer, Ahead = agent.IsAhead ? true : null });
        if (AreAhead && !agent.IsAhead && answer is not null && !agent.IsKilled)
        {
            agent.IsAhead = true;
            for (var n = 1; n < 8; n++)
            {
                Ask(agent, new FunctionNext { Ahead = true });
            }

            if (!IsRecallLate)
            {
                Ask(agent, new FunctionNext { Recall = true });
            }
        }
    }

    private void Ask(Agent agent, FunctionNext asked)
    {
        var id = ++_lastCall;
        Call call = new(id, reply =>
        {
            agent.Calls.Remove(id);
            if (asked.Recall == true)
            {
                GiveBack(agent);
            }
            else
            {
                Sending();
                agent.Events.Add(reply.RequestId!);
                Sent();
            }
        });
        _calls.Add(call);
        agent.Calls.Add(call.Id);
        if (agent.Pool.Turn(agent.Environment, asked, call.Id) is not null)
        {
            _calls.Remove(call.Id);
            agent.Calls.Remove(call.Id);
        }
    }

    // What it has not begun, the last first.
    private void GiveBack(Agent agent)
    {
        while (agent.Events.Count > 1)
        {
            FunctionAnswer returned = new() { RequestId = agent.Events[^1], Returned = true };
            agent.Events.RemoveAt(agent.Events.Count - 1);
            Ask(agent, new FunctionNext { Answer = returned, Ahead = true });
        }

        Ask(agent, new FunctionNext { Recall = true });
    }

    private void End(Agent agent)
    {
        _agents.Remove(agent);
        foreach (var call in agent.Calls)
        {
            _calls.Remove(call);
        }

        agent.Pool.Ended(agent.Environment, request => FunctionErrors.Ended(request, null));
    }

    private sealed class Agent(FunctionPool pool, FunctionEnvironment environment)
    {
        public FunctionPool Pool => pool;

        public FunctionEnvironment Environment => environment;

        public bool IsKilled { get; set; }

        public bool IsAhead { get; set; }

        /// <summary>Its calls that wait.</summary>
        public HashSet<long> Calls { get; } = [];

        /// <summary>The events that it was given; it works on the first.</summary>
        public List<string> Events { get; } = [];

        /// <summary>The event that it works on.</summary>
        public string? Has => Events.Count > 0 ? Events[0] : null;
    }

    private sealed class Call(long id, Action<FunctionNextReply> told)
        : SyscallCall(id, default, new FunctionNext())
    {
        private bool _over;

        public override bool IsOver => _over;

        public override void Reply(Reply reply)
        {
            Assert.False(_over);
            _over = true;
            told((FunctionNextReply)reply);
        }

        public override void Fail(SysError error) => _over = true;

        public override ValueTask<bool> SendRawAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
            new(false);

        public override bool TrySendEvent(EventView piece) => false;
    }
}
