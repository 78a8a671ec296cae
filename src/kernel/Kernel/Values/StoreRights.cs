using Analemma.Abi.Syscalls;
using Analemma.Kernel.Policy;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Syscalls;

namespace Analemma.Kernel.Values;

/// <summary>What of the store a process may read and write.</summary>
internal static class StoreRights
{
    public static bool MayWrite(KernelState state, Process process, StoreScope scope, string key) =>
        NamePattern.Matches(Rights.Of(state, process, Capability.StoreWrite), Text(scope, key));

    public static bool MayRead(KernelState state, Process process, StoreScope scope, string key) =>
        NamePattern.Matches(Rights.Of(state, process, Capability.StoreRead), Text(scope, key));

    /// <summary>There may be a key that it may read.</summary>
    public static bool MayReadSome(KernelState state, Process process, StoreScope scope) =>
        Rights.Of(state, process, Capability.StoreRead).Any(pattern => pattern.StartsWith('*')
            || pattern.StartsWith(Text(scope, ""), StringComparison.Ordinal));

    public static void Deny(SyscallContext call, StoreSyscall request, StoreScope scope, string key, bool isWrite)
    {
        var what = Text(scope, key);
        call.Deny(
            $"{request.Number} {what}",
            Rights.Missing(
                isWrite ? Capability.StoreWrite : Capability.StoreRead,
                what,
                $"this agent may not {(isWrite ? "write" : "read")} {what} in the store"));
    }

    private static string Text(StoreScope scope, string key) => $"{scope.ToString().ToLowerInvariant()}/{key}";
}
