using Analemma.Abi.Syscalls;

namespace Analemma.Sandbox.Hosts;

/// <summary>Why an engine does not give a guarantee, and what to do.</summary>
internal sealed record EngineLack(string Reason, string? Remedy = null)
{
    public static IReadOnlyDictionary<string, EngineLack> None { get; } = new Dictionary<string, EngineLack>();

    public static IReadOnlyDictionary<string, EngineLack> Unsandboxed { get; } = new Dictionary<string, EngineLack>
    {
        [GuaranteeNames.Denials] = new("asked to run without a sandbox"),
    };

    public static IReadOnlyDictionary<string, EngineLack> NoListener { get; } = new Dictionary<string, EngineLack>
    {
        [GuaranteeNames.Denials] = new("no listener for seccomp notifications runs"),
    };

    public static IReadOnlyDictionary<string, EngineLack> Gvisor { get; } = new Dictionary<string, EngineLack>
    {
        [GuaranteeNames.Pids] = Of("gVisor's own threads count too, and beyond the limit the whole agent ends"),
        [GuaranteeNames.Filesystem] = Of("the root is read-only, but /work is a folder of the host without a bound"),
        [GuaranteeNames.Seccomp] = Of("gVisor's kernel serves the calls, and takes no allow-list of ours"),
        [GuaranteeNames.UserNamespace] = Of("gVisor's kernel stands in its place"),
        [GuaranteeNames.Denials] = Of("gVisor's kernel refuses by itself and tells nobody"),
    };

    /// <summary>An OCI runtime would report denials; one that is installed was not wanted, or failed here.</summary>
    public static IReadOnlyDictionary<string, EngineLack> Bubblewrap(
        bool hasRuntime, IReadOnlyList<string> passedOver, UserNamespaceSettings settings)
    {
        const string Reason = "bubblewrap hands its filter to no listener";
        EngineLack lack = !hasRuntime ? new(Reason, EngineChoice.Installing["crun"])
            : passedOver.Count == 0 ? new(Reason, "set sandbox.engine to auto, which takes crun or runc")
            : new($"{Reason}, and {passedOver[0]}", settings.Remedy);
        return new Dictionary<string, EngineLack> { [GuaranteeNames.Denials] = lack };
    }

    public Guarantee Missing(string name) => new(name, Enforced: false) { How = Reason, Remedy = Remedy };

    private static EngineLack Of(string gvisorReason) => new(gvisorReason, "set sandbox.engine to crun or runc");
}
