using Analemma.Linux;

namespace Analemma.Sandbox.Hosts;

/// <summary>
/// What may have been set against sandboxes on a host, user namespaces above all; null where there is no such setting.
/// </summary>
internal sealed record UserNamespaceSettings(
    string? UnprivilegedClone, string? AppArmorRestricts, string? NamespacesMax)
{
    /// <summary>A folder above the state folder that agents' uids cannot pass.</summary>
    public string? Blocked { get; init; }

    /// <summary>Capabilities that a root without all of them lacks, and that makers of sandboxes use.</summary>
    public IReadOnlyList<string> Lacking { get; init; } = [];

    /// <summary>All of <see cref="Remedies"/> in one; null where there is none.</summary>
    public string? Remedy => Remedies().ToList() is { Count: > 0 } all ? string.Join("; or ", all) : null;

    public static UserNamespaceSettings Read() => new(
        Value("/proc/sys/kernel/unprivileged_userns_clone"),
        Value("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
        Value("/proc/sys/user/max_user_namespaces"))
    {
        Lacking = HostProcess.IsRoot ? HostCapabilities.Lacking(ProcFiles.TryRead("/proc/self/status")) : [],
    };

    /// <summary>What to change, in commands; empty when nothing stands in the way.</summary>
    public IEnumerable<string> Remedies()
    {
        if (Lacking.Count > 0)
        {
            yield return $"let the kernel's process have {string.Join(", ", Lacking)}";
        }

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
