using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Linux;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Daemon.Sockets;

/// <summary>Whether what came with a frame is a handle that a message may carry.</summary>
internal static class HandleCheck
{
    private const string Hint = "send memory of memfd_create with all of F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, "
        + "F_SEAL_WRITE, with a SEND frame that has the flag HANDLE";

    /// <summary>The memory, opened for reading only; or why not.</summary>
    public static SysError? Open(
        NativeFrame header, SafeFileHandle? sent, out SafeFileHandle? memory, out long bytes)
    {
        memory = null;
        bytes = 0;
        if (header.Opcode != (ushort)SyscallNumber.Send)
        {
            return SysError.InvalidArgument("only a SEND takes a handle");
        }

        if (sent is null)
        {
            return new SysError(SysErrorCode.HandleInvalid, "the frame has the flag HANDLE, but no descriptor", Hint);
        }

        memory = SealedMemory.TryOpen(sent, out bytes, out var problem);
        if (problem is not null)
        {
            return new SysError(SysErrorCode.HandleInvalid, $"the descriptor cannot be a handle: {problem}", Hint);
        }

        if (bytes is >= 1 and <= AbiLimits.HandleBytesMax)
        {
            return null;
        }

        memory?.Dispose();
        memory = null;
        return bytes == 0
            ? new SysError(SysErrorCode.HandleInvalid, "the memory of the handle is empty", Hint)
            : new SysError(
                SysErrorCode.TooLarge,
                $"the memory of the handle has {bytes} bytes; at most {AbiLimits.HandleBytesMax}");
    }
}
