using System.Text;
using Analemma.Tools;

namespace Analemma.Unit.Tests.Tools;

/// <summary>What a server of tools sends over HTTP is bounded by what has to be in memory at once.</summary>
public sealed class BoundedStreamTests
{
    private const int Most = 100;

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public async Task A_stream_of_events_may_go_on_for_ever(string end)
    {
        var events = string.Concat(Enumerable.Repeat($"id: 1{end}data: {new string('x', 60)}{end}{end}", 50));
        Assert.Equal(events.Length, await ReadAsync(events, perEvent: true));
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    public async Task One_event_of_many_lines_is_as_large_as_all_of_them(string end)
    {
        var lines = string.Concat(Enumerable.Repeat($"data: x{end}", 50));
        var fault = await Assert.ThrowsAsync<IOException>(() => ReadAsync(lines, perEvent: true));
        Assert.Equal($"it sent a message of more than {Most} bytes", fault.Message);
    }

    [Fact]
    public async Task Any_other_answer_is_bounded_as_a_whole()
    {
        Assert.Equal(Most, await ReadAsync(new string('\n', Most), perEvent: false));
        await Assert.ThrowsAsync<IOException>(() => ReadAsync(new string('\n', Most + 1), perEvent: false));
    }

    /// <summary>In pieces of every length up to seven, so that lines and their ends are cut everywhere.</summary>
    private static async Task<int> ReadAsync(string text, bool perEvent)
    {
        var total = 0;
        for (var size = 1; size <= 7; size++)
        {
            await using BoundedHttp.BoundedStream stream = new(
                new MemoryStream(Encoding.UTF8.GetBytes(text)), Most, perEvent);
            var buffer = new byte[size];
            total = 0;
            while (await stream.ReadAsync(buffer, TestContext.Current.CancellationToken) is > 0 and var count)
            {
                total += count;
            }
        }

        return total;
    }
}
