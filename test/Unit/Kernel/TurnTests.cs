using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
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
    public void Usage_that_has_waited_long_enough_is_written()
    {
        Answer();
        Assert.Equal(["usage.settled"], Turn(new UsageDue { At = 1 }));
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

    private ModelCallEnded Ended(long? call = null)
    {
        ModelResult result = new() { InputTokens = 10, OutputTokens = 20 };
        return new ModelCallEnded(new CallId(call ?? _call), 1, result) { At = 1 };
    }
}
