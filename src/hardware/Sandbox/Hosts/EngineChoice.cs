namespace Analemma.Sandbox.Hosts;

/// <summary>
/// An engine that may be tried, or why it cannot even be. It is made knowing what was said of those passed over for it.
/// </summary>
internal sealed record EngineCandidate(string Name, string? Absent, Func<IReadOnlyList<string>, ISandboxEngine> Make)
{
    /// <summary>What to do when it cannot be tried; by default to install it.</summary>
    public string? Remedy { get; init; }

    public static EngineCandidate Impossible(string name, string reason) =>
        new(name, reason, _ => throw new InvalidOperationException($"{name} cannot be tried: {reason}"));
}

/// <summary>Takes the first engine that works; where none does, says of each why, and what to do.</summary>
internal static class EngineChoice
{
    private const string LastResort = "set sandbox.engine to unsandboxed to run agents without isolation";

    public static readonly IReadOnlyDictionary<string, string> Installing = new Dictionary<string, string>
    {
        ["crun"] = "install crun (apt install crun)",
        ["runc"] = "install runc (apt install runc)",
        ["bwrap"] = "install bubblewrap 0.8 or later (apt install bubblewrap)",
        ["runsc"] = "install gVisor (apt install runsc)",
        ["kata"] = "take runsc for a kernel between agent and host: since 2.0 Kata Containers runs under containerd or "
            + "CRI-O alone, and kata-runtime makes sandboxes only in 1.x",
    };

    /// <summary>
    /// Tells of each that it passes over. One that failed is tried again: a host that is busy for a moment must not
    /// cost its agents a namespace until the next start.
    /// </summary>
    public static async Task<ISandboxEngine> FirstThatWorksAsync(
        IReadOnlyList<EngineCandidate> candidates,
        Func<ISandboxEngine, Task<string?>> failure,
        UserNamespaceSettings settings,
        Action<string> passedOver)
    {
        List<string> reasons = [];
        foreach (var candidate in candidates)
        {
            if (candidate.Absent is { } absent)
            {
                reasons.Add(absent);
                continue;
            }

            var engine = candidate.Make(reasons);
            if (await failure(engine) is null || await failure(engine) is not { } reason)
            {
                reasons.ForEach(passedOver);
                return engine;
            }

            reasons.Add(reason);
            await engine.DisposeAsync();
        }

        throw new SandboxException(
            $"no sandbox engine works here: {string.Join("; ", reasons.Distinct())}",
            string.Join("; or ", Remedies(candidates, settings).Append(LastResort)));
    }

    private static IEnumerable<string> Remedies(
        IReadOnlyList<EngineCandidate> candidates, UserNamespaceSettings settings) =>
    [
        .. settings.Remedies(),
        .. candidates
            .Where(candidate => candidate.Absent is not null)
            .Select(candidate => candidate.Remedy ?? Installing.GetValueOrDefault(candidate.Name))
            .OfType<string>()
            .Take(1),
    ];
}
