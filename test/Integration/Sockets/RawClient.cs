using System.Net.Sockets;
using System.Text;
using Analemma.Abi;
using Analemma.Abi.Frames;

namespace Analemma.Integration.Tests.Sockets;

internal sealed record NativeAnswer(NativeFrame Header, byte[] Payload)
{
    public string Text => Encoding.UTF8.GetString(Payload);
}

internal sealed record AgentOsAnswer(uint AgentId, byte Opcode, byte[] Payload)
{
    public string Text => Encoding.UTF8.GetString(Payload);
}

/// <summary>Sends and receives bytes, right or wrong, with a time limit on everything so that a hang fails.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public RawClient(string path)
    {
        _socket.ReceiveTimeout = 20_000;
        _socket.SendTimeout = 20_000;
        _socket.Connect(new UnixDomainSocketEndPoint(path));
    }

    public Socket Socket => _socket;

    public static byte[] AgentOs(byte opcode, ReadOnlySpan<byte> payload, uint agentId = 0)
    {
        var frame = new byte[AgentOsFrame.HeaderSize + payload.Length];
        new AgentOsFrame(agentId, opcode, payload.Length).WriteTo(frame);
        payload.CopyTo(frame.AsSpan(AgentOsFrame.HeaderSize));
        return frame;
    }

    public static byte[] Native(
        SyscallNumber number, ulong requestId, ReadOnlySpan<byte> payload, FrameFlags flags = FrameFlags.None,
        FrameKind kind = FrameKind.Request)
    {
        var frame = new byte[NativeFrame.HeaderSize + payload.Length];
        new NativeFrame(kind, flags, (ushort)number, requestId, SysErrorCode.Ok, payload.Length).WriteTo(frame);
        payload.CopyTo(frame.AsSpan(NativeFrame.HeaderSize));
        return frame;
    }

    public void Send(params ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[_socket.Send(bytes)..];
        }
    }

    public NativeAnswer ReadNative()
    {
        var header = ReadExactly(NativeFrame.HeaderSize);
        var decoder = new FrameDecoder();
        Assert.Equal(NativeFrame.Magic, BitConverter.ToUInt32(header));
        var payload = ReadExactly(BitConverter.ToInt32(header, 20));
        Assert.True(decoder.TryRead([.. header, .. payload], out var frame, out _, out _));
        return new NativeAnswer(frame.Native, payload);
    }

    public AgentOsAnswer ReadAgentOs()
    {
        var header = ReadExactly(AgentOsFrame.HeaderSize);
        Assert.Equal(AgentOsFrame.Magic, BitConverter.ToUInt32(header));
        var payload = ReadExactly(checked((int)BitConverter.ToUInt64(header, 9)));
        return new AgentOsAnswer(BitConverter.ToUInt32(header, 4), header[8], payload);
    }

    public AgentOsAnswer Call(byte opcode, string payload)
    {
        Send(AgentOs(opcode, Encoding.UTF8.GetBytes(payload)));
        return ReadAgentOs();
    }

    public NativeAnswer Call(SyscallNumber number, string payload, ulong requestId = 1)
    {
        Send(Native(number, requestId, Encoding.UTF8.GetBytes(payload)));
        return ReadNative();
    }

    /// <summary>True when the server has ended the connection, in whichever way.</summary>
    public bool ReadsEnd()
    {
        try
        {
            return _socket.Receive(new byte[1]) == 0;
        }
        catch (SocketException fault) when (fault.SocketErrorCode == SocketError.ConnectionReset)
        {
            return true;
        }
    }

    public void Dispose() => _socket.Dispose();

    private byte[] ReadExactly(int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var received = _socket.Receive(bytes.AsSpan(at));
            Assert.True(received > 0, $"the stream ended after {at} of {count} bytes");
            at += received;
        }

        return bytes;
    }
}
