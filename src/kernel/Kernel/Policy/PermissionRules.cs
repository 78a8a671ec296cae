using Analemma.Abi.Syscalls;
using static Analemma.Kernel.Policy.SyscallRules;

namespace Analemma.Kernel.Policy;

/// <summary>When permissions are well-formed.</summary>
internal static class PermissionRules
{
    private static readonly string[] Scopes = ["agent/", "group/", "global/", "*"];

    public static IEnumerable<string> Problems(Permissions? permissions) => permissions is null
        ? []
        :
        [
            .. Capabilities.All.SelectMany(capability => ListProblems(
                capability, Capabilities.Of(permissions, capability))),
            .. permissions.Group is { } group ? SecretRules.NameProblems("permissions.group", group) : [],
        ];

    public static IEnumerable<string> Problems(SetPerms set) => set.Permissions is null
        ? ["permissions is missing"]
        :
        [
            .. Problems(set.Permissions),
            .. set.Permissions.Group is null ? Array.Empty<string>() : ["permissions.group cannot be changed"],
        ];

    private static IEnumerable<string> ListProblems(Capability capability, IReadOnlyList<string>? list)
    {
        var field = $"permissions.{Capabilities.NameOf(capability)}";
        if (list?.Count > Limits.PermissionItemsMax)
        {
            yield return $"{field} has {list.Count} items; at most {Limits.PermissionItemsMax}";
        }

        foreach (var item in list ?? [])
        {
            if (item is not { Length: > 0 and <= Limits.PermissionCharsMax } || item.Any(char.IsControl))
            {
                yield return $"{field}: {Quote(item ?? "null")} must be 1 to {Limits.PermissionCharsMax} characters";
            }
            else if (capability is Capability.StoreRead or Capability.StoreWrite
                && !Scopes.Any(scope => item.StartsWith(scope, StringComparison.Ordinal)))
            {
                yield return $"{field}: {Quote(item)} must be scope/key, the scope agent, group or global";
            }
            else if (Capabilities.IsAboutAgents(capability) && item.StartsWith('_') && item != NamePattern.Family)
            {
                yield return $"{field}: {Quote(item)} is no name; {NamePattern.Family} stands for those near";
            }
        }
    }
}
