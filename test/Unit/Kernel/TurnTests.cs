using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;
using Analemma.Unit.Tests.Kernel.Models;

namespace Analemma.Unit.Tests.Kernel;

/// <summary>What a turn takes along, and what it leaves to the next.</summary>
public sealed class TurnTests
{
    private readonly KernelTurns _turns = new(new KernelState());
    private readonly ProcessId _agent = new(1);
    private long _call;

    public TurnTests()
    {
        Turn(new KernelStarted("t", "none", new KernelOptions { Models = ModelBench.Options }) { At = 1 });
        Turn(Asked(new Spawn { Argv = ["a"] }));
        Turn(new SandboxStarted(_agent, "a1", 10, "none", "cold", []) { At = 1 });
        Turn(Asked(ModelBench.Hello, _agent));
        Assert.Equal(["usage.leased"], Turn());
        Assert.Equal([], Turn(Ended()));
        Assert.Equal(["usage.settled"], Turn(Asked(new Llm())));
    }

    private KernelState State => _turns.State;

    [Fact]
    public void Usage_that_waits_is_not_a_turn_and_what_needs_no_disk_passes_it()
    {
        Answer();
        Assert.Null(Turn());
        Assert.Equal([], Turn(Asked(ModelBench.Hello, _agent)));
        Assert.Equal([], Turn(Ended(), Asked(new List())));
    }

    [Fact]
    public void Usage_that_waits_is_written_before_whatever_else_is()
    {
        Answer();
        Assert.Equal(
            ["usage.settled", "syscall.spawn"], Turn(Asked(new List()), Asked(new Spawn { Argv = ["b"] })));
        Assert.Null(Turn());
    }

    [Fact]
    public void Who_looks_at_what_was_spent_sees_what_was_answered()
    {
        foreach (var look in new Syscall[] { new Llm(), new Metrics(), new GetPerms() })
        {
            var before = State.Ledger.Today.Tokens;
            Answer();
            Assert.Equal(["usage.settled"], Turn(Asked(look)));
            Assert.Equal(before + 30, State.Ledger.Today.Tokens);
        }
    }

    [Fact]
    public void Usage_of_many_calls_is_one_record_that_names_them_and_settles_each()
    {
        var before = State.Ledger.Today;
        long[] calls = [.. Enumerable.Range(0, 3).Select(_ =>
        {
            Answer();
            return _call;
        })];
        Assert.Equal(90, State.Models.Answered.Tokens);

        _turns.Arrive(new UsageDue { At = 1 });
        List<DurableRecord> records = [];
        Assert.True(_turns.Begin(records));
        _turns.End();

        var record = Assert.Single(records);
        var settled = Assert.IsType<UsageSettled>(EventCodec.Read(record.Type, record.Body));
        Assert.Equal(calls.Select(call => new CallId(call)), settled.Others!.Prepend(settled.Call));
        Assert.Equal(new Spend(3, 30, 60, settled.Spend.Microdollars), settled.Spend);
        Assert.Equal((before.Tokens + 90, before.Calls + 3), (State.Ledger.Today.Tokens, State.Ledger.Today.Calls));
        Assert.Equal((default, default), (State.Models.Answered, State.Models.Reserved));
    }

    [Fact]
    public void Only_like_usage_is_added_up_and_what_was_said_is_a_record_of_its_own()
    {
        var day = TimeSpan.TicksPerDay;
        UsageSettled first = new(new CallId(1), _agent, "g", "p", "m", new Spend(1, 1, 2, 3)) { At = day };
        UsageLeased lease = new(_agent, "g", 0, 0) { At = day };
        KernelEvent[] others =
        [
            first with { Call = new CallId(2), Process = ProcessId.None },
            first with { Call = new CallId(3), Group = "h" },
            first with { Call = new CallId(4), Provider = "q" },
            first with { Call = new CallId(5), Model = "n" },
            first with { Call = new CallId(6), At = day - 1 },
            first with { Call = new CallId(7), Conversation = 1, Said = [] },
            lease,
        ];
        WaitingEvents waiting = new();
        foreach (var @event in (KernelEvent[])[first, .. others, first with { Call = new CallId(8), At = day + 1 }])
        {
            waiting.Add(@event);
        }

        var taken = waiting.Take();
        var sum = Assert.IsType<UsageSettled>(taken[0]);
        Assert.Equal((new Spend(2, 2, 4, 6), day), (sum.Spend, sum.At));
        Assert.Equal([new CallId(8)], sum.Others);
        Assert.Equal(others, taken.Skip(1));
        Assert.Empty(waiting.Take());
    }

    [Fact]
    public void Usage_that_has_waited_long_enough_is_written()
    {
        Answer();
        Assert.Equal(["usage.settled"], Turn(new UsageDue { At = 1 }));
    }

    /// <summary>What was used is written before the timer that asks whether it was little.</summary>
    [Fact]
    public void A_lease_that_is_used_stays_as_large_as_it_grew()
    {
        var use = State.Models.Budgets.Leases.Of(_agent)!;
        AnswerMany();
        Assert.True(use.Reservations > LeaseUse.ReservationsMin);

        var grown = use.Reservations;
        for (var times = 0; times < 3; times++)
        {
            AnswerMany();
            Assert.Equal(["usage.settled"], Turn(new UsageDue { At = 1 }));
            Assert.Equal(grown, use.Reservations);
        }

        Turn(new UsageDue { At = 1 });
        Assert.Equal(grown / 2, use.Reservations);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_end_of_a_lease_is_written_after_the_answers_that_it_stood_for_have_left(bool isShutdown)
    {
        Turn(Asked(ModelBench.Hello, _agent));
        KernelEvent end = isShutdown
            ? Asked(new Shutdown())
            : new SandboxExited(_agent, 0, null, new Usage()) { At = 1 };
        Assert.Equal([], Turn(Ended(_call - (isShutdown ? 1 : 0)), end));
        Assert.Equal(1, State.Leases.Count);

        var written = Turn()!;
        Assert.Equal(["usage.settled", isShutdown ? "syscall.shutdown" : "sandbox.exited"], written);
        Assert.Equal(0, State.Leases.Count);
    }

    private void AnswerMany()
    {
        for (var calls = 0; calls < 7; calls++)
        {
            Turn(Asked(ModelBench.Hello, _agent));
            while (Turn() is not null)
            {
            }

            Turn(Ended(output: 100));
        }
    }

    private void Answer()
    {
        Turn(Asked(ModelBench.Hello, _agent));
        _turns.Arrive(Ended());
        Assert.True(_turns.Begin([]));
        Assert.Single(_turns.End().OfType<AnswerModelCall>());
    }

    /// <summary>What is written of one turn; null when there is none.</summary>
    private List<string>? Turn(params KernelEvent[] events)
    {
        foreach (var @event in events)
        {
            _turns.Arrive(@event);
        }

        List<DurableRecord> records = [];
        if (!_turns.Begin(records))
        {
            return null;
        }

        _turns.End();
        return [.. records.Select(record => record.Type)];
    }

    private SyscallArrived Asked(Syscall syscall, ProcessId caller = default) =>
        new(new CallId(++_call), new Caller(caller, 0), syscall) { At = 1 };

    private ModelCallEnded Ended(long? call = null, long output = 20)
    {
        ModelResult result = new() { InputTokens = 10, OutputTokens = output };
        return new ModelCallEnded(new CallId(call ?? _call), 1, result) { At = 1 };
    }
}
