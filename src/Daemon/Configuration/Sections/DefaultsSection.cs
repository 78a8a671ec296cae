using Analemma.Kernel;

namespace Analemma.Daemon.Configuration.Sections;

/// <summary>The <c>[defaults]</c> section of the machine file: what an agent gets that asks for nothing else.</summary>
internal sealed record DefaultsSection
{
    private static readonly LimitSet Kernels = new();

    [Setting("Memory, swap excluded, /work and /tmp included.", IsBytes = true)]
    public long Memory { get; init; } = Kernels.MemoryBytes;

    [Setting("Processes and threads at once.")]
    public int MaxPids { get; init; } = Kernels.Pids;

    [Setting("Microseconds of CPU in each 100000: 100000 is one core; -1 for no quota.")]
    public long CpuQuota { get; init; } = Kernels.CpuQuotaUs;

    [Setting("Share of CPU under contention, 1 to 10000.")]
    public int CpuWeight { get; init; } = Kernels.CpuWeight;

    [Setting("Open file descriptors per host process.")]
    public int OpenFiles { get; init; } = Kernels.OpenFiles;

    [Setting("Captured output that is kept; older output is dropped.", IsBytes = true)]
    public long LogBytes { get; init; } = Kernels.LogBytes;

    [Setting("Files in /work.", IsBytes = true)]
    public long WorkBytes { get; init; } = Kernels.WorkBytes;

    [Setting("Milliseconds between SIGTERM and the kill of the whole sandbox.")]
    public long GraceMs { get; init; } = new KernelOptions().GraceMs;

    public LimitSet ToLimits() => new()
    {
        MemoryBytes = Memory,
        Pids = MaxPids,
        CpuQuotaUs = CpuQuota,
        CpuWeight = CpuWeight,
        OpenFiles = OpenFiles,
        LogBytes = LogBytes,
        WorkBytes = WorkBytes,
    };

    public IEnumerable<string> Problems() =>
        new[]
        {
            Range("memory", Memory, Limits.MemoryBytesMin, Limits.MemoryBytesMax),
            Range("max_pids", MaxPids, 1, Limits.PidsMax),
            CpuQuota == LimitSet.NoQuota
                ? null
                : Range("cpu_quota", CpuQuota, Limits.CpuQuotaUsMin, Limits.CpuQuotaUsMax, " or -1"),
            Range("cpu_weight", CpuWeight, 1, 10_000),
            Range("open_files", OpenFiles, Limits.OpenFilesMin, Limits.OpenFilesMax),
            Range("log_bytes", LogBytes, Limits.LogBytesMin, Limits.LogBytesMax),
            Range("work_bytes", WorkBytes, Limits.WorkBytesMin, Limits.WorkBytesMax),
            Range("grace_ms", GraceMs, 0, Limits.GraceMsMax),
        }.OfType<string>();

    private static string? Range(string key, long value, long least, long most, string or = "") =>
        value >= least && value <= most ? null : $"defaults.{key} is {value}; it must be {least} to {most}{or}";
}
