namespace Analemma.Cli.Fleets;

/// <summary>Waits until a fleet file, or a script that it names, is another than before.</summary>
internal sealed class FleetWatch(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);

    private Dictionary<string, (DateTime Written, long Length)?> _seen = [];

    /// <summary>
    /// Which files are looked at from now on. Those that were looked at before are compared with what they were then:
    /// what has changed since, while they were read, is a change.
    /// </summary>
    public void Follow(IEnumerable<string> files) =>
        _seen = files.ToDictionary(file => file, file => _seen.TryGetValue(file, out var seen) ? seen : Look(file));

    /// <summary>
    /// Answers when one has changed and none has changed since for a moment: editors write in several steps. What they
    /// are then is what they are compared with the next time.
    /// </summary>
    public async Task ChangedAsync(CancellationToken cancellationToken)
    {
        var before = _seen;
        while (true)
        {
            await Task.Delay(Interval, time, cancellationToken);
            var now = _seen.Keys.ToDictionary(file => file, Look);
            if (Differ(now, _seen) && !Differ(now, before))
            {
                _seen = now;
                return;
            }

            before = now;
        }
    }

    private static bool Differ(
        Dictionary<string, (DateTime Written, long Length)?> now,
        Dictionary<string, (DateTime Written, long Length)?> then) =>
        now.Any(pair => then[pair.Key] != pair.Value);

    private static (DateTime Written, long Length)? Look(string file) =>
        new FileInfo(file) is { Exists: true } found ? (found.LastWriteTimeUtc, found.Length) : null;
}
