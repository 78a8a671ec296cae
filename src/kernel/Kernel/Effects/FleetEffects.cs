namespace Analemma.Kernel.Effects;

/// <summary>
/// Asks when a schedule is due next: time zones are data of the host, which the kernel cannot read. Comes back as
/// ScheduleTold.
/// </summary>
/// <param name="Unit">Whose.</param>
/// <param name="Cron">The schedule.</param>
/// <param name="Zone">The IANA time zone in which it is meant.</param>
/// <param name="After">UTC ticks: the first instant after this one is asked for.</param>
public sealed record AskSchedule(long Unit, string Cron, string Zone, long After) : Effect;
