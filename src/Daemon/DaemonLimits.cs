namespace Analemma.Daemon;

/// <summary>Bounds of the daemon's own queues and waits. The kernel's are in its Limits.</summary>
internal static class DaemonLimits
{
    /// <summary>Events that wait to enter the kernel; beyond, new calls are refused with try_again.</summary>
    public const int ArrivalsMax = 50_000;

    /// <summary>Sandboxes being made at once: more only fight for the same cores.</summary>
    public const int LaunchesAtOnceMax = 16;

    /// <summary>How long the kernel's end waits for the journal to end the last turn.</summary>
    public static readonly TimeSpan LastTurnMax = TimeSpan.FromSeconds(30);

    /// <summary>A script file, which is read whole.</summary>
    public const int ScriptBytesMax = 16 * 1024 * 1024;

    /// <summary>
    /// A read of a file that is gathered for an AgentOS client is bounded by the call; a piece is this long.
    /// </summary>
    public const int PieceBytes = 64 * 1024;

    /// <summary>Output of one EXEC; what is beyond is dropped, and said to be.</summary>
    public const long ExecOutputBytesMax = 16L * 1024 * 1024;

    /// <summary>Of one model's answer; beyond, the attempt has failed.</summary>
    public const long ModelAnswerCharsMax = 8L * 1024 * 1024;

    /// <summary>Numbers in the vectors of one EMBED: in JSON they are at most twelve times as many bytes.</summary>
    public const long EmbeddingNumbersMax = 4 * 1024 * 1024;

    /// <summary>How long a streamed answer waits for its caller to read: it holds a slot of the provider.</summary>
    public static readonly TimeSpan UnreadAnswerMax = TimeSpan.FromSeconds(30);

    /// <summary>No attempt of a model call runs longer, whatever its due time.</summary>
    public static readonly TimeSpan AttemptMax = TimeSpan.FromDays(1);

    /// <summary>A tunnel in which nothing moves is closed.</summary>
    public static readonly TimeSpan TunnelIdleMax = TimeSpan.FromMinutes(10);

    public static readonly TimeSpan ExecTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Counters are read about so often while few agents live …</summary>
    public static readonly TimeSpan SampleEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>… and so that reading costs at most about 3 % of a core when many do, …</summary>
    public static readonly TimeSpan SampleEveryPerProcess = TimeSpan.FromMilliseconds(2.5);

    /// <summary>… of so many at once: those of all would take a core for tens of milliseconds.</summary>
    public const int SampledAtOnceMax = 4;

    /// <summary>How often the kernel asks itself whether it is idle and could give memory back …</summary>
    public static readonly TimeSpan TrimLook = TimeSpan.FromSeconds(2);

    /// <summary>… which it is when it has allocated less than this since it last looked, …</summary>
    public const long TrimQuietBytes = 4L * 1024 * 1024;

    /// <summary>… and could when it has allocated this since it last did.</summary>
    public const long TrimBytes = 16L * 1024 * 1024;

    /// <summary>Lines of output that an escalation shows …</summary>
    public const int EscalationLinesMax = 20;

    public const int EscalationLineCharsMax = 400;

    public const int EscalationBytesMax = 256 * 1024;

    public static readonly TimeSpan WebhookTimeout = TimeSpan.FromSeconds(10);

    public const int WebhookAttemptsMax = 3;

    /// <summary>Before the second attempt at a webhook; before the third twice as long.</summary>
    public static readonly TimeSpan WebhookPause = TimeSpan.FromSeconds(2);

    /// <summary>Records between two checkpoints.</summary>
    public const long CheckpointEvery = 5_000;

    /// <summary>Records kept before a checkpoint, for whoever asks about the past.</summary>
    public const long RecordsKept = 100_000;
}
