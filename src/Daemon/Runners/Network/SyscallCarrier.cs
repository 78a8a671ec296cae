using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;
using HttpCall = Analemma.Abi.Syscalls.Http;

namespace Analemma.Daemon.Runners.Network;

/// <summary>An exchange by the HTTP syscall: the body in RAW frames, status and headers at the end.</summary>
internal sealed class SyscallCarrier(SyscallCall call, HttpCall http) : IHttpCarrier
{
    public IEnumerable<KeyValuePair<string, string>> Headers => http.Headers ?? new Dictionary<string, string>();

    public HttpContent? Body
    {
        get
        {
            var method = http.Method?.ToUpperInvariant();
            if (http.Body is null && method is null or "GET" or "HEAD" or "DELETE" or "OPTIONS")
            {
                return null;
            }

            var text = http.Body ?? "";
            return new ByteArrayContent(
                http.Encoding == "base64" ? Convert.FromBase64String(text) : Encoding.UTF8.GetBytes(text));
        }
    }

    public Task BeginAsync(HttpReply head, long? length, CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask<bool> SendAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken) =>
        call.SendRawAsync(piece, cancellationToken);

    public void End(HttpReply reply) => call.Reply(reply);

    public void Fail(SysError error) => call.Fail(error);
}
