using System.Text.Json.Nodes;
using Analemma.Sandbox.Seccomp;

namespace Analemma.Sandbox.Bundles;

/// <summary>
/// How a bundle carries the filter. crun takes it compiled, in an annotation, which saves it libseccomp's compiler on
/// every start; others take the OCI section.
/// </summary>
internal sealed record BundleSeccomp(SeccompProfile Profile, string? NotifySocket, bool IsCompiled)
{
    private const string Annotation = "run.oci.seccomp_bpf_data";

    public JsonObject Section(SandboxPolicy policy) => IsCompiled
        ? Profile.ToOciBesideBpf(Options(policy))
        : Profile.ToOci(Options(policy));

    public Dictionary<string, string>? Annotations(SandboxPolicy policy) => IsCompiled
        ? new() { [Annotation] = Convert.ToBase64String(Profile.ToBpf(Options(policy))) }
        : null;

    /// <summary>The compiled filter alone, for who takes neither: it refuses the same and tells nobody.</summary>
    public byte[] SilentFilter(SandboxPolicy policy, bool entering) => Profile.ToBpf(
        Options(policy) with { ListenerPath = null, Entering = entering });

    private SeccompOptions Options(SandboxPolicy policy) => new()
    {
        AuditReads = policy.AuditReads,
        Network = policy.Network,
        ListenerPath = NotifySocket,
        ListenerMetadata = NotifySocket is null ? null : policy.Key,
    };
}
