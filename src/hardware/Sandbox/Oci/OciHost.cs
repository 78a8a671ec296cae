using Analemma.Linux;
using Analemma.Sandbox.Bundles;
using Analemma.Sandbox.Cgroups;
using Analemma.Sandbox.Logs;

namespace Analemma.Sandbox.Oci;

/// <summary>What the sandboxes of one engine share.</summary>
internal sealed record OciHost(
    SandboxEngineOptions Options,
    OciRuntime Runtime,
    BundleHost Bundle,
    ICgroupTree Cgroups,
    Watcher Watcher,
    LogIntake Intake,
    UidSlots Uids,
    EngineReport Report)
{
    /// <summary>
    /// An ordinary user has one uid, so all agents share it and are root inside, without any capability.
    /// </summary>
    public bool IsSingleUid { get; init; }

    public bool HasUserNamespace => Bundle.Namespaces.Contains("user");
}
