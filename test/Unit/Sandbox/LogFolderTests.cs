using System.Text;
using Analemma.Sandbox.Logs;

namespace Analemma.Unit.Tests.Sandbox;

public sealed class LogFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-log-").FullName;
    private readonly StringBuilder _seen = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(4096)]
    [InlineData(8192)]
    [InlineData(65536)]
    public async Task No_more_is_kept_than_the_limit_however_small(int limit)
    {
        using LogFolder log = new(_folder, limit);

        Print(log, lines: 3 * limit / Line(0).Length);

        Assert.InRange(Directory.GetFiles(_folder).Sum(file => new FileInfo(file).Length), limit / 2, limit);
        log.End();
        var dropped = await log.ReadAsync(See, null, follow: false, CancellationToken.None);
        Assert.Equal(3 * limit / Line(0).Length * Line(0).Length, dropped + _seen.Length);
    }

    [Fact]
    public async Task Who_follows_and_keeps_up_has_missed_nothing_though_older_files_went()
    {
        using LogFolder log = new(_folder, 4096);
        using SemaphoreSlim lines = new(0);
        var following = log.ReadAsync(
            (stream, bytes) =>
            {
                Add(bytes);
                lines.Release();
                return default;
            },
            null,
            follow: true,
            CancellationToken.None);

        for (var i = 0; i < 1000; i++)
        {
            Append(log, Line(i));
            await lines.WaitAsync(TestContext.Current.CancellationToken);
        }

        log.End();

        Assert.Equal(0, await following);
        Assert.Equal(string.Concat(Enumerable.Range(0, 1000).Select(Line)), _seen.ToString());
    }

    [Fact]
    public async Task Who_comes_late_is_told_how_much_was_gone_before_alone()
    {
        using LogFolder log = new(_folder, 4096);
        Print(log, lines: 500);
        var kept = Directory.GetFiles(_folder).Sum(file => new FileInfo(file).Length);
        using SemaphoreSlim first = new(0);
        var following = log.ReadAsync(
            (stream, bytes) =>
            {
                Add(bytes);
                first.Release();
                return default;
            },
            null,
            follow: true,
            CancellationToken.None);
        await first.WaitAsync(TestContext.Current.CancellationToken);
        var seenAtFirst = _seen.Length;

        for (var i = 0; i < 500; i++)
        {
            var before = _seen.Length;
            Append(log, Line(i));
            while (_seen.Length == before)
            {
                await first.WaitAsync(TestContext.Current.CancellationToken);
            }
        }

        log.End();
        var missed = await following;

        Assert.InRange(seenAtFirst, 1, kept);
        Assert.Equal(1000 * Line(0).Length, missed + _seen.Length);
        Assert.InRange(missed, 1, 500 * Line(0).Length);
    }

    private static string Line(int number) => $"line {number:D5}\n";

    private static void Print(LogFolder log, int lines)
    {
        for (var i = 0; i < lines; i++)
        {
            Append(log, Line(i));
        }
    }

    private static void Append(LogFolder log, string text) =>
        log.Append(1, Encoding.ASCII.GetBytes("head" + text));

    private ValueTask See(int stream, ReadOnlyMemory<byte> bytes)
    {
        Add(bytes);
        return default;
    }

    private void Add(ReadOnlyMemory<byte> bytes) => _seen.Append(Encoding.ASCII.GetString(bytes.Span));
}
