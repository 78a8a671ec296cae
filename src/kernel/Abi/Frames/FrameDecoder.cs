using System.Buffers.Binary;

namespace Analemma.Abi.Frames;

/// <summary>
/// What is wrong with a frame. After any of these the stream cannot be followed and the connection ends.
/// </summary>
public enum FrameError
{
    /// <summary>Nothing.</summary>
    None,
    /// <summary>It begins like neither framing.</summary>
    BadMagic,
    /// <summary>There is no such kind of frame.</summary>
    BadKind,
    /// <summary>A flag is set that does not exist.</summary>
    BadFlags,
    /// <summary>It claims more payload than a frame may have.</summary>
    TooLarge,
    /// <summary>The connection began in the other framing.</summary>
    MixedFraming,
}

/// <summary>Which of the two framings a connection speaks. Its first four bytes decide, for its whole life.</summary>
public enum Framing
{
    /// <summary>Nothing was received yet.</summary>
    Undecided,
    /// <summary>That of AgentOS programs, version 1.</summary>
    AgentOs,
    /// <summary>Analemma's own, version 2.</summary>
    Native,
}

/// <summary>One whole frame in a buffer; the payload is a slice of that buffer.</summary>
public readonly ref struct DecodedFrame
{
    /// <summary>Its header, on a connection in native framing.</summary>
    public NativeFrame Native { get; init; }

    /// <summary>Its header, on a connection in AgentOS framing.</summary>
    public AgentOsFrame AgentOs { get; init; }

    /// <summary>What follows the header.</summary>
    public ReadOnlySpan<byte> Payload { get; init; }

    /// <summary>Header and payload together: how far to move on.</summary>
    public int Size { get; init; }
}

/// <summary>
/// Cuts a byte stream into frames, whichever framing the peer speaks. Holds no buffer of its own and never throws on
/// what a peer sends.
/// </summary>
public sealed class FrameDecoder
{
    /// <summary>What the peer was found to speak.</summary>
    public Framing Framing { get; private set; }

    /// <summary>
    /// True when <paramref name="buffer"/> begins with a whole frame. False with <see cref="FrameError.None"/> asks for
    /// at least <paramref name="needed"/> bytes in all; false with another error is final.
    /// </summary>
    public bool TryRead(ReadOnlySpan<byte> buffer, out DecodedFrame frame, out FrameError error, out int needed)
    {
        frame = default;
        error = FrameError.None;
        needed = sizeof(uint);
        if (buffer.Length < sizeof(uint))
        {
            return false;
        }

        error = Choose(BinaryPrimitives.ReadUInt32LittleEndian(buffer));
        if (error != FrameError.None)
        {
            return false;
        }

        return Framing == Framing.Native
            ? TryReadNative(buffer, out frame, out error, out needed)
            : TryReadAgentOs(buffer, out frame, out error, out needed);
    }

    private static bool TryReadNative(
        ReadOnlySpan<byte> buffer, out DecodedFrame frame, out FrameError error, out int needed)
    {
        frame = default;
        error = FrameError.None;
        needed = NativeFrame.HeaderSize;
        if (buffer.Length < needed)
        {
            return false;
        }

        error = NativeFrame.TryRead(buffer, out var header);
        if (error != FrameError.None)
        {
            return false;
        }

        needed += header.Length;
        if (buffer.Length < needed)
        {
            return false;
        }

        frame = new DecodedFrame
        {
            Native = header,
            Payload = buffer[NativeFrame.HeaderSize..needed],
            Size = needed,
        };
        return true;
    }

    private static bool TryReadAgentOs(
        ReadOnlySpan<byte> buffer, out DecodedFrame frame, out FrameError error, out int needed)
    {
        frame = default;
        error = FrameError.None;
        needed = AgentOsFrame.HeaderSize;
        if (buffer.Length < needed)
        {
            return false;
        }

        error = AgentOsFrame.TryRead(buffer, out var header);
        if (error != FrameError.None)
        {
            return false;
        }

        needed += header.PayloadSize;
        if (buffer.Length < needed)
        {
            return false;
        }

        frame = new DecodedFrame
        {
            AgentOs = header,
            Payload = buffer[AgentOsFrame.HeaderSize..needed],
            Size = needed,
        };
        return true;
    }

    private FrameError Choose(uint magic)
    {
        var spoken = magic switch
        {
            NativeFrame.Magic => Framing.Native,
            AgentOsFrame.Magic => Framing.AgentOs,
            _ => Framing.Undecided,
        };
        if (spoken == Framing.Undecided)
        {
            return FrameError.BadMagic;
        }

        if (Framing == Framing.Undecided)
        {
            Framing = spoken;
        }

        return spoken == Framing ? FrameError.None : FrameError.MixedFraming;
    }
}
