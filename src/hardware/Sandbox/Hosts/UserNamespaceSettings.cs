using Analemma.Linux;

namespace Analemma.Sandbox.Hosts;

/// <summary>What may have been set against user namespaces on a host; null where there is no such setting.</summary>
internal sealed record UserNamespaceSettings(
    string? UnprivilegedClone, string? AppArmorRestricts, string? NamespacesMax)
{
    /// <summary>A folder above the state folder that agents' uids cannot pass.</summary>
    public string? Blocked { get; init; }

    public static UserNamespaceSettings Read() => new(
        Value("/proc/sys/kernel/unprivileged_userns_clone"),
        Value("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
        Value("/proc/sys/user/max_user_namespaces"));

    /// <summary>What to change, in commands; empty when nothing stands in the way.</summary>
    public IEnumerable<string> Remedies()
    {
        if (Blocked is not null)
        {
            yield return RemedyFor(Blocked);
        }

        if (UnprivilegedClone == "0")
        {
            yield return "allow user namespaces: sysctl -w kernel.unprivileged_userns_clone=1";
        }

        if (AppArmorRestricts == "1")
        {
            yield return "let AppArmor allow user namespaces: "
                + "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, "
                + "or give the engine's program a profile with the rule userns";
        }

        if (NamespacesMax == "0")
        {
            yield return "allow user namespaces: sysctl -w user.max_user_namespaces=65536";
        }
    }

    /// <summary>What to do about a folder that agents' uids cannot pass.</summary>
    public static string RemedyFor(string blocked) =>
        $"let every user pass {blocked}: chmod o+x {blocked}; or set kernel.state_folder to a folder elsewhere; or "
        + "give the kernel a /run that it can write to";

    private static string? Value(string path) => ProcFiles.TryRead(path)?.Trim();
}
