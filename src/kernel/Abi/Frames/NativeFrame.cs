using System.Buffers.Binary;

namespace Analemma.Abi.Frames;

// NATIVE FRAMING (v2)
//
// A 24-byte little-endian header, then the payload.
//
//   offset  size  field
//        0     4  magic       0x324C4E41: the bytes 41 4E 4C 32, "ANL2"
//        4     1  kind        1 request, 2 response, 3 cancel
//        5     1  flags       1 MORE: the body goes on in another frame of the same request id
//                             2 RAW: the payload is bytes, not JSON
//                             4 HANDLE: descriptors came with the frame's first byte
//                             8 QUIET: of a SEND; only a refusal is answered
//        6     2  opcode      a response repeats the request's; 0 in a cancel
//        8     8  request id  chosen by the client, unique among its requests in flight
//       16     4  status      0 in a request; in a response 0 or an error code
//       20     4  length      of the payload, at most 1 MiB
//
// A request is one frame, or several with MORE on all but the last. A response is any number of frames with MORE and
// then exactly one without it, which ends the request. A cancel names a request in flight and gets no answer of its
// own: the request itself ends with status 16, cancelled, unless it had just ended.
/// <summary>The header of a frame in native framing.</summary>
/// <param name="Kind">Request, response or cancel.</param>
/// <param name="Flags">Whether more follows, and of what the payload is.</param>
/// <param name="Opcode">The syscall's number.</param>
/// <param name="RequestId">Chosen by the client, unique among its requests in flight.</param>
/// <param name="Status">In a response, Ok or why not.</param>
/// <param name="Length">Bytes that follow the header.</param>
public readonly record struct NativeFrame(
    FrameKind Kind, FrameFlags Flags, ushort Opcode, ulong RequestId, SysErrorCode Status, int Length)
{
    /// <summary>Bytes of the header.</summary>
    public const int HeaderSize = 24;
    /// <summary>The first four bytes, little-endian.</summary>
    public const uint Magic = 0x324C4E41;

    /// <summary>Writes the header into its first <see cref="HeaderSize"/> bytes.</summary>
    public void WriteTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        destination[4] = (byte)Kind;
        destination[5] = (byte)Flags;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[6..], Opcode);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], RequestId);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], unchecked((uint)Status));
        BinaryPrimitives.WriteUInt32LittleEndian(destination[20..], (uint)Length);
    }

    internal static FrameError TryRead(ReadOnlySpan<byte> source, out NativeFrame frame)
    {
        frame = default;
        var (kind, flags) = (source[4], source[5]);
        if (kind is < (byte)FrameKind.Request or > (byte)FrameKind.Cancel)
        {
            return FrameError.BadKind;
        }

        if ((flags & ~(byte)(FrameFlags.More | FrameFlags.Raw | FrameFlags.Handle | FrameFlags.Quiet)) != 0)
        {
            return FrameError.BadFlags;
        }

        var length = BinaryPrimitives.ReadUInt32LittleEndian(source[20..]);
        if (length > AbiLimits.PayloadBytesMax)
        {
            return FrameError.TooLarge;
        }

        frame = new NativeFrame(
            (FrameKind)kind,
            (FrameFlags)flags,
            BinaryPrimitives.ReadUInt16LittleEndian(source[6..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[8..]),
            unchecked((SysErrorCode)BinaryPrimitives.ReadUInt32LittleEndian(source[16..])),
            unchecked((int)length));
        return FrameError.None;
    }
}

/// <summary>What a native frame is.</summary>
public enum FrameKind : byte
{
    /// <summary>From the client: begins a request, or goes on with its body.</summary>
    Request = 1,
    /// <summary>From the kernel: an answer, or a part of one.</summary>
    Response = 2,
    /// <summary>From the client: takes a request back.</summary>
    Cancel = 3,
}

/// <summary>What else there is to know of a native frame.</summary>
[Flags]
public enum FrameFlags : byte
{
    /// <summary>The last frame of its body, in JSON.</summary>
    None = 0,
    /// <summary>The body goes on in another frame of the same request id.</summary>
    More = 1,
    /// <summary>The payload is bytes, not JSON.</summary>
    Raw = 2,
    /// <summary>
    /// Descriptors came with the frame's first byte (SCM_RIGHTS): of a SEND the handle, of an answer those of its
    /// messages, in their order.
    /// </summary>
    Handle = 4,
    /// <summary>Of a SEND: nothing comes back unless it is refused.</summary>
    Quiet = 8,
}
