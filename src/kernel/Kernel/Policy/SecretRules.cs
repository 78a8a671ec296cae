using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Kernel.Policy;

/// <summary>When a secret is well-formed. A value is never quoted.</summary>
public static class SecretRules
{
    public static bool IsName(string? name) =>
        name is { Length: > 0 and <= AbiLimits.NameLengthMax } && char.IsAsciiLetterOrDigit(name[0])
        && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-');

    internal static IEnumerable<string> Problems(SecretSet set) =>
    [
        .. NameProblems("name", set.Name),
        .. set.Value is not { Length: > 0 and <= Limits.SecretCharsMax }
            ? [$"value must be text of 1 to {Limits.SecretCharsMax} characters"] : Array.Empty<string>(),
        .. set.Value?.Contains('\0') == true ? ["value has a NUL"] : Array.Empty<string>(),
    ];

    internal static IEnumerable<string> NameProblems(string field, string? name)
    {
        if (!IsName(name))
        {
            yield return $"{field} must be 1 to {AbiLimits.NameLengthMax} letters, digits, and . _ - inside";
        }
    }
}
