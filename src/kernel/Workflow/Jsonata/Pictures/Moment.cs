namespace Analemma.Workflow.Jsonata.Pictures;

/// <summary>
/// A point in time in UTC, by the proleptic Gregorian calendar and over all the years that JavaScript's dates have
/// (ECMA-262 §21.4.1), which is more than .NET's have.
/// </summary>
/// <param name="Millis">Since 1970.</param>
internal readonly record struct Moment(double Millis)
{
    public const double DayMillis = 86_400_000;

    /// <summary>Beyond this from 1970, in either direction, there are no dates.</summary>
    public const double MillisMax = 8.64e15;

    public bool IsValid => Math.Abs(Millis) <= MillisMax;

    public long Days => (long)Math.Floor(Millis / DayMillis);

    public int MillisOfDay => (int)(Math.Floor(Millis) - (Days * DayMillis));

    /// <summary>1 is Monday, 7 is Sunday.</summary>
    public int DayOfWeek => (int)((((Days + 3) % 7) + 7) % 7) + 1;

    public (long Year, int Month, int Day) Date
    {
        get
        {
            // Counted from the first of March of year 0, so that a leap day ends its year. 400 years are 146097 days.
            var days = Days + 719_468;
            var era = Floor(days, 146_097);
            var ofEra = days - (era * 146_097);
            var yearOfEra = (ofEra - (ofEra / 1460) + (ofEra / 36_524) - (ofEra / 146_096)) / 365;
            var ofYear = ofEra - ((365 * yearOfEra) + (yearOfEra / 4) - (yearOfEra / 100));
            var month = ((5 * ofYear) + 2) / 153;
            var day = (int)(ofYear - (((153 * month) + 2) / 5) + 1);
            var civil = (int)(month < 10 ? month + 3 : month - 9);
            return ((era * 400) + yearOfEra + (civil <= 2 ? 1 : 0), civil, day);
        }
    }

    public int DayOfYear => (int)(Days - Of(Date.Year, 1, 1).Days) + 1;

    public static Moment Of(long year, int month, int day)
    {
        var shifted = month <= 2 ? year - 1 : year;
        var era = Floor(shifted, 400);
        var ofEra = shifted - (era * 400);
        var ofYear = (((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5) + day - 1;
        var days = (era * 146_097) + (ofEra * 365) + (ofEra / 4) - (ofEra / 100) + ofYear - 719_468;
        return new Moment(days * DayMillis);
    }

    /// <summary>Days beyond a month, and months beyond a year, are carried on, as JavaScript's Date.UTC does.</summary>
    public static Moment Carried(double year, double month, double day)
    {
        var years = Math.Floor((month - 1) / 12);
        year = Math.Clamp(year + years, -400_000, 400_000);
        return new Moment(Of((long)year, (int)(month - (years * 12)), 1).Millis + ((day - 1) * DayMillis));
    }

    private static long Floor(long value, long by) => (value >= 0 ? value : value - by + 1) / by;
}

/// <summary>Weeks as ISO 8601 counts them: from Monday, the first being the one with the first Thursday.</summary>
internal static class Weeks
{
    private const double WeekMillis = 7 * Moment.DayMillis;

    public static int OfYear(Moment moment)
    {
        var (year, _, _) = moment.Date;
        return Of(moment, Start(year, 1), Start(year + 1, 1), Start(year - 1, 1), weeksUsual: 52);
    }

    public static int OfMonth(Moment moment)
    {
        var (year, month, _) = moment.Date;
        return Of(moment, Start(year, month), Next(year, month), Previous(year, month), weeksUsual: 4);
    }

    /// <summary>The year that the week belongs to.</summary>
    public static long Year(Moment moment)
    {
        var (year, _, _) = moment.Date;
        return moment.Millis < Start(year, 1).Millis ? year - 1
            : moment.Millis >= Start(year + 1, 1).Millis ? year + 1
            : year;
    }

    /// <summary>The month that the week belongs to.</summary>
    public static int Month(Moment moment)
    {
        var (year, month, _) = moment.Date;
        return moment.Millis < Start(year, month).Millis ? (month == 1 ? 12 : month - 1)
            : moment.Millis >= Next(year, month).Millis ? (month == 12 ? 1 : month + 1)
            : month;
    }

    private static int Of(Moment moment, Moment start, Moment next, Moment previous, int weeksUsual)
    {
        var today = moment.Days * Moment.DayMillis;
        var week = ((today - start.Millis) / WeekMillis) + 1;
        if (week > weeksUsual)
        {
            week = today >= next.Millis ? 1 : week;
        }
        else if (week < 1)
        {
            week = ((today - previous.Millis) / WeekMillis) + 1;
        }

        return (int)Math.Floor(week);
    }

    private static Moment Next(long year, int month) => month == 12 ? Start(year + 1, 1) : Start(year, month + 1);

    private static Moment Previous(long year, int month) => month == 1 ? Start(year - 1, 12) : Start(year, month - 1);

    /// <summary>The Monday of a year's or month's first week.</summary>
    private static Moment Start(long year, int month)
    {
        var first = Moment.Of(year, month, 1);
        var days = first.DayOfWeek > 4 ? 8 - first.DayOfWeek : 1 - first.DayOfWeek;
        return new Moment(first.Millis + (days * Moment.DayMillis));
    }
}
