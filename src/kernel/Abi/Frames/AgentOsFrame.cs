using System.Buffers.Binary;

namespace Analemma.Abi.Frames;

// AGENTOS FRAMING (v1)
//
// Request and response have the same 17-byte header, little-endian and packed, then the payload.
//
//   offset  size  field
//        0     4  magic         0x41474E54: the bytes 54 4E 47 41, "TNGA"
//        4     4  agent id      ignored in a request; in a response the caller's real id
//        8     1  opcode        a response repeats the request's
//        9     8  payload size  at most 1 MiB in a request; a response may be larger
//
// There is no request id: answers come in the order of the requests.
/// <summary>The header of a frame in AgentOS framing.</summary>
/// <param name="AgentId">Ignored in a request; in a response the caller's real id.</param>
/// <param name="Opcode">What is asked, or answered.</param>
/// <param name="PayloadSize">Bytes that follow the header.</param>
public readonly record struct AgentOsFrame(uint AgentId, byte Opcode, int PayloadSize)
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderSize = 17;
    /// <summary>The first four bytes, little-endian.</summary>
    public const uint Magic = 0x41474E54;

    /// <summary>Writes the header into its first <see cref="HeaderSize"/> bytes.</summary>
    public void WriteTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], AgentId);
        destination[8] = Opcode;
        BinaryPrimitives.WriteUInt64LittleEndian(destination[9..], (ulong)PayloadSize);
    }

    internal static FrameError TryRead(ReadOnlySpan<byte> source, out AgentOsFrame frame)
    {
        var size = BinaryPrimitives.ReadUInt64LittleEndian(source[9..]);
        if (size > AbiLimits.PayloadBytesMax)
        {
            frame = default;
            return FrameError.TooLarge;
        }

        frame = new AgentOsFrame(BinaryPrimitives.ReadUInt32LittleEndian(source[4..]), source[8], (int)size);
        return FrameError.None;
    }
}
