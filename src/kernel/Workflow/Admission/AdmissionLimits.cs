namespace Analemma.Workflow.Admission;

/// <summary>What came of asking for a place.</summary>
public enum AdmissionAnswer
{
    /// <summary>It may run.</summary>
    Admitted,

    /// <summary>It waits in line.</summary>
    Queued,

    /// <summary>The line is as long as it may be.</summary>
    Refused,
}

/// <summary>What all lanes together may have.</summary>
/// <param name="Max">That run at once.</param>
/// <param name="QueueMax">That wait.</param>
public sealed record AdmissionLimits(int Max, int QueueMax);

/// <summary>What one lane may have.</summary>
/// <param name="Max">That run at once.</param>
/// <param name="Reserved">Places that are kept free for it.</param>
/// <param name="QueueMax">That wait.</param>
public sealed record LaneLimits(int Max, int Reserved, int QueueMax)
{
    /// <summary>Those of all.</summary>
    public static LaneLimits None { get; } = new(int.MaxValue, 0, int.MaxValue);
}

/// <summary>How a lane stands.</summary>
/// <param name="Name">Which.</param>
/// <param name="Limits">What it may have.</param>
/// <param name="Running">What runs.</param>
/// <param name="Queued">What waits.</param>
/// <param name="Oldest">Since when its first waits; null when nobody does.</param>
public sealed record LaneView(string Name, LaneLimits Limits, int Running, int Queued, DateTimeOffset? Oldest);
