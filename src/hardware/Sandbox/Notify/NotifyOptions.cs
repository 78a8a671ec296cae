namespace Analemma.Sandbox.Notify;

/// <summary>The bounds of the listener, so that no child can make it grow.</summary>
public sealed record NotifyOptions
{
    /// <summary>
    /// Different attempts of one sandbox that are told apart within a window; the rest is only counted.
    /// </summary>
    public int AttemptsPerWindowMax { get; init; } = 32;

    /// <summary>Alike attempts within it are reported once, then together at its end.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Runtimes that have connected and not yet handed their descriptor over.</summary>
    public int HandshakesMax { get; init; } = 128;

    public int HandshakeBytesMax { get; init; } = 64 * 1024;

    /// <summary>How often a listener that nobody calls looks whether its socket is still there.</summary>
    public TimeSpan SocketCheck { get; init; } = TimeSpan.FromSeconds(2);
}
