using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;

namespace Analemma.Fuzz;

/// <summary>
/// What a server owes a client for a stream of bytes, worked out apart from it: which answers, and whether the stream
/// can be followed to its end.
/// </summary>
internal sealed class Expectation
{
    private const int OpenBodiesMax = 16;

    private readonly Dictionary<ulong, ushort> _bodies = [];

    public Framing Framing { get; private set; }

    public int Frames { get; private set; }

    /// <summary>The stream cannot be followed: a typed error, then the end.</summary>
    public bool Refused { get; private set; }

    /// <summary>AgentOS: the opcodes of the answers, in order.</summary>
    public List<byte> Opcodes { get; } = [];

    /// <summary>Native: how many answers each request id is owed.</summary>
    public Dictionary<ulong, int> Answers { get; } = [];

    /// <summary>Native: of those, how many may be left out, since only a refusal is told.</summary>
    public Dictionary<ulong, int> Quiet { get; } = [];

    /// <summary>False when a real kernel would do harm or would not answer for a long time.</summary>
    public bool Harmless { get; private set; } = true;

    public static Expectation Of(ReadOnlySpan<byte> stream)
    {
        Expectation expected = new();
        FrameDecoder decoder = new();
        FrameError error;
        while (decoder.TryRead(stream, out var frame, out error, out _) && !expected.Refused)
        {
            expected.Frames++;
            expected.Framing = decoder.Framing;
            if (decoder.Framing == Framing.Native)
            {
                expected.Native(frame);
            }
            else
            {
                expected.Opcodes.Add(frame.AgentOs.Opcode);
                expected.Consider(Abi.AgentOs.AgentOsDecoder.Decode(frame.AgentOs.Opcode, frame.Payload).Syscall);
            }

            stream = stream[frame.Size..];
        }

        expected.Framing = decoder.Framing;
        if (!expected.Refused && (error != FrameError.None || !stream.IsEmpty || expected._bodies.Count > 0))
        {
            expected.Refused = true;
            expected.Frames++;
        }

        return expected;
    }

    private void Native(in DecodedFrame frame)
    {
        var header = frame.Native;
        var more = (header.Flags & FrameFlags.More) != 0;
        var open = _bodies.TryGetValue(header.RequestId, out var opcode);
        switch (header.Kind)
        {
            case FrameKind.Response:
            case FrameKind.Request when open && opcode != header.Opcode:
            case FrameKind.Request when more && !open && _bodies.Count >= OpenBodiesMax:
                Refused = true;
                return;
            case FrameKind.Cancel when open:
            case FrameKind.Request when !more:
                _bodies.Remove(header.RequestId);
                Answers[header.RequestId] = Answers.GetValueOrDefault(header.RequestId) + 1;
                if (header.Kind == FrameKind.Request && (header.Flags & FrameFlags.Quiet) != 0)
                {
                    Quiet[header.RequestId] = Quiet.GetValueOrDefault(header.RequestId) + 1;
                }

                break;
            case FrameKind.Request:
                _bodies[header.RequestId] = header.Opcode;
                break;
        }

        // A body in pieces could become anything.
        if (open || more)
        {
            Harmless = false;
        }
        else if (SyscallJson.TryRead(header.Opcode, frame.Payload, out var syscall, out _))
        {
            Consider(syscall);
        }
    }

    private void Consider(Syscall? syscall) => Harmless &= syscall switch
    {
        Shutdown or Subscribe or Wait or Logs or Exec or Kill => false,
        Spawn => false,
        _ => true,
    };
}
