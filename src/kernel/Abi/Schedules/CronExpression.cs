using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Analemma.Abi.Schedules;

// FORMAT
//
// As crontab(5) of Paul Vixie's cron, which Debian has:
//
//   minute  hour  day-of-month  month  day-of-week      0-59  0-23  1-31  1-12 or jan-dec  0-7 or sun-sat
//   @hourly @daily @midnight @weekly @monthly @yearly @annually
//
// Each field is *, or a list of values and ranges a-b; * and ranges may have a step /n. When both days are restricted,
// that is, neither field begins with *, a day that fits either of them is meant; otherwise one that fits both.
// Not taken: @reboot, seconds, and the ? L W # of other programs.

/// <summary>
/// When something is due, in local time without a zone. Knows the calendar, not the clock; which instants these are in
/// a zone, and what becomes of hours that a zone skips or repeats, is for whoever has zone data.
/// </summary>
public sealed class CronExpression
{
    /// <summary>Longer than the longest wait between two 29ths of February of one weekday.</summary>
    private const int YearsMax = 80;

    private const int TextCharsMax = 256;

    private static readonly Dictionary<string, string> Macros = new(StringComparer.OrdinalIgnoreCase)
    {
        ["@hourly"] = "0 * * * *",
        ["@daily"] = "0 0 * * *",
        ["@midnight"] = "0 0 * * *",
        ["@weekly"] = "0 0 * * 0",
        ["@monthly"] = "0 0 1 * *",
        ["@yearly"] = "0 0 1 1 *",
        ["@annually"] = "0 0 1 1 *",
    };

    private readonly string _text;
    private readonly CronField _minute;
    private readonly CronField _hour;
    private readonly CronField _day;
    private readonly CronField _month;
    private readonly CronField _weekday;

    private CronExpression(string text, CronField[] fields)
    {
        _text = text;
        (_minute, _hour, _day, _month, _weekday) = (fields[0], fields[1], fields[2], fields[3], fields[4]);
    }

    /// <summary>
    /// True when the minute or the hour began with a star: such a thing runs as time goes by, again in an hour that is
    /// repeated and not in one that is skipped. One at fixed times runs once in either case: cron(8), "Local time
    /// changes".
    /// </summary>
    public bool IsRecurring => _minute.IsStar || _hour.IsStar;

    /// <summary>Reads an expression; false with what is wrong, and in which field.</summary>
    /// <param name="text">Such as <c>*/15 9-17 * * mon-fri</c>, or <c>@daily</c>.</param>
    /// <param name="cron">What it means.</param>
    /// <param name="problem">The first thing that is wrong with it.</param>
    public static bool TryParse(
        string? text,
        [NotNullWhen(true)] out CronExpression? cron,
        [NotNullWhen(false)] out CronProblem? problem)
    {
        cron = null;
        problem = null;
        var words = (text ?? "").Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (text is null or { Length: > TextCharsMax } || words.Length == 0)
        {
            problem = new CronProblem("", "a schedule of five fields is expected", "such as '0 6 * * mon-fri'");
            return false;
        }

        if (words[0].StartsWith('@'))
        {
            if (words.Length > 1 || !Macros.TryGetValue(words[0], out var meaning))
            {
                problem = UnknownMacro(text);
                return false;
            }

            words = meaning.Split(' ');
        }

        if (words.Length != CronFieldKind.All.Count)
        {
            problem = WrongCount(words.Length);
            return false;
        }

        var fields = new CronField[words.Length];
        for (var at = 0; at < words.Length; at++)
        {
            if (!CronField.TryParse(words[at], CronFieldKind.All[at], out fields[at], out problem))
            {
                return false;
            }
        }

        var read = new CronExpression(string.Join(' ', words), fields);
        problem = read.NeverDue();
        cron = problem is null ? read : null;
        return problem is null;
    }

    /// <summary>The first whole minute after a local time at which this is due; null when the calendar ends.</summary>
    /// <param name="after">Local time; its kind is not looked at.</param>
    public DateTime? Next(DateTime after)
    {
        var yearMax = Math.Min(after.Year + YearsMax, DateTime.MaxValue.Year - 1);
        if (after.Year > yearMax)
        {
            return null;
        }

        var minute = new DateTime(after.Year, after.Month, after.Day, after.Hour, after.Minute, 0).AddMinutes(1);
        var (day, from) = (minute.Date, minute.TimeOfDay);
        while (day.Year <= yearMax)
        {
            if (!_month.Has(day.Month))
            {
                day = new DateTime(day.Year, day.Month, 1).AddMonths(1);
            }
            else if (IsDay(day) && TimeOfDay(from) is { } time)
            {
                return day + time;
            }
            else
            {
                day = day.AddDays(1);
            }

            from = TimeSpan.Zero;
        }

        return null;
    }

    /// <summary>Whether this is due in the minute of a local time.</summary>
    /// <param name="local">Local time; its seconds are not looked at.</param>
    public bool IsDue(DateTime local) =>
        _minute.Has(local.Minute) && _hour.Has(local.Hour) && _month.Has(local.Month) && IsDay(local);

    /// <summary>The five fields, in the words in which they were written.</summary>
    public override string ToString() => _text;

    private bool IsDay(DateTime day)
    {
        var (ofMonth, ofWeek) = (_day.Has(day.Day), _weekday.Has((int)day.DayOfWeek));
        return _day.IsStar || _weekday.IsStar ? ofMonth && ofWeek : ofMonth || ofWeek;
    }

    private TimeSpan? TimeOfDay(TimeSpan from)
    {
        var hour = _hour.AtOrAfter(from.Hours);
        if (hour < 0)
        {
            return null;
        }

        var minute = hour == from.Hours ? _minute.AtOrAfter(from.Minutes) : _minute.First;
        if (minute < 0)
        {
            hour = _hour.AtOrAfter(hour + 1);
            minute = _minute.First;
        }

        return hour < 0 ? null : new TimeSpan(hour, minute, 0);
    }

    /// <summary>The 30th of February, and the like.</summary>
    private CronProblem? NeverDue()
    {
        if (!_day.IsStar && !_weekday.IsStar)
        {
            return null;
        }

        // A leap year, with the longest February; over 400 years each date falls on each day of the week.
        var (day, month) = (_day, _month);
        return Enumerable.Range(1, 12).Any(at => month.Has(at) && day.First <= DateTime.DaysInMonth(2000, at))
            ? null
            : new CronProblem(
                CronFieldKind.Day.Name,
                string.Create(CultureInfo.InvariantCulture, $"no month that is named has a day {day.First}"),
                "write a day that there is, or another month");
    }

    private static CronProblem WrongCount(int count)
    {
        const string five = "the five are: minute hour day-of-month month day-of-week";
        return new CronProblem(
            "",
            $"a schedule has 5 fields, not {count.ToString(CultureInfo.InvariantCulture)}",
            count == 6 ? $"{five}; there are no seconds" : five);
    }

    private static CronProblem UnknownMacro(string text) => text.Trim() switch
    {
        "@reboot" => new CronProblem(
            "", "@reboot is no time", "an agent without a schedule starts with the kernel"),
        var other => new CronProblem(
            "",
            $"there is no '{other}'",
            Suggestion.For(other, Macros.Keys) is { } near
                ? $"did you mean {near}?" : $"there are {string.Join(", ", Macros.Keys)}"),
    };
}
