using System.Globalization;
using Analemma.Abi.Schedules;
using Analemma.Daemon.Runners.Schedules;
using Analemma.Unit.Tests.Abi;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Daemon.Schedules;

public sealed class CronScheduleTests
{
    /// <summary>A gap on 2026-03-29 from 02:00 to 03:00, an overlap on 2026-10-25 of 02:00 to 03:00.</summary>
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    [Theory]
    [InlineData("0 6 * * *", "2026-11-26T05:00Z", "2026-11-27T05:00Z")]
    [InlineData("0 6 * * *", "2026-07-26T03:59Z", "2026-07-26T04:00Z")]
    // At fixed times in the gap: at its end, once.
    [InlineData("30 2 * * *", "2026-03-28T12:00Z", "2026-03-29T01:00Z")]
    [InlineData("30 2 * * *", "2026-03-29T01:00Z", "2026-03-30T00:30Z")]
    [InlineData("10,40 2 * * *", "2026-03-29T01:00Z", "2026-03-30T00:10Z")]
    // At fixed times in the overlap: the first time only.
    [InlineData("30 2 * * *", "2026-10-24T12:00Z", "2026-10-25T00:30Z")]
    [InlineData("30 2 * * *", "2026-10-25T00:30Z", "2026-10-26T01:30Z")]
    [InlineData("30 2 * * *", "2026-10-25T01:10Z", "2026-10-26T01:30Z")]
    // Recurring: not in the gap, and in both passes of the overlap.
    [InlineData("*/20 * * * *", "2026-03-29T00:40Z", "2026-03-29T01:00Z")]
    [InlineData("*/20 2 * * *", "2026-03-28T12:00Z", "2026-03-30T00:00Z")]
    [InlineData("*/20 * * * *", "2026-10-25T00:40Z", "2026-10-25T01:00Z")]
    [InlineData("*/20 2 * * *", "2026-10-25T00:40Z", "2026-10-25T01:00Z")]
    [InlineData("5 * * * *", "2026-10-25T00:05Z", "2026-10-25T01:05Z")]
    public void Hours_that_are_skipped_or_repeated_are_met_as_cron_says(string text, string after, string next) =>
        Assert.Equal(Instant(next), Schedule(text, Berlin).Next(Instant(after)));

    [Fact]
    public void A_zone_half_an_hour_off_changes_by_half_an_hour()
    {
        // Lord Howe Island: from 02:00 +11 to 01:30 +10:30 on 2026-04-05.
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Australia/Lord_Howe");
        var fixedTime = Schedule("45 1 * * *", zone);
        Assert.Equal(Instant("2026-04-04T14:45Z"), fixedTime.Next(Instant("2026-04-04T12:00Z")));
        Assert.Equal(Instant("2026-04-05T15:15Z"), fixedTime.Next(Instant("2026-04-04T14:45Z")));
        Assert.Equal(Instant("2026-04-04T15:15Z"), Schedule("*/15 1 * * *", zone).Next(Instant("2026-04-04T15:05Z")));
    }

    [Fact]
    public void The_end_of_the_calendar_is_no_fault() =>
        Assert.Null(Schedule("* * * * *", Berlin).Next(DateTimeOffset.MaxValue));

    /// <summary>
    /// Against the two rules said minute by minute: a wall that shows a fitting time, and for fixed times its first
    /// showing, or the end of the gap that hides it.
    /// </summary>
    [Theory]
    [InlineData("Europe/Berlin")]
    [InlineData("America/New_York")]
    [InlineData("Australia/Lord_Howe")]
    [InlineData("Africa/Casablanca")]
    [InlineData("Asia/Kathmandu")]
    [InlineData("UTC")]
    public void Any_expression_is_due_when_a_slow_search_says_so(string name)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(name);
        Prop.ForAll(CronExpressionTests.Expressions.Arbitrary, Starts(zone), (text, after) =>
        {
            Assert.True(CronExpression.TryParse(text, out var cron, out _));
            const int minutes = 3 * 24 * 60;

            var expected = Enumerable.Range(1, minutes).Select(at => after.AddMinutes(at))
                .Where(instant => IsDue(cron, zone, instant)).Cast<DateTime?>().FirstOrDefault();

            var next = new CronSchedule(cron, zone).Next(new DateTimeOffset(after, TimeSpan.Zero));
            if (expected is { } due)
            {
                Assert.Equal(due, next!.Value.UtcDateTime);
            }
            else
            {
                Assert.True(next is null || next.Value.UtcDateTime > after.AddMinutes(minutes));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    [Fact]
    public void The_slow_search_tells_the_two_kinds_apart()
    {
        var second = Instant("2026-10-25T01:30Z").UtcDateTime;
        Assert.False(IsDue(Parsed("30 2 * * *"), Berlin, second));
        Assert.True(IsDue(Parsed("*/30 2 * * *"), Berlin, second));
    }

    private static bool IsDue(CronExpression cron, TimeZoneInfo zone, DateTime instant)
    {
        var wall = TimeZoneInfo.ConvertTimeFromUtc(instant, zone);
        var before = TimeZoneInfo.ConvertTimeFromUtc(instant.AddMinutes(-1), zone);
        if (cron.IsRecurring)
        {
            return cron.IsDue(wall);
        }

        var jump = wall - before;
        var hidden = jump > TimeSpan.FromMinutes(1)
            ? Enumerable.Range(1, (int)jump.TotalMinutes - 1).Select(at => before.AddMinutes(at))
            : [];
        var isFirst = !zone.IsAmbiguousTime(wall)
            || zone.GetUtcOffset(instant) == zone.GetAmbiguousTimeOffsets(wall).Max();
        return hidden.Any(cron.IsDue) || (isFirst && cron.IsDue(wall));
    }

    /// <summary>A day or two about the zone's changes of offset, where there is something to get wrong.</summary>
    private static Arbitrary<DateTime> Starts(TimeZoneInfo zone)
    {
        var year = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var changes = Enumerable.Range(0, 365).Select(day => year.AddDays(day))
            .Where(day => zone.GetUtcOffset(day) != zone.GetUtcOffset(day.AddDays(1)))
            .DefaultIfEmpty(year)
            .ToArray();
        return (from change in Gen.Elements(changes)
                from minute in Gen.Choose(-36 * 60, 30 * 60)
                select change.AddMinutes(minute)).ToArbitrary();
    }

    private static CronSchedule Schedule(string text, TimeZoneInfo zone) => new(Parsed(text), zone);

    private static CronExpression Parsed(string text) =>
        CronExpression.TryParse(text, out var cron, out var problem)
            ? cron
            : throw new InvalidOperationException($"{text}: {problem}");

    private static DateTimeOffset Instant(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
}
