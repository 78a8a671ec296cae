namespace Analemma.Kernel.Supervision;

/// <summary>What the owner of the machine decided about restarts.</summary>
public sealed record SupervisionOptions
{
    /// <summary>Restarts of the whole host a second, after a burst. 1 to 10000.</summary>
    public int RestartsPerSecond { get; init; } = 50;

    /// <summary>Restarts at once, before they are spread. 1 to 10000.</summary>
    public int RestartBurst { get; init; } = 100;
}
