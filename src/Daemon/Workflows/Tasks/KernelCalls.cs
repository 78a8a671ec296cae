using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Http;
using Analemma.Daemon.Sockets;

namespace Analemma.Daemon.Workflows.Tasks;

/// <summary>Syscalls that tasks make, as any client on the host would: there is no other way into the kernel.</summary>
internal sealed class KernelCalls(HttpSyscalls syscalls, ByteBudget budget)
{
    private const byte Stdout = 1;

    private readonly HttpCaller _host = new(AgentIdentity.Host, budget);

    /// <summary>The answer, or the refusal.</summary>
    public async Task<SysResult<Reply>> AskAsync(Syscall syscall, CancellationToken cancelled)
    {
        using var begun = syscalls.Begin(_host, syscall, cancelled);
        var end = await begun.Call.End;
        cancelled.ThrowIfCancellationRequested();
        return end;
    }

    /// <summary>The answer to a request over HTTP, and its body.</summary>
    public async Task<(SysResult<Reply> End, byte[] Body)> FetchAsync(
        Abi.Syscalls.Http request, CancellationToken cancelled)
    {
        using var begun = syscalls.Begin(_host, request, cancelled);
        using MemoryStream body = new();
        await foreach (var piece in begun.Call.Pieces.ReadAllAsync(cancelled))
        {
            body.Write(piece.Span);
        }

        var end = await begun.Call.End;
        cancelled.ThrowIfCancellationRequested();
        return (end, body.ToArray());
    }

    /// <summary>All that is kept of what a process has printed, both streams; nothing when it is not there.</summary>
    public async Task<byte[]> LogAsync(ProcessId process, CancellationToken cancelled)
    {
        using var begun = syscalls.Begin(_host, new Logs { Id = process }, cancelled);
        using MemoryStream output = new();
        await foreach (var piece in begun.Call.Pieces.ReadAllAsync(cancelled))
        {
            output.Write(piece.Span[1..]);
        }

        return output.ToArray();
    }

    /// <summary>What a process has printed, its last bytes when it is more.</summary>
    public async Task<string> OutputAsync(ProcessId process, int bytesMax, CancellationToken cancelled)
    {
        using var begun = syscalls.Begin(_host, new Logs { Id = process }, cancelled);
        using MemoryStream output = new();
        await foreach (var piece in begun.Call.Pieces.ReadAllAsync(cancelled))
        {
            if (piece.Length > 1 && piece.Span[0] == Stdout)
            {
                output.Write(piece.Span[1..]);
            }

            if (output.Length > 2 * bytesMax)
            {
                var rest = output.ToArray()[^bytesMax..];
                output.SetLength(0);
                output.Write(rest);
            }
        }

        var bytes = output.ToArray();
        return Encoding.UTF8.GetString(bytes.Length > bytesMax ? bytes[^bytesMax..] : bytes);
    }
}
