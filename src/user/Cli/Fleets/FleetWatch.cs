namespace Analemma.Cli.Fleets;

/// <summary>Waits until a fleet file, or a script that it names, is another than before.</summary>
internal sealed class FleetWatch(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(400);

    private Dictionary<string, (DateTime Written, long Length)?> _seen = [];

    public IReadOnlyCollection<string> Files => _seen.Keys;

    /// <summary>What the files are now is what they are compared with.</summary>
    public void Remember(IEnumerable<string> files) => _seen = files.ToDictionary(file => file, Look);

    /// <summary>
    /// Answers when one has changed and none has changed since for a moment: editors write in several steps.
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
