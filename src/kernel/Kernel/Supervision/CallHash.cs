using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Supervision;

/// <summary>Tells whether an agent makes the same call again: FNV-1a over its number and its JSON.</summary>
internal static class CallHash
{
    private const ulong Offset = 0xCBF29CE484222325;
    private const ulong Prime = 0x100000001B3;

    /// <summary>Null for those that are made again and again by right: waiting, looking, and signs of life.</summary>
    public static ulong? Of(Syscall syscall)
    {
        if (IsIdle(syscall.Number) || AbiJsonContext.Default.GetTypeInfo(syscall.GetType()) is not { } type)
        {
            return null;
        }

        unchecked
        {
            var hash = (Offset ^ (ulong)syscall.Number) * Prime;
            foreach (var each in JsonSerializer.SerializeToUtf8Bytes(syscall, type))
            {
                hash = (hash ^ each) * Prime;
            }

            return hash;
        }
    }

    // RECV and POLL_EVENTS of an idle agent are the same each time.
    internal static bool IsIdle(SyscallNumber number) => number is SyscallNumber.Wait or SyscallNumber.Subscribe
        or SyscallNumber.Ready or SyscallNumber.List or SyscallNumber.Inspect or SyscallNumber.Status
        or SyscallNumber.Metrics or SyscallNumber.Logs or SyscallNumber.Audit || (int)number is 0x21 or 0x62;
}
