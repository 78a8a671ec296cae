using System.Globalization;

namespace Analemma.Daemon.Http.Models;

/// <summary>Marks answers, each with an id of its own. Any thread.</summary>
internal sealed class AnswerStamps(TimeProvider time)
{
    private long _latest;

    /// <summary>The clock that answers are marked and timed by.</summary>
    public TimeProvider Time => time;

    public AnswerStamp Next()
    {
        var now = time.GetUtcNow();
        var number = Interlocked.Increment(ref _latest);
        return new AnswerStamp(
            string.Create(CultureInfo.InvariantCulture, $"{now.UtcTicks:x}{number:x6}"), now.ToUnixTimeSeconds());
    }
}
