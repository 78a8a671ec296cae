using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Syscalls;

namespace Analemma.Kernel.Values;

/// <summary>What of the store a process may read and write.</summary>
internal static class StoreRights
{
    public static bool MayWrite(StoreScope scope) =>
        scope is not StoreScope.Global;

    public static bool MayRead(StoreScope scope) =>
        scope is not StoreScope.Global;

    /// <summary>There may be a key that it may read.</summary>
    public static bool MayReadSome(StoreScope scope) =>
        scope is not StoreScope.Global;

    public static void Deny(SyscallContext call, StoreSyscall request, StoreScope scope, string key, bool isWrite)
    {
        var what = $"{scope.ToString().ToLowerInvariant()}/{key}";
        var capability = isWrite ? "store_write" : "store_read";
        call.Deny(
            $"{request.Number} {what}",
            SysError.PermissionDenied(
                $"this agent may not {(isWrite ? "write" : "read")} {what} in the store",
                $"missing capability: {capability} {what}"));
    }
}
