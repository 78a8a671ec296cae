using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Client;

// Pipes between agents.
public sealed partial class KernelClient
{
    /// <summary>Makes a pipe.</summary>
    /// <param name="open">Who gets its ends; default: the caller both.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<PipeView> PipeOpenAsync(PipeOpen? open = null, CancellationToken cancellationToken = default) =>
        CallAsync(
            open ?? new PipeOpen(),
            AbiJsonContext.Default.PipeOpen,
            AbiJsonContext.Default.PipeView,
            cancellationToken);

    /// <summary>Writes into a pipe; completes when it is in there.</summary>
    /// <param name="write">Which, and what.</param>
    /// <param name="cancellationToken">Takes the request back; part of it may be written.</param>
    public Task<PipeWriteReply> PipeWriteAsync(PipeWrite write, CancellationToken cancellationToken = default) =>
        CallAsync(
            write, AbiJsonContext.Default.PipeWrite, AbiJsonContext.Default.PipeWriteReply, cancellationToken);

    /// <summary>
    /// Reads from a pipe: what is there, or with Follow until its end. Has a connection of its own, as
    /// <see cref="Logs"/> has.
    /// </summary>
    /// <param name="read">Which, and how.</param>
    public SyscallStream<ReadOnlyMemory<byte>, PipeReadReply> PipeRead(PipeRead read) =>
        new((onReply, cancellationToken) => OnItsOwnConnection(
                read,
                AbiJsonContext.Default.PipeRead,
                AbiJsonContext.Default.PipeReadReply,
                onReply,
                cancellationToken)
            .Select(piece => (ReadOnlyMemory<byte>)piece.Bytes));

    /// <summary>Closes an end that the caller holds.</summary>
    /// <param name="close">Which.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<PipeView> PipeCloseAsync(PipeClose close, CancellationToken cancellationToken = default) =>
        CallAsync(close, AbiJsonContext.Default.PipeClose, AbiJsonContext.Default.PipeView, cancellationToken);

    /// <summary>Gives an end that the caller holds to a process that runs.</summary>
    /// <param name="give">Which, and to whom.</param>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<PipeView> PipeGiveAsync(PipeGive give, CancellationToken cancellationToken = default) =>
        CallAsync(give, AbiJsonContext.Default.PipeGive, AbiJsonContext.Default.PipeView, cancellationToken);

    /// <summary>Lists the pipes that the caller may know of, by number.</summary>
    /// <param name="cancellationToken">Takes the request back.</param>
    public Task<PipeListReply> PipeListAsync(CancellationToken cancellationToken = default) =>
        CallAsync(
            new PipeList(), AbiJsonContext.Default.PipeList, AbiJsonContext.Default.PipeListReply, cancellationToken);
}
