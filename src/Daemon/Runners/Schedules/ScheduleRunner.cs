using Analemma.Abi.Schedules;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Daemon.Runners.Schedules;

/// <summary>Works out when schedules are due, by the zones of this host, and tells the kernel.</summary>
internal sealed class ScheduleRunner(TimeProvider time, Action<KernelEvent> post)
{
    public void Start(AskSchedule ask)
    {
        var (due, problem) = Find(ask);
        post(new ScheduleTold(ask.Unit, ask.Cron, ask.Zone, due?.UtcTicks, problem)
        {
            At = time.GetUtcNow().UtcTicks,
        });
    }

    private static (DateTimeOffset? Due, string? Problem) Find(AskSchedule ask)
    {
        if (!CronExpression.TryParse(ask.Cron, out var cron, out var wrong))
        {
            return (null, $"its schedule cannot be read: {wrong}");
        }

        if (!TimeZoneInfo.TryFindSystemTimeZoneById(ask.Zone, out var zone))
        {
            return (null, $"this host knows no time zone {ask.Zone}; its schedule never comes due");
        }

        return new CronSchedule(cron, zone).Next(new DateTimeOffset(ask.After, TimeSpan.Zero)) is { } due
            ? (due, null)
            : (null, "its schedule never comes due again");
    }
}
