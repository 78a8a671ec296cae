using Analemma.Abi.Schedules;

namespace Analemma.Daemon.Runners.Schedules;

// WHEN A ZONE CHANGES ITS OFFSET
//
// As cron(8) of Debian says under "Local time changes", for a change of any size:
//
//   at fixed times    skipped by a gap: due at the gap's end, once. Repeated by an overlap: due the first time only.
//   recurring         (minute or hour begins with *) due whenever the clock on the wall shows a time that fits: not in
//                     a gap, and in both passes of an overlap, so that "every 15 minutes" stays every 15 minutes.
//
// systemd.time(7) also moves a time in a gap to its end; it does not tell the two kinds apart.

/// <summary>A cron expression in a time zone.</summary>
internal sealed class CronSchedule(CronExpression cron, TimeZoneInfo zone) : ISchedule
{
    /// <summary>No zone changes its offset twice in a day.</summary>
    private static readonly TimeSpan Stretch = TimeSpan.FromDays(1);

    /// <summary>The last year, with room for the offset and a day's look ahead.</summary>
    private static readonly DateTime End = DateTime.MaxValue.AddYears(-1);

    public DateTimeOffset? Next(DateTimeOffset after)
    {
        var instant = after.UtcDateTime;
        if (instant > End)
        {
            return null;
        }

        return (cron.IsRecurring ? NextRecurring(instant) : NextFixed(instant)) is { } due
            ? new DateTimeOffset(due, TimeSpan.Zero)
            : null;
    }

    private DateTime? NextFixed(DateTime after)
    {
        // Whatever is due after this instant is later on the wall too, but for the second pass of an overlap, in which
        // nothing is due.
        var wall = Wall(after);
        while (cron.Next(wall) is { } local)
        {
            if (Instant(local) is var due && due > after)
            {
                return due;
            }

            wall = local;
        }

        return null;
    }

    /// <summary>The instant of a time on the wall: the end of a gap, the first pass of an overlap.</summary>
    private DateTime Instant(DateTime local)
    {
        if (zone.IsInvalidTime(local))
        {
            // A day before by the clock, the offset is the one that the gap ends.
            var before = local - zone.GetUtcOffset(local - Stretch);
            return Change(before - Stretch, before);
        }

        var offset = zone.IsAmbiguousTime(local)
            ? zone.GetAmbiguousTimeOffsets(local).Max()
            : zone.GetUtcOffset(local);
        return DateTime.SpecifyKind(local - offset, DateTimeKind.Utc);
    }

    private DateTime? NextRecurring(DateTime after)
    {
        var offset = zone.GetUtcOffset(after);
        var cursor = after;
        var local = cron.Next(after + offset);
        while (local is { } wall && cursor < End)
        {
            var due = DateTime.SpecifyKind(wall - offset, DateTimeKind.Utc);
            var horizon = due - cursor < Stretch ? due : cursor + Stretch;
            if (zone.GetUtcOffset(horizon) == offset)
            {
                if (horizon == due)
                {
                    return due;
                }

                cursor = horizon;
                continue;
            }

            // From the change on the wall shows another time; that one may itself be due.
            cursor = Change(cursor, horizon);
            offset = zone.GetUtcOffset(cursor);
            local = cron.Next(cursor + offset - TimeSpan.FromTicks(1));
        }

        return null;
    }

    /// <summary>The first instant of the new offset, between two of different offsets.</summary>
    private DateTime Change(DateTime from, DateTime to)
    {
        from = DateTime.SpecifyKind(from, DateTimeKind.Utc);
        to = DateTime.SpecifyKind(to, DateTimeKind.Utc);
        var old = zone.GetUtcOffset(from);
        while (to - from > TimeSpan.FromTicks(1))
        {
            var middle = from + ((to - from) / 2);
            if (zone.GetUtcOffset(middle) == old)
            {
                from = middle;
            }
            else
            {
                to = middle;
            }
        }

        return to;
    }

    private DateTime Wall(DateTime instant) =>
        DateTime.SpecifyKind(instant + zone.GetUtcOffset(instant), DateTimeKind.Unspecified);
}
