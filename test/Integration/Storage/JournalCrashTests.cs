using System.Globalization;
using Analemma.Journal;
using Analemma.Storage.Sqlite;

namespace Analemma.Integration.Tests.Storage;

/// <summary>
/// What SIGKILL can show: acknowledged means committed, and a commit is whole or absent. Loss of power is beyond a
/// test on one machine; synchronous=FULL is checked as a setting and by counting the log's commits.
/// </summary>
public sealed class JournalCrashTests
{
    private static readonly int Kills = int.Parse(
        Environment.GetEnvironmentVariable("ANALEMMA_JOURNAL_KILLS") ?? "30", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Nothing_acknowledged_is_lost_when_the_writer_is_killed()
    {
        using var directory = new JournalDirectory();
        var random = new Random(20261122);
        for (var kill = 0; kill < Kills; kill++)
        {
            var (lines, spins) = (random.Next(0, 60), random.Next(20_000));
            var acknowledged = await AppendUntilKilledAsync(directory.JournalPath, lines, spins);

            using var store = SqliteJournalStore.Open(directory.JournalPath);
            var report = JournalVerifier.Verify(store);
            Assert.True(report.Corruption is null, $"kill {kill}: {report.Corruption?.Message}");
            var kept = store.Read(1).ToDictionary(record => record.Sequence, record => record.Hash.ToString());
            Assert.Equal(kept.Count, store.Last.Sequence);
            foreach (var (sequence, hash) in acknowledged)
            {
                Assert.True(
                    sequence == 0 || (kept.TryGetValue(sequence, out var found) && found == hash),
                    $"kill {kill}: record {sequence} was acknowledged and is not there");
            }
        }

        using var reader = SqliteJournalReader.Open(directory.JournalPath);
        Assert.True(reader.Last.Sequence > Kills, $"only {reader.Last.Sequence} records were written");
    }

    /// <summary>Kills after a number of acknowledgements and some turns more, and reads what was still said.</summary>
    private static async Task<List<(long Sequence, string Hash)>> AppendUntilKilledAsync(
        string path, int lines, int spins)
    {
        using var child = JournalChild.Start("append", path);
        var acknowledged = new List<(long, string)>();
        while (await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            // The last line may be cut off by the kill; a hash has 64 digits.
            if (line.Split(' ') is [var sequence, { Length: 64 } hash])
            {
                acknowledged.Add((long.Parse(sequence, CultureInfo.InvariantCulture), hash));
            }

            if (acknowledged.Count > lines && !child.HasExited)
            {
                Thread.SpinWait(spins);
                child.Kill();
                lines = int.MaxValue;
            }
        }

        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.NotEmpty(acknowledged);
        return acknowledged;
    }
}
