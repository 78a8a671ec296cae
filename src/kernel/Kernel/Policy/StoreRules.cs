using System.Text;
using System.Text.Json;
using Analemma.Abi.Syscalls;
using static Analemma.Kernel.Policy.SyscallRules;

namespace Analemma.Kernel.Policy;

/// <summary>When a request about the store is well-formed.</summary>
internal static class StoreRules
{
    private const int OwnerCharsMax = 1_024;

    private const int CursorCharsMax = 2_048;

    /// <summary>A hundred years: what is kept longer needs no end.</summary>
    private const long TtlMsMax = 100L * 366 * 24 * 3600 * 1000;

    public static IEnumerable<string> Problems(StoreSyscall syscall) =>
    [
        .. syscall.Scope is { } scope && !Enum.IsDefined(scope)
            ? ["scope must be agent, group, global or any"] : Array.Empty<string>(),
        .. OwnerProblems(syscall.Owner),
        .. syscall switch
        {
            Store store =>
            [
                .. KeyProblems("key", store.Key),
                .. store.Value.ValueKind is JsonValueKind.Undefined
                    ? new[] { "value is missing; null is one, too" } : [],
                .. Range("ttl_ms", store.TtlMs, 1, TtlMsMax),
                .. Range("if_version", store.IfVersion, 0, long.MaxValue),
            ],
            Fetch fetch => KeyProblems("key", fetch.Key),
            Delete delete =>
                [.. KeyProblems("key", delete.Key), .. Range("if_version", delete.IfVersion, 1, long.MaxValue)],
            Keys keys =>
            [
                .. string.IsNullOrEmpty(keys.Prefix) ? [] : KeyProblems("prefix", keys.Prefix),
                .. keys.After?.Length > CursorCharsMax
                    ? new[] { $"after has at most {CursorCharsMax} characters" } : [],
                .. Range("limit", keys.Limit, 1, Limits.StorePageMax),
            ],
            _ => Array.Empty<string>(),
        },
    ];

    private static IEnumerable<string> KeyProblems(string field, string? key)
    {
        if (string.IsNullOrEmpty(key) || key.Any(char.IsControl)
            || Encoding.UTF8.GetByteCount(key) > Limits.StoreKeyBytesMax)
        {
            yield return $"{field} is {Quote(key ?? "null")}; it must be 1 to {Limits.StoreKeyBytesMax} bytes of "
                + "UTF-8, no control characters";
        }
    }

    private static IEnumerable<string> OwnerProblems(string? owner)
    {
        if (owner is not null && (owner.Length is 0 or > OwnerCharsMax || !owner.All(
            character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-' or '/' or ':')))
        {
            yield return $"owner is {Quote(owner)}; it must be an agent as KEYS names it, or a group";
        }
    }
}
