namespace Analemma.Abi.Syscalls;

/// <summary>
/// Makes a pipe: a stream of bytes with one end to write and one to read, 64 KiB of which may be under way. Each end is
/// held by one process, or by clients on the host, and used with PIPEWRITE and PIPEREAD, or given to a process that is
/// spawned, as its standard input or output. An end is closed by PIPECLOSE or by its holder's end; the pipe is gone
/// when both are, and with the kernel.
/// </summary>
public sealed record PipeOpen : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.PipeOpen;

    /// <summary>
    /// Who gets the end to read: the id of a process of the caller's family; default the caller.
    /// </summary>
    public ProcessId? Reader { get; init; }

    /// <summary>Who gets the end to write; default the caller.</summary>
    public ProcessId? Writer { get; init; }
}

/// <summary>A syscall about one pipe.</summary>
public abstract record PipeSyscall : Syscall
{
    /// <summary>The pipe, as PIPEOPEN numbered it.</summary>
    public long Pipe { get; init; }
}

/// <summary>
/// Writes into a pipe; answers when all is in it. Refused with <c>pipe_closed</c> when nobody reads any more, and with
/// <c>try_again</c> or <c>timed_out</c> when nothing could be written in time; otherwise <c>written</c> says how much
/// was.
/// </summary>
public sealed record PipeWrite : PipeSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.PipeWrite;

    /// <summary>What to write, at most 1 MiB.</summary>
    public string Content { get; init; } = "";

    /// <summary><c>utf8</c> (default) or <c>base64</c>.</summary>
    public string? Encoding { get; init; }

    /// <summary>How long to wait for room, in milliseconds; default as long as it takes, 0 not at all.</summary>
    public long? TimeoutMs { get; init; }
}

/// <summary>How much is in the pipe.</summary>
/// <param name="Written">Bytes, which are fewer than were sent when the time was up.</param>
public sealed record PipeWriteReply(long Written) : Reply;

/// <summary>
/// Reads from a pipe: RAW pieces, then the reply. Waits until there is something, and takes what is there; with
/// <see cref="Follow"/> goes on until the end. What was read as the call is taken back may be lost.
/// </summary>
public sealed record PipeRead : PipeSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.PipeRead;

    /// <summary>At most so many bytes; default and most 1 MiB. Not with <see cref="Follow"/>.</summary>
    public int? Max { get; init; }

    /// <summary>
    /// How long to wait for something, in milliseconds; default as long as it takes. Refused with <c>timed_out</c>
    /// after it. Not with <see cref="Follow"/>.
    /// </summary>
    public long? TimeoutMs { get; init; }

    /// <summary>Goes on until nobody writes any more.</summary>
    public bool? Follow { get; init; }
}

/// <summary>What was read.</summary>
/// <param name="Bytes">How many bytes came.</param>
/// <param name="Eof">Nobody writes any more, and all that was written has been read.</param>
public sealed record PipeReadReply(long Bytes, bool Eof) : Reply;

/// <summary>Closes an end that the caller holds: the other side then finds the end, or nobody to read.</summary>
public sealed record PipeClose : PipeSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.PipeClose;

    /// <summary><c>read</c>, <c>write</c> or <c>both</c> (default), as far as the caller holds them.</summary>
    public string? End { get; init; }
}

/// <summary>
/// Gives an end that the caller holds to a process that runs, as long as the caller may send to it: the end is that
/// one's from now on, to use and to close. Calls on it that are under way end as they would.
/// </summary>
public sealed record PipeGive : PipeSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.PipeGive;

    /// <summary><c>read</c> or <c>write</c>.</summary>
    public string End { get; init; } = "";

    /// <summary>The name of the process that gets it.</summary>
    public string? To { get; init; }

    /// <summary>Or its id.</summary>
    public ProcessId? ToId { get; init; }
}

/// <summary>Lists the pipes of which the caller, or a process below it, holds an end.</summary>
public sealed record PipeList : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.PipeList;
}

/// <summary>The pipes, by number.</summary>
public sealed record PipeListReply(IReadOnlyList<PipeView> Pipes) : Reply;

/// <summary>One pipe.</summary>
/// <param name="Pipe">Its number, which no other ever has.</param>
public sealed record PipeView(long Pipe) : Reply
{
    /// <summary>The end to read; absent when it is closed.</summary>
    public PipeEndView? Reader { get; init; }

    /// <summary>The end to write; absent when it is closed.</summary>
    public PipeEndView? Writer { get; init; }
}

/// <summary>One end of a pipe.</summary>
/// <param name="Holder">Whose it is; 0 for clients on the host.</param>
public sealed record PipeEndView(ProcessId Holder)
{
    /// <summary>It is the process's standard input or output, and no syscall can use it.</summary>
    public bool IsStream { get; init; }
}
