using Analemma.Abi;
using Analemma.Abi.AgentOs;
using Analemma.Abi.Syscalls;
using Analemma.Journal;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Policy;

namespace Analemma.Fuzz;

/// <summary>
/// The kernel without a host: what is found well-formed enters it, for a client on the host and for an agent. Nothing
/// throws, what is to be journaled fits the journal, and every answer can be written.
/// </summary>
internal sealed class KernelTarget
{
    private static readonly ProcessId Agent = new(1);

    private readonly KernelTurns _turns = new(new KernelState());
    private readonly List<DurableRecord> _records = [];
    private long _calls;

    public KernelTarget()
    {
        Post(new KernelStarted("0", "none", new KernelOptions()) { At = 1 });
        Enter(new Spawn { Name = "agent", Argv = ["true"] }, ProcessId.None, answeredAs: null);
        Post(new SandboxStarted(Agent, "1", 4_000, "none", "cold", []) { At = 1 });
    }

    /// <summary>Submits a request as the daemon does, for both kinds of caller.</summary>
    /// <param name="syscall">The request.</param>
    /// <param name="isAgentOs">Answers are written in that framing.</param>
    public void Submit(Syscall syscall, bool isAgentOs)
    {
        if (SyscallRules.Check(syscall) is { } problem)
        {
            Demands.Json(SyscallJson.Write(problem));
        }
        else if (syscall is not Shutdown)
        {
            Enter(syscall, ProcessId.None, isAgentOs ? syscall : null);
            Enter(syscall, Agent, isAgentOs ? syscall : null);
        }
    }

    private void Enter(Syscall syscall, ProcessId caller, Syscall? answeredAs) =>
        Post(new SyscallArrived(new CallId(++_calls), new Caller(caller, 1_000), syscall) { At = _calls }, answeredAs);

    private void Post(KernelEvent @event, Syscall? answeredAs = null)
    {
        _turns.Arrive(@event);
        for (; _turns.Begin(_records); _records.Clear())
        {
            Demands.Hold(
                _records.TrueForAll(record => record.Body.Length <= JournalLimits.RecordBytesMax),
                "a record that the journal does not take");
            Demands.Hold(
                _records.Sum(record => (long)record.Body.Length) <= JournalLimits.CommitBytesMax,
                "a turn that the journal does not take");
            foreach (var effect in _turns.End())
            {
                Check(effect, answeredAs);
            }
        }
    }

    private static void Check(Effect effect, Syscall? answeredAs)
    {
        switch (effect)
        {
            case Answer answer when answeredAs is not null:
                Demands.Json(AgentOsEncoder.Encode((byte)answeredAs.Number, answeredAs, answer.Reply, default));
                break;
            case Answer answer:
                Demands.Json(SyscallJson.Write(answer.Reply));
                break;
            case Refuse refuse:
                Demands.Json(SyscallJson.Write(refuse.Error));
                break;
        }
    }
}
