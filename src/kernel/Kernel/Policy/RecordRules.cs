using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;

namespace Analemma.Kernel.Policy;

/// <summary>
/// Whether a request fits the journal. Its record may be six times as long as the request was: what JSON escapes.
/// </summary>
internal static class RecordRules
{
    public static SysError? TooLarge(Syscall syscall)
    {
        // Of the callers and times that there are, those that take the most room.
        SyscallArrived arrived = new(new CallId(long.MaxValue), new Caller(ProcessId.None, uint.MaxValue), syscall)
        {
            At = long.MaxValue,
        };
        if (!arrived.IsDurable)
        {
            return null;
        }

        const int ProcessIdBytesMax = 10;
        var bytes = EventCodec.Write(arrived).Body.Length + ProcessIdBytesMax;
        return bytes <= Limits.RecordBytesMax
            ? null
            : new SysError(
                SysErrorCode.TooLarge,
                $"{syscall.Number} is {bytes} bytes as a record of the journal; at most {Limits.RecordBytesMax}",
                "give large input by a file, a pipe or messages; each of < > & ' \" + and of letters beyond ASCII "
                + "counts as six bytes");
    }
}
