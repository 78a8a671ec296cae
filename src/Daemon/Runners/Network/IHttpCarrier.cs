using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Runners.Network;

/// <summary>How a request's bytes come from an agent and its answer's go there: as frames, or as HTTP.</summary>
internal interface IHttpCarrier
{
    /// <summary>The agent's headers, but those of the transfer itself.</summary>
    IEnumerable<KeyValuePair<string, string>> Headers { get; }

    /// <summary>The request's body; null when it has none.</summary>
    HttpContent? Body { get; }

    /// <summary>The answer begins: its status and headers, and its length if the host says it.</summary>
    Task BeginAsync(HttpReply head, long? length, CancellationToken cancellationToken);

    /// <summary>A piece of the answer's body. False: nobody takes it any more.</summary>
    ValueTask<bool> SendAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken);

    /// <summary>The answer is complete.</summary>
    void End(HttpReply reply);

    /// <summary>There is no answer, or no more of it.</summary>
    void Fail(SysError error);
}
