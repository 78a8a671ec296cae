using System.Diagnostics;
using System.Globalization;
using Analemma.Journal;
using Analemma.Storage.Secrets;
using Analemma.Storage.Sqlite;

namespace Analemma.Integration.Tests.Storage;

/// <summary>
/// The test program run again as a process that writes a journal, so that it can be killed. It prints what the journal
/// acknowledged, each line in one write, and nothing that it did not acknowledge.
/// </summary>
internal static class JournalChild
{
    /// <summary>Of the records that outlive pruning.</summary>
    public const string AuditType = "audit";

    private const string Variable = "ANALEMMA_TEST_JOURNAL_CHILD";

    /// <summary>Body bytes follow from the sequence, so that the parent can check them.</summary>
    public static byte[] BodyOf(long number) =>
        [.. Enumerable.Range(0, 20 + (int)(number * 37 % 400)).Select(i => unchecked((byte)(number + i)))];

    public static Process Start(string mode, string path) => StartProgram(Environment.ProcessPath!, [], mode, path);

    public static Process StartProgram(string program, IEnumerable<string> arguments, string mode, string path)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        start.Environment[Variable] = mode;
        start.Environment[Variable + "_PATH"] = path;
        return Process.Start(start)!;
    }

    public static bool IsAsked => Environment.GetEnvironmentVariable(Variable) is not null;

    public static void Run()
    {
        var path = Environment.GetEnvironmentVariable(Variable + "_PATH")!;
        switch (Environment.GetEnvironmentVariable(Variable))
        {
            case "append":
                AppendForever(path);
                break;
            case "prune":
                PruneForever(path);
                break;
            case "open":
                MeasureOpen(path);
                break;
            case "secrets":
                SetForever(path);
                break;
            default:
                FillTheDisk(path);
                break;
        }
    }

    /// <summary>Three callers at once, batches of one to five, so that kills meet grouped commits.</summary>
    private static void AppendForever(string path)
    {
        using var output = Console.OpenStandardOutput();
        using var store = SqliteJournalStore.Open(path);
        var writer = new JournalWriter(store);
        Say(output, store.Last);
        var callers = Enumerable.Range(1, 3).Select(async caller =>
        {
            for (var turn = 0; ; turn++)
            {
                var batch = Enumerable.Range(0, 1 + ((turn + caller) % 5)).Select(_ => Numbered(caller, turn));
                Say(output, await writer.AppendAsync([.. batch]));
            }
        });
        Task.WaitAll([.. callers]);
    }

    public static bool IsAudit(int sequence) => sequence % 3 == 0;

    /// <summary>Appends and prunes by turns, all but a few records.</summary>
    private static void PruneForever(string path)
    {
        using var output = Console.OpenStandardOutput();
        var keeping = new AuditKeeping(type => type == AuditType, 1 << 30, TimeSpan.Zero, TimeProvider.System);
        using var store = SqliteJournalStore.Open(path, audit: keeping);
        var writer = new JournalWriter(store);
        while (true)
        {
            var from = (int)store.Last.Sequence + 1;
            var position = writer.AppendAsync(
            [
                .. Enumerable.Range(from, 700).Select(i => new JournalEntry(
                    IsAudit(i) ? AuditType : "crash", BodyOf(i), i)),
            ]).Result;
            Say(output, position);
            writer.CheckpointAsync(new Checkpoint(position, 1, default), 50, CancellationToken.None).Wait();
            Say(output, store.Anchor);
        }
    }

    /// <summary>Counts up in one secret, and says each number when it is kept.</summary>
    private static void SetForever(string folder)
    {
        using var output = Console.OpenStandardOutput();
        var store = new FileSecretStore(folder);
        var from = store.Read("a") is { } value
            ? long.Parse(System.Text.Encoding.UTF8.GetString(value), CultureInfo.InvariantCulture) + 1 : 0;
        for (var number = from; ; number++)
        {
            var text = number.ToString(CultureInfo.InvariantCulture);
            store.Set("a", System.Text.Encoding.UTF8.GetBytes(text), TimeProvider.System.GetUtcNow());
            Say(output, text + ".");
        }
    }

    private static void FillTheDisk(string path)
    {
        using var output = Console.OpenStandardOutput();
        var ballast = path + ".ballast";
        File.WriteAllBytes(ballast, new byte[64 * 1024]);
        var acknowledged = JournalPosition.Beginning;
        using (var store = SqliteJournalStore.Open(path))
        {
            var writer = new JournalWriter(store);
            try
            {
                while (true)
                {
                    acknowledged = writer.AppendAsync([Numbered(0, 0), Numbered(0, 1)]).Result;
                }
            }
            catch (AggregateException error) when (error.InnerException is JournalStoreException failure)
            {
                Say(output, $"{failure.Failure} after {acknowledged.Sequence}, store at {store.Last.Sequence}");
            }

            File.Delete(ballast);
            var next = writer.AppendAsync([Numbered(0, 2)]).Result;
            Say(output, $"went on with {next.Sequence - acknowledged.Sequence}");
        }

        using var again = SqliteJournalReader.Open(path);
        var report = JournalVerifier.Verify(again);
        Say(output, $"{report.Corruption?.Message ?? "verified"} {report.Records - acknowledged.Sequence}");
    }

    private static void MeasureOpen(string path)
    {
        using var output = Console.OpenStandardOutput();
        var started = TimeProvider.System.GetTimestamp();
        var cpuStarted = Environment.CpuUsage.TotalTime;
        using var store = SqliteJournalStore.Open(path);
        var opened = TimeProvider.System.GetElapsedTime(started);
        var count = Recovery.Begin(store, 1).Records.Count();
        var folded = TimeProvider.System.GetElapsedTime(started);
        var cpu = Environment.CpuUsage.TotalTime - cpuStarted;
        Say(output, string.Create(
            CultureInfo.InvariantCulture,
            $"open {opened.TotalMilliseconds:F1} ms, {count} records read {folded.TotalMilliseconds:F1} ms, "
            + $"cpu {cpu.TotalMilliseconds:F1} ms"));
    }

    private static JournalEntry Numbered(int caller, int turn) =>
        new("crash", BodyOf((caller * 1000L) + turn), turn);

    private static void Say(Stream output, JournalPosition position) =>
        Say(output, $"{position.Sequence} {position.Hash}");

    private static void Say(Stream output, string line)
    {
        lock (output)
        {
            output.Write(System.Text.Encoding.ASCII.GetBytes(line + "\n"));
        }
    }
}
