using Analemma.Kernel;
using Analemma.Kernel.Supervision;

namespace Analemma.Daemon.Configuration.Sections;

/// <summary>The <c>[limits]</c> section of the machine file: bounds of the kernel as a whole.</summary>
internal sealed record LimitsSection
{
    private const int ProcessesHighest = 100_000;
    private const int DeadRecordsHighest = 1_000_000;
    private const int RestartsHighest = 10_000;

    [Setting("Living agents at once.")]
    public int ProcessesMax { get; init; } = new KernelOptions().ProcessesMax;

    [Setting("Records of dead agents that are kept; the oldest go first.")]
    public int DeadRecordsMax { get; init; } = new KernelOptions().DeadRecordsMax;

    [Setting("Restarts of supervised agents a second, of the whole host, after a burst.")]
    public int RestartsPerSecond { get; init; } = new SupervisionOptions().RestartsPerSecond;

    [Setting("Restarts of supervised agents at once, before they are spread.")]
    public int RestartBurst { get; init; } = new SupervisionOptions().RestartBurst;

    public SupervisionOptions ToSupervision() =>
        new() { RestartsPerSecond = RestartsPerSecond, RestartBurst = RestartBurst };

    public IEnumerable<string> Problems()
    {
        if (RestartsPerSecond is < 1 or > RestartsHighest)
        {
            yield return $"limits.restarts_per_second is {RestartsPerSecond}; it must be 1 to {RestartsHighest}";
        }

        if (RestartBurst is < 1 or > RestartsHighest)
        {
            yield return $"limits.restart_burst is {RestartBurst}; it must be 1 to {RestartsHighest}";
        }

        if (ProcessesMax is < 1 or > ProcessesHighest)
        {
            yield return $"limits.processes_max is {ProcessesMax}; it must be 1 to {ProcessesHighest}";
        }

        if (DeadRecordsMax is < 0 or > DeadRecordsHighest)
        {
            yield return $"limits.dead_records_max is {DeadRecordsMax}; it must be 0 to {DeadRecordsHighest}";
        }
    }
}
