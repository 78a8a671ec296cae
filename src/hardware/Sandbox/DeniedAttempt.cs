namespace Analemma.Sandbox;

/// <summary>
/// Something that an agent tried and the sandbox did not let it do. A report, never the enforcement: mounts, namespaces
/// and the seccomp filter refuse by themselves.
/// </summary>
/// <param name="SandboxKey">Whose attempt.</param>
/// <param name="Kind">filesystem, network, process or kernel.</param>
/// <param name="What">The attempt, such as <c>connect to 10.0.0.1:443</c>.</param>
/// <param name="Reason">Why not, and what to do instead, in words that a model can act on.</param>
/// <param name="HostPid">The host process that tried.</param>
public sealed record DeniedAttempt(string SandboxKey, string Kind, string What, string Reason, int HostPid)
{
    /// <summary>How many alike attempts this stands for: the first is reported at once, later ones together.</summary>
    public int Count { get; init; } = 1;
}

/// <summary>Takes denied attempts; called on the listener's thread, must return at once.</summary>
public delegate void DeniedSink(DeniedAttempt attempt);
