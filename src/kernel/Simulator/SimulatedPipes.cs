using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;

namespace Analemma.Simulator;

/// <summary>The pipes of a simulated host: which ends are open there, whatever the kernel thinks.</summary>
internal sealed class SimulatedPipes(World world)
{
    private readonly HashSet<(long Pipe, bool IsReader)> _closed = [];

    private readonly HashSet<(long Pipe, bool IsReader)> _given = [];

    /// <summary>Calls that moved bytes.</summary>
    public int Uses { get; private set; }

    public int Closes { get; private set; }

    /// <summary>Of ends that somebody gives away, who holds them may change within a turn.</summary>
    public Syscall Issued(Syscall syscall)
    {
        if (syscall is PipeGive give)
        {
            _given.Add((give.Pipe, give.End == "read"));
        }

        return syscall;
    }

    public void Run(Effect effect)
    {
        switch (effect)
        {
            case UsePipe use:
                Use(use);
                break;
            case ClosePipeEnd close:
                Closes++;
                ViolationException.Unless(
                    _closed.Add((close.Pipe, close.IsReader)), "an end of a pipe is closed once", close.ToString());
                ViolationException.Unless(
                    close.IsLast == _closed.Contains((close.Pipe, !close.IsReader)),
                    "a pipe is gone with its second end", close.ToString());
                break;
            case DropPipes:
                _closed.Clear();
                break;
        }
    }

    /// <summary>Every end is held by somebody who can close it, and what is open is open on the host.</summary>
    public void Check(KernelState state)
    {
        ViolationException.Unless(state.Pipes.Count <= Limits.PipesMax, "limits hold", $"{state.Pipes.Count} pipes");
        foreach (var pipe in state.Pipes.All)
        {
            foreach (var isReader in new[] { true, false })
            {
                if (pipe.End(isReader) is not { } end)
                {
                    continue;
                }

                ViolationException.Unless(
                    end.IsHosts || (state.Processes.TryGet(end.Holder, out var holder) && holder.IsAlive),
                    "ends of pipes close with their holders", $"pipe {pipe.Id} of {end.Holder}");
                ViolationException.Unless(
                    !_closed.Contains((pipe.Id, isReader)), "an end of a pipe is closed once", $"pipe {pipe.Id}");
            }
        }
    }

    private void Use(UsePipe use)
    {
        // It may have been given to a new process in the same turn.
        var caller = world.Calls.CallerOf(use.Call);
        var isReader = use.Syscall is PipeRead;
        ViolationException.Unless(
            caller is not { } who || world.Kernel.State.Pipes.Find(use.Syscall.Pipe)?.End(isReader) is not { } end
            || end.Holder == who.Process || end.IsStream || _given.Contains((use.Syscall.Pipe, isReader)),
            "an end of a pipe is used by its holder alone", $"{use} by {caller}");
        Uses++;
        var boot = world.Kernel.Boot;
        world.Clock.After(world.Random.Delay(50, 100_000), () =>
        {
            if (world.Kernel.Boot == boot && world.Kernel.IsUp && world.Calls.IsWanted(use.Call))
            {
                world.Calls.Answered(use.Call, isReader ? new PipeReadReply(1, Eof: false) : new PipeWriteReply(1));
            }
        });
    }
}
