using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Sandbox;
using Analemma.Sandbox.Pool;

namespace Analemma.Integration.Tests.Sandbox;

/// <summary>A kernel that knows one syscall: CLAIM. Ids in its answer are those of the request.</summary>
internal sealed class SlotSockets : ISlotSockets, IDisposable
{
    private readonly ConcurrentDictionary<string, Slot> _slots = new();

    public int Closed { get; private set; }

    public void Made(ISandbox slot) => _ = slot;

    public void OpenUnclaimed(ISandbox slot, Action claimed)
    {
        var path = Path.Combine(slot.RunFolder, "agent.sock");
        Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        const UnixFileMode everyone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead
            | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        File.SetUnixFileMode(path, everyone);
        Slot one = new(listener);
        _slots[slot.Key] = one;
        _ = one.ServeAsync(claimed);
    }

    public Task AnswerAsync(ISandbox slot, string script, string env) => _slots[slot.Key].AnswerAsync(
        $$"""{"id":7,"script":"{{script}}","args":["one","two"],"env":{{env}},"cwd":"/work"}""");

    public void Close(ISandbox slot)
    {
        Closed++;
        if (_slots.TryRemove(slot.Key, out var one))
        {
            one.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var slot in _slots.Values)
        {
            slot.Dispose();
        }
    }

    private sealed class Slot(Socket listener) : IDisposable
    {
        private readonly byte[] _request = new byte[NativeFrame.HeaderSize];
        private Socket? _peer;

        public async Task ServeAsync(Action claimed)
        {
            try
            {
                _peer = await listener.AcceptAsync();
                var read = 0;
                while (read < _request.Length)
                {
                    read += await _peer.ReceiveAsync(_request.AsMemory(read));
                }

                claimed();
            }
            catch (SocketException)
            {
                // Closed before anybody came.
            }
            catch (ObjectDisposedException)
            {
                // The same.
            }
        }

        public async Task AnswerAsync(string json)
        {
            Assert.Equal(FrameError.None, NativeFrame.TryRead(_request, out var request));
            Assert.Equal((ushort)SyscallNumber.Claim, request.Opcode);
            var body = Encoding.UTF8.GetBytes(json);
            var answer = new byte[NativeFrame.HeaderSize + body.Length];
            (request with { Kind = FrameKind.Response, Length = body.Length }).WriteTo(answer);
            body.CopyTo(answer, NativeFrame.HeaderSize);
            await _peer!.SendAsync(answer);
        }

        public void Dispose()
        {
            _peer?.Dispose();
            listener.Dispose();
        }
    }
}
