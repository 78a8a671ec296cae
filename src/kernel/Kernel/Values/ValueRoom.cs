using Analemma.Abi;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.Values;

/// <summary>Whether there is room for a value, and whether it is the one that it is meant to follow.</summary>
internal static class ValueRoom
{
    /// <summary>Why a value cannot be put there now, or null. By durable state alone.</summary>
    public static SysError? Problem(KernelState state, ValueStored write)
    {
        var table = state.Values;
        table.TryGet(new ValuePlace(write.Scope, write.Owner), write.Key, out var there);
        if (Conflict(state, there, write.Key, write.IfVersion) is { } conflict)
        {
            return conflict;
        }

        var weight = write.Bytes + write.Key.Length;
        var (keys, bytes) = (there is null ? 1 : 0, weight - (there?.Weight ?? 0));
        if (table.Total.Keys + keys > Limits.StoreKeysAllMax || table.Total.Bytes + bytes > Limits.StoreBytesAllMax)
        {
            return new SysError(
                SysErrorCode.LimitExceeded, "the kernel keeps as much in its store as it can", "delete some keys");
        }

        return write.Payer.Length == 0 ? null : OverQuota(state, write, there, weight);
    }

    public static SysError? Conflict(KernelState state, StoredValue? there, string key, long? expected)
    {
        var version = there is null || there.IsOver(state.Now) ? 0 : there.Version;
        return expected is null || expected == version
            ? null
            : new SysError(
                SysErrorCode.VersionConflict,
                $"key {key} has version {version}, not {expected}",
                "FETCH it, decide anew, and try again with the version that it has");
    }

    private static SysError? OverQuota(KernelState state, ValueStored write, StoredValue? there, long weight)
    {
        var options = state.Options.Store;
        var account = state.Values.AccountOf(write.Payer);
        // What it replaces is given back to whoever paid for it.
        var own = there?.Payer == write.Payer ? there : null;
        var keys = account.Keys + (own is null ? 1 : 0);
        var bytes = account.Bytes + weight - (own?.Weight ?? 0);
        var what = keys > options.KeysPerAgent
            ? $"{options.KeysPerAgent} keys"
            : bytes > options.BytesPerAgent ? $"{options.BytesPerAgent} bytes" : null;
        return what is null
            ? null
            : new SysError(
                SysErrorCode.LimitExceeded,
                $"{write.Payer} may keep {what} in the store, together with all that it spawned",
                "delete some keys, or have the owner raise store.bytes_per_agent and store.keys_per_agent");
    }
}
