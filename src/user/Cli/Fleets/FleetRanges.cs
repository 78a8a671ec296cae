namespace Analemma.Cli.Fleets;

/// <summary>
/// Bounds of the values of a fleet file. They are the kernel's own, which it holds everybody to; here they are told
/// with their lines, before anything is sent. A test compares the two.
/// </summary>
internal static class FleetRanges
{
    public const int AgentsMax = 1_000;
    public const int SupervisorsMax = 256;
    public const int MailboxesMax = 256;
    public const int MailboxMessagesMax = 100_000;
    public const long MailboxBytesMin = 1_024;
    public const long MailboxBytesMax = 64L * 1024 * 1024;
    public const long VisibilityMsMin = 100;
    public const long VisibilityMsMax = 43_200_000;
    public const int DeliveriesMax = 1_000;
    public const int TopicsMax = 256;
    public const int TopicCharsMax = 128;
    public const int ReplicasMax = 1_000;
    public const int ArgumentsMax = 256;
    public const int ArgumentCharsMax = 100_000;
    public const int EnvironmentMax = 256;
    public const int MountsMax = 64;
    public const int ToolPatternsMax = 256;
    public const long MemoryMin = 8L * 1024 * 1024;
    public const long MemoryMax = 1L << 46;
    public const int PidsMax = 1 << 20;
    public const int OpenFilesMin = 16;
    public const int OpenFilesMax = 1 << 20;
    public const long LogMin = 4096;
    public const long WorkMin = 64 * 1024;
    public const long BytesMax = 1L << 40;
    public const long WallMsMax = 366L * 24 * 3600 * 1000;
    public const long GraceMsMax = 300_000;
    public const long DrainMsMax = 3_600_000;
    public const long BudgetTokensMax = 1_000_000_000_000_000;
    public const long PerMinuteMax = 1_000_000_000;
    public const int WeightMax = 10_000;
    public const long BackoffMsMax = 24L * 3600 * 1000;
    public const long IntervalMsMin = 10;
    public const int AfterMax = 64;
    public const int BurstMax = 1_000;
    public const int RepeatMax = 1_000_000;
}
