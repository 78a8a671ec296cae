using System.Globalization;
using Analemma.Daemon;
using Microsoft.Win32.SafeHandles;

namespace Analemma.Unit.Tests.Daemon;

public sealed class RotatedLogTests : IDisposable
{
    private const long BytesMax = 4000;

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-log-").FullName;
    private readonly List<SafeFileHandle> _opened = [];

    private string Log => Path.Combine(_folder, "kernel.log");

    [Fact]
    public void Lines_are_kept_whole_and_in_order_the_newest_of_them()
    {
        using (var log = Open())
        {
            WriteLines(log, 0, 1000);
        }

        var kept = KeptLines();
        Assert.Equal(Enumerable.Range(1000 - kept.Count, kept.Count).Select(LineOf), kept);
        var sizes = Directory.GetFiles(_folder).Select(file => new FileInfo(file).Length).ToArray();
        Assert.Equal(RotatedLog.FilesMax, sizes.Length);
        Assert.All(sizes, size => Assert.InRange(size, 1, BytesMax / RotatedLog.FilesMax));
        Assert.InRange(sizes.Sum(), BytesMax / 2, BytesMax);
    }

    [Fact]
    public void No_line_is_lost_between_files_whoever_writes()
    {
        const int writers = 4;
        const int lines = 80;
        using (RotatedLog log = new(Log, 2 * BytesMax, _opened.Add))
        {
            // Four files, and so room for all of them.
            Parallel.For(0, writers, writer => WriteLines(log, writer * lines, lines));
        }

        Assert.Equal(RotatedLog.FilesMax, _opened.Count);
        Assert.Equal(Enumerable.Range(0, writers * lines).Select(LineOf), KeptLines().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void It_goes_on_in_the_file_that_is_there_and_next_to_what_others_print()
    {
        File.WriteAllText(Log, "before\n");
        using (var log = Open())
        {
            log.WriteLine("one");
            File.AppendAllText(Log, "of another\n");
            log.WriteLine("two");
        }

        Assert.Equal(["before", "one", "of another", "two"], File.ReadAllLines(Log));
    }

    [Fact]
    public void Where_no_file_can_be_made_the_one_that_is_there_grows_on()
    {
        using (var log = Open())
        {
            Directory.CreateDirectory(Log + ".new");
            WriteLines(log, 0, 100);
            Directory.Delete(Log + ".new");
            Assert.Equal(Enumerable.Range(0, 100).Select(LineOf), File.ReadAllLines(Log));
            WriteLines(log, 100, 60);
        }

        Assert.True(File.Exists(Log + ".1"), "it rotates again once it can");
        Assert.Equal(Enumerable.Range(0, 160).Select(LineOf), KeptLines());
    }

    [Fact]
    public void Whoever_prints_without_it_is_told_of_each_file()
    {
        using var log = Open();
        WriteLines(log, 0, 60);
        Assert.Equal((2, true), (_opened.Count, File.Exists(Log + ".1")));
        RandomAccess.Write(_opened[^1], "a fault\n"u8, 0);
        Assert.Equal("a fault", File.ReadAllLines(Log)[^1]);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private RotatedLog Open() => new(Log, BytesMax, _opened.Add);

    private static void WriteLines(RotatedLog log, int from, int count)
    {
        for (var i = from; i < from + count; i++)
        {
            log.WriteLine(LineOf(i));
        }
    }

    private static string LineOf(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"line {number:D6} of many");

    // The oldest first.
    private List<string> KeptLines() =>
    [
        .. Enumerable.Range(1, RotatedLog.FilesMax - 1).Reverse()
            .Select(number => string.Create(CultureInfo.InvariantCulture, $"{Log}.{number}"))
            .Append(Log).Where(File.Exists).SelectMany(File.ReadAllLines),
    ];
}
