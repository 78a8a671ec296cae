using Analemma.Abi.Schedules;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Abi;

public sealed class CronExpressionTests
{
    [Theory]
    [InlineData("0 6 * * *", "2026-11-26 05:59", "2026-11-26 06:00")]
    [InlineData("0 6 * * *", "2026-11-26 06:00", "2026-11-27 06:00")]
    [InlineData("*/15 * * * *", "2026-11-26 23:45", "2026-11-27 00:00")]
    [InlineData("5-59/20 9-17/4 * * *", "2026-11-26 09:46", "2026-11-26 13:05")]
    [InlineData("0 0 29 2 *", "2026-01-01 00:00", "2028-02-29 00:00")]
    [InlineData("0 0 29 2 */7", "2096-03-01 00:00", "2128-02-29 00:00")]
    [InlineData("30 4 1,15 * fri", "2026-11-26 00:00", "2026-11-27 04:30")]
    [InlineData("30 4 1,15 * fri", "2026-11-28 00:00", "2026-12-01 04:30")]
    [InlineData("0 0 * * MON-Fri", "2026-11-28 00:00", "2026-11-30 00:00")]
    [InlineData("0 0 * * 7", "2026-11-26 00:00", "2026-11-29 00:00")]
    [InlineData("0 0 * * fri-sun", "2026-11-28 12:00", "2026-11-29 00:00")]
    [InlineData("0 0 1 jan *", "2026-11-26 00:00", "2027-01-01 00:00")]
    [InlineData("@hourly", "2026-11-26 10:00:30", "2026-11-26 11:00")]
    [InlineData("@weekly", "2026-11-26 10:00", "2026-11-29 00:00")]
    [InlineData("@annually", "2026-11-26 10:00", "2027-01-01 00:00")]
    [InlineData("59 23 31 12 *", "2026-12-31 23:59", "2027-12-31 23:59")]
    public void The_next_time_is_the_first_that_fits(string text, string after, string next) =>
        Assert.Equal(Time(next), Parsed(text).Next(Time(after)));

    [Theory]
    [InlineData("60 * * * *", "minute", "there is no '60'")]
    [InlineData("* 24 * * *", "hour", "there is no '24'")]
    [InlineData("* * 0 * *", "day of month", "there is no '0'")]
    [InlineData("* * * foo *", "month", "there is no 'foo'")]
    [InlineData("* * * * 8", "day of week", "there is no '8'")]
    [InlineData("* * * * funday", "day of week", "there is no 'funday'")]
    [InlineData("*/0 * * * *", "minute", "'0' is no step")]
    [InlineData("*/90 * * * *", "minute", "'90' is no step")]
    [InlineData("5/15 * * * *", "minute", "a step of a single value")]
    [InlineData("*/2/3 * * * *", "minute", "more than one step")]
    [InlineData("0 17-9 * * *", "hour", "goes backwards")]
    [InlineData("0 1-2-3 * * *", "hour", "is no range")]
    [InlineData("1, * * * *", "minute", "a value is missing")]
    [InlineData("-1 * * * *", "minute", "a value is missing")]
    [InlineData("0 0 ? * *", "day of month", "not cron's")]
    [InlineData("0 0 L * *", "day of month", "last day")]
    [InlineData("0 0 15W * *", "day of month", "working day")]
    [InlineData("0 0 * * 5#2", "day of week", "nth day")]
    [InlineData("0 0 30 2 *", "day of month", "no month that is named has a day 30")]
    [InlineData("0 0 31 4,6,9,11 *", "day of month", "no month that is named has a day 31")]
    [InlineData("0 0 * *", "", "not 4")]
    [InlineData("0 0 0 * * *", "", "not 6")]
    [InlineData("", "", "five fields")]
    [InlineData("@reboot", "", "no time")]
    [InlineData("@dayly", "", "there is no '@dayly'")]
    [InlineData("1234567 * * * *", "minute", "there is no '1234567'")]
    public void What_is_wrong_is_told_with_its_field(string text, string field, string message)
    {
        Assert.False(CronExpression.TryParse(text, out var cron, out var problem));
        Assert.Null(cron);
        Assert.Equal(field, problem.Field);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        Assert.NotEmpty(problem.Hint);
    }

    [Fact]
    public void A_mistyped_name_brings_the_one_that_was_meant()
    {
        Assert.False(CronExpression.TryParse("@dayly", out _, out var problem));
        Assert.Equal("did you mean @daily?", problem.Hint);
    }

    [Theory]
    [InlineData("0 6 * * *", false)]
    [InlineData("0 6,*/4 * * *", false)]
    [InlineData("*/5 6 * * *", true)]
    [InlineData("0 * * * *", true)]
    public void Only_what_begins_with_a_star_recurs(string text, bool recurs) =>
        Assert.Equal(recurs, Parsed(text).IsRecurring);

    [Fact]
    public void The_calendars_end_is_no_fault()
    {
        Assert.Null(Parsed("* * * * *").Next(DateTime.MaxValue));
        Assert.NotNull(Parsed("0 0 29 2 *").Next(new DateTime(9990, 1, 1)));
        Assert.Null(Parsed("0 0 29 2 *").Next(new DateTime(9997, 1, 1)));
    }

    /// <summary>Against a search that tries every minute.</summary>
    [Fact]
    public void Any_expression_is_next_due_when_a_slow_search_says_so() =>
        Prop.ForAll(Expressions.Arbitrary, Minutes, (text, minute) =>
        {
            var cron = Parsed(text);
            var after = new DateTime(2026, 1, 1).AddMinutes(minute);

            var expected = Enumerable.Range(1, 40 * 24 * 60).Select(at => after.AddMinutes(at))
                .FirstOrDefault(cron.IsDue);

            var next = cron.Next(after);
            if (expected != default)
            {
                Assert.Equal(expected, next);
            }
            else
            {
                Assert.True(next is null || next > after.AddDays(40));
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(150));

    [Fact]
    public void Any_text_is_read_or_refused_with_a_reason() =>
        Prop.ForAll<string>(text =>
        {
            var isRead = CronExpression.TryParse(text, out var cron, out var problem);
            Assert.Equal(isRead, cron is not null);
            Assert.Equal(isRead, problem is null);
        }).QuickCheckThrowOnFailure();

    private static Arbitrary<int> Minutes => Gen.Choose(0, 3 * 365 * 24 * 60).ToArbitrary();

    private static CronExpression Parsed(string text) =>
        CronExpression.TryParse(text, out var cron, out var problem)
            ? cron
            : throw new InvalidOperationException($"{text}: {problem}");

    private static DateTime Time(string text) => DateTime.Parse(text, null);

    /// <summary>Expressions of every kind, made of parts.</summary>
    internal static class Expressions
    {
        public static Arbitrary<string> Arbitrary => Gen.ArrayOf(Part, 5)
            .Select(parts => string.Join(' ', parts.Select((part, at) => Field(part, Ranges[at]))))
            .Where(text => CronExpression.TryParse(text, out _, out _))
            .ToArbitrary();

        private static readonly (int Min, int Max)[] Ranges = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];

        private static Gen<(int Kind, int A, int B)> Part =>
            from kind in Gen.Choose(0, 6)
            from a in Gen.Choose(0, 1000)
            from b in Gen.Choose(0, 1000)
            select (kind, a, b);

        private static string Field((int Kind, int A, int B) part, (int Min, int Max) range)
        {
            var size = range.Max - range.Min + 1;
            var (a, b) = (range.Min + (part.A % size), range.Min + (part.B % size));
            var (low, high) = (Math.Min(a, b), Math.Max(a, b));
            return part.Kind switch
            {
                0 => $"{a}",
                1 => $"{a},{b}",
                2 => $"{low}-{high}",
                3 => $"{low}-{high}/2",
                4 => $"*/{1 + (part.A % (size - 1))}",
                _ => "*",
            };
        }
    }
}
