using Analemma.Abi;
using Analemma.Abi.Frames;

namespace Analemma.Daemon.Sockets;

/// <summary>What a client is told whose stream cannot be followed.</summary>
internal static class FrameRefusal
{
    public static SysError For(FrameError error) => error switch
    {
        FrameError.TooLarge => new SysError(
            SysErrorCode.TooLarge,
            $"a frame's payload has at most {AbiLimits.PayloadBytesMax} bytes",
            "send larger bodies in pieces, natively"),
        FrameError.BadMagic => Malformed("a frame begins with neither framing's magic"),
        FrameError.BadKind => Malformed("a frame's kind is none of request, response and cancel"),
        FrameError.BadFlags => Malformed("a frame has flags that do not exist"),
        FrameError.MixedFraming => Malformed("the framing changed on the way; the first frame decides it"),
        FrameError.None => throw new ArgumentOutOfRangeException(nameof(error), "a sound frame is not refused"),
    };

    public static SysError Malformed(string message) =>
        new(SysErrorCode.MalformedFrame, message, "see docs/abi.md for the layouts");

    /// <summary>The opcode of an AgentOS frame that is too large, so that its error can repeat it; else 0.</summary>
    public static byte OpcodeAt(FrameDecoder decoder, FrameError error, ReadOnlySpan<byte> buffer) =>
        error == FrameError.TooLarge && decoder.Framing == Framing.AgentOs
            && buffer.Length >= AgentOsFrame.HeaderSize ? buffer[8] : (byte)0;
}
