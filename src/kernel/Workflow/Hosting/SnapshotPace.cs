namespace Analemma.Workflow.Hosting;

/// <summary>How often an execution's state is kept beside its records.</summary>
/// <param name="Records">After so many,</param>
/// <param name="Bytes">or so many bytes of them, since the last snapshot,</param>
/// <param name="Growth">
/// once they are so many times what the last snapshot took: however large a state is, snapshots are a small part of
/// what is written.
/// </param>
public readonly record struct SnapshotRule(int Records, long Bytes, int Growth)
{
    /// <summary>A fold of so many records takes some milliseconds.</summary>
    public static SnapshotRule Default { get; } = new(256, 1024 * 1024, 2);
}

/// <summary>What was written of an execution since its last snapshot.</summary>
/// <param name="rule">When the next one is due.</param>
public readonly struct SnapshotPace(SnapshotRule rule)
{
    private long Records { get; init; }

    private long Bytes { get; init; }

    private long LastBytes { get; init; }

    /// <summary>Whether there is to be a snapshot now.</summary>
    public bool IsDue =>
        (Records >= rule.Records || Bytes >= rule.Bytes) && Bytes >= rule.Growth * LastBytes;

    /// <summary>A record was added.</summary>
    public SnapshotPace Added(long bytes) => this with { Records = Records + 1, Bytes = Bytes + bytes };

    /// <summary>A snapshot was made, or could not be.</summary>
    public SnapshotPace Made(long bytes) => this with { Records = 0, Bytes = 0, LastBytes = bytes };
}
