using System.Buffers.Binary;
using System.Net.Sockets;
using Analemma.Abi;
using Analemma.Abi.Frames;

namespace Analemma.Fuzz;

/// <summary>
/// A live server: each stream on a connection of its own, sent whole, then everything that comes back. Each request is
/// answered exactly once, in order where the framing says so; or the connection ends with a typed error.
/// </summary>
internal sealed class ServerTarget(string path, bool harmlessOnly)
{
    /// <summary>Returns how many frames were sent; 0 when the case was left out.</summary>
    public int Run(byte[] stream)
    {
        var expected = Expectation.Of(stream);
        if (harmlessOnly && !expected.Harmless)
        {
            return 0;
        }

        var answers = Exchange(stream);
        if (expected.Framing == Framing.Native)
        {
            CheckNative(expected, answers);
        }
        else
        {
            CheckAgentOs(expected, answers);
        }

        return expected.Frames;
    }

    private byte[] Exchange(byte[] stream)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            ReceiveTimeout = 20_000,
            SendTimeout = 20_000,
        };
        socket.Connect(new UnixDomainSocketEndPoint(path));
        MemoryStream answers = new();
        var buffer = new byte[16 * 1024];
        try
        {
            socket.Send(stream);
            socket.Shutdown(SocketShutdown.Send);
            for (int received; (received = socket.Receive(buffer)) > 0;)
            {
                answers.Write(buffer, 0, received);
            }
        }
        catch (SocketException fault)
            when (fault.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // Refused with bytes unread. What had been answered before is there all the same.
        }

        return answers.ToArray();
    }

    private static void CheckNative(Expectation expected, ReadOnlySpan<byte> answers)
    {
        FrameDecoder decoder = new();
        Dictionary<ulong, int> ended = [];
        var refusals = 0;
        while (decoder.TryRead(answers, out var frame, out _, out _))
        {
            var header = frame.Native;
            Demands.Hold(header.Kind == FrameKind.Response, "something that is not a response");
            Demands.Hold(refusals == 0, "an answer after the refusal");
            if ((header.Flags & FrameFlags.Raw) == 0 && header.Opcode != 0)
            {
                Demands.Json(frame.Payload);
            }

            // A quiet NOOP without a number looks like it, and is an argument that is not allowed.
            if (header is
                {
                    Opcode: 0,
                    RequestId: 0,
                    Status: not (SysErrorCode.Ok or SysErrorCode.Cancelled or SysErrorCode.InvalidArgument),
                })
            {
                refusals++;
            }
            else if ((header.Flags & FrameFlags.More) == 0)
            {
                ended[header.RequestId] = ended.GetValueOrDefault(header.RequestId) + 1;
            }

            answers = answers[frame.Size..];
        }

        Demands.Hold(answers.IsEmpty, "half an answer");
        Demands.Hold(refusals == (expected.Refused ? 1 : 0), $"{refusals} refusals");
        foreach (var (id, count) in ended)
        {
            Demands.Hold(count <= expected.Answers.GetValueOrDefault(id), $"request {id} was answered {count} times");
        }

        Demands.Hold(
            expected.Refused || expected.Answers.All(
                pair => ended.GetValueOrDefault(pair.Key) >= pair.Value - expected.Quiet.GetValueOrDefault(pair.Key)),
            "a request was not answered");
    }

    private static void CheckAgentOs(Expectation expected, ReadOnlySpan<byte> answers)
    {
        var answered = 0;
        var refusals = 0;
        while (answers.Length >= AgentOsFrame.HeaderSize)
        {
            Demands.Hold(
                BinaryPrimitives.ReadUInt32LittleEndian(answers) == AgentOsFrame.Magic, "an answer without its magic");
            var opcode = answers[8];
            var size = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(answers[9..]));
            Demands.Hold(answers.Length >= AgentOsFrame.HeaderSize + size, "half an answer");
            var payload = answers.Slice(AgentOsFrame.HeaderSize, size);
            answers = answers[(AgentOsFrame.HeaderSize + size)..];
            if (answers.IsEmpty && expected.Refused)
            {
                refusals++;
                Demands.Json(payload);
                Demands.Hold(payload.IndexOf("\"code\":"u8) >= 0, "a refusal without a code");
                break;
            }

            Demands.Hold(answered < expected.Opcodes.Count, "more answers than requests");
            Demands.Hold(expected.Opcodes[answered++] == opcode, "an answer out of turn");
            if (opcode is not (0x00 or 0xFF))
            {
                Demands.Json(payload);
            }
        }

        Demands.Hold(answers.IsEmpty, "half an answer");
        Demands.Hold(refusals == (expected.Refused ? 1 : 0), $"{refusals} refusals");
        Demands.Hold(expected.Refused || answered == expected.Opcodes.Count, "a request was not answered");
    }
}
