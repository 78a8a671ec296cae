namespace Analemma.Daemon.Runners.Schedules;

/// <summary>When something is due.</summary>
internal interface ISchedule
{
    /// <summary>The first instant after another at which it is due; null when there is none in this calendar.</summary>
    DateTimeOffset? Next(DateTimeOffset after);
}
