using System.Diagnostics.CodeAnalysis;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Pipes;
using Analemma.Kernel.Policy;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Syscalls;

/// <summary>Pipes: who may hold which end, and that ends close with their holders.</summary>
internal static class PipeSyscalls
{
    public static void Handle(SyscallContext call, Syscall syscall)
    {
        switch (syscall)
        {
            case PipeOpen open:
                Open(call, open);
                break;
            case PipeWrite or PipeRead:
                Use(call, (PipeSyscall)syscall);
                break;
            case PipeClose close:
                Close(call, close);
                break;
            case PipeGive give:
                Give(call, give);
                break;
            case PipeList:
                call.Answer(new PipeListReply(
                    [.. call.State.Pipes.All.Where(pipe => Reaches(call, pipe)).Select(pipe => pipe.View())]));
                break;
        }
    }

    /// <summary>Why a SPAWN may not have these ends as its streams, or null.</summary>
    public static SysError? Problem(KernelState state, Caller caller, Spawn spawn)
    {
        foreach (var (id, isReader) in EndsOf(spawn))
        {
            if (state.Pipes.Find(id)?.End(isReader) is not { } end)
            {
                return NoSuchPipe(id);
            }

            if (end.IsStream || end.Holder != caller.Process)
            {
                return NotHeld(id, isReader);
            }
        }

        return spawn.StdinPipe is { } input && input == spawn.StdoutPipe
            ? SysError.InvalidArgument("stdin_pipe and stdout_pipe are the same: it would wait for itself") : null;
    }

    /// <summary>The ends are the new process's from now on.</summary>
    public static void Give(KernelState state, Spawn spawn, ProcessId process)
    {
        foreach (var (id, isReader) in EndsOf(spawn))
        {
            var pipe = state.Pipes.Find(id)!;
            PipeEnd end = new(process, IsStream: true);
            (pipe.Reader, pipe.Writer) = isReader ? (end, pipe.Writer) : (pipe.Reader, end);
        }
    }

    public static void ProcessEnded(KernelState state, ProcessId process, List<Effect> effects)
    {
        foreach (var pipe in state.Pipes.All.ToArray())
        {
            CloseEnds(state, pipe, end => end.Holder == process, effects);
        }
    }

    private static IEnumerable<(long Pipe, bool IsReader)> EndsOf(Spawn spawn)
    {
        if (spawn.StdinPipe is { } input)
        {
            yield return (input, true);
        }

        if (spawn.StdoutPipe is { } output)
        {
            yield return (output, false);
        }
    }

    private static void Open(SyscallContext call, PipeOpen request)
    {
        var state = call.State;
        var mine = state.Pipes.CountOf(call.Caller.Process);
        var most = call.Caller.IsHost ? Limits.PipesOfHostMax : Limits.PipesPerAgentMax;
        if (mine >= most || state.Pipes.Count >= Limits.PipesMax)
        {
            call.Refuse(new SysError(
                SysErrorCode.LimitExceeded, $"{Math.Min(mine, most)} pipes are open, of {most}",
                "close those that are done"));
            return;
        }

        if (state.ShuttingDown)
        {
            call.Refuse(new SysError(SysErrorCode.ShuttingDown, "the kernel is stopping"));
            return;
        }

        if (!TryHolder(call, request.Reader, out var reader) || !TryHolder(call, request.Writer, out var writer))
        {
            return;
        }

        call.Answer(state.Pipes.Open(call.Caller.Process, reader, writer).View());
    }

    private static bool TryHolder(SyscallContext call, ProcessId? asked, out ProcessId holder)
    {
        holder = asked ?? call.Caller.Process;
        if (holder == ProcessId.None && call.Caller.IsHost)
        {
            return true;
        }

        if (!call.State.Processes.TryGet(holder, out var process) || !process.IsAlive
            || (!call.Caller.IsHost && !call.State.Processes.IsInFamily(process, call.Caller.Process)))
        {
            call.Refuse(SysError.NoSuchProcess(holder.ToString()));
            return false;
        }

        return true;
    }

    private static void Use(SyscallContext call, PipeSyscall request)
    {
        if (TryHeld(call, request.Pipe, request is PipeRead, out _))
        {
            call.Effects.Add(new UsePipe(call.Call, request));
        }
    }

    /// <summary>What it decides by is in the journal: of a mailbox's names nothing is.</summary>
    private static void Give(SyscallContext call, PipeGive request)
    {
        var isReader = request.End == "read";
        if (!TryHeld(call, request.Pipe, isReader, out var pipe))
        {
            return;
        }

        var (state, caller) = (call.State, call.Caller);
        Process? target = null;
        var found = request.ToId is { } id ? state.Processes.TryGet(id, out target)
            : state.Processes.TryFind(request.To!, out target);
        var isNear = found && !caller.IsHost && state.Processes.TryGet(caller.Process, out var giver)
            && (giver.Id == target!.Id || SendRights.AreKin(state, giver, target));
        var what = request.To ?? request.ToId!.Value.ToString();
        if (!found || !target!.IsAlive || target.StopCause is not null)
        {
            call.Refuse(SysError.NoSuchProcess(what));
        }
        else if (Rights.MaySend(state, caller, target.Name, isNear) is { } missing)
        {
            call.Deny($"PIPEGIVE to {target.Name}", isNear ? missing : SysError.NoSuchProcess(what));
        }
        else
        {
            PipeEnd end = new(target.Id, IsStream: false);
            (pipe.Reader, pipe.Writer) = isReader ? (end, pipe.Writer) : (pipe.Reader, end);
            call.Answer(pipe.View());
        }
    }

    private static bool TryHeld(SyscallContext call, long id, bool isReader, [NotNullWhen(true)] out Pipe? pipe)
    {
        pipe = call.State.Pipes.Find(id);
        if (pipe is null || !Reaches(call, pipe))
        {
            call.Refuse(NoSuchPipe(id));
            return false;
        }

        if (pipe.End(isReader) is not { IsStream: false } end || end.Holder != call.Caller.Process)
        {
            call.Refuse(pipe.End(isReader) is null ? Closed(id, isReader) : NotHeld(id, isReader));
            return false;
        }

        return true;
    }

    private static void Close(SyscallContext call, PipeClose request)
    {
        if (call.State.Pipes.Find(request.Pipe) is not { } pipe || !Reaches(call, pipe))
        {
            call.Refuse(NoSuchPipe(request.Pipe));
            return;
        }

        CloseEnds(
            call.State,
            pipe,
            end => end.Holder == call.Caller.Process && !end.IsStream
                && (request.End is null or "both"
                    || request.End == (ReferenceEquals(end, pipe.Reader) ? "read" : "write")),
            call.Effects);
        call.Answer(pipe.View());
    }

    private static void CloseEnds(
        KernelState state, Pipe pipe, Func<PipeEnd, bool> which, List<Effect> effects)
    {
        foreach (var isReader in new[] { true, false })
        {
            if (pipe.End(isReader) is { } end && which(end))
            {
                state.Pipes.Close(pipe, isReader);
                effects.Add(new ClosePipeEnd(pipe.Id, isReader, pipe is { Reader: null, Writer: null }));
            }
        }
    }

    private static bool Reaches(SyscallContext call, Pipe pipe) =>
        call.Caller.IsHost || IsInFamily(call, pipe.Reader) || IsInFamily(call, pipe.Writer);

    private static bool IsInFamily(SyscallContext call, PipeEnd? end) =>
        end is not null && call.State.Processes.TryGet(end.Holder, out var holder)
        && call.State.Processes.IsInFamily(holder, call.Caller.Process);

    private static SysError NoSuchPipe(long id) => new(
        SysErrorCode.NoSuchPipe,
        $"there is no pipe {id}",
        "list those there are with PIPELIST; they end with the kernel");

    private static SysError NotHeld(long id, bool isReader) => SysError.PermissionDenied(
        $"the end to {(isReader ? "read" : "write")} of pipe {id} is another's",
        "PIPELIST says who holds it");

    private static SysError Closed(long id, bool isReader) => new(
        SysErrorCode.PipeClosed, $"the end to {(isReader ? "read" : "write")} of pipe {id} is closed");
}
