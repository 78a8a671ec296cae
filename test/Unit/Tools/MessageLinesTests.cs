using System.Text;
using Analemma.Tools;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Tools;

/// <summary>
/// What is left of what a program prints: its messages, whole and in order, however it comes in pieces.
/// </summary>
public sealed class MessageLinesTests
{
    private const int MessageMax = 200;
    private const int GarbageMax = 100;

    [Theory]
    [InlineData("{\"a\":1}\n{\"b\":2}\n", "{\"a\":1}\n{\"b\":2}\n")]
    [InlineData("Welcome!\n{\"a\":1}\nbye\n", "{\"a\":1}\n")]
    [InlineData("{not json}\n[1]\n\"x\"\n{\"a\":1}\n", "{\"a\":1}\n")]
    [InlineData("\n\r\n  {\"a\":1} \r\n", "  {\"a\":1} \r\n")]
    [InlineData("{\"a\":1}\n{\"cut\":", "{\"a\":1}\n")]
    [InlineData("", "")]
    public async Task Lines_that_are_no_messages_are_left_out(string printed, string left)
    {
        MessageLines lines = Lines(printed, printed.Length);
        Assert.Equal(left, await ReadAsync(lines));
        Assert.Null(lines.Fault);
    }

    [Fact]
    public async Task Too_much_that_is_no_message_ends_the_stream_and_a_message_between_starts_the_count_anew()
    {
        var noise = new string('x', 60) + "\n";
        Assert.Null((await FaultAsync($"{noise}{{}}\n{noise}{{}}\n{noise}")).Fault);
        var (fault, left) = await FaultAsync($"{{}}\n{noise}{noise}{{\"a\":1}}\n");
        Assert.Equal(
            $"it printed more than {GarbageMax} bytes that are no message, such as \"{noise.Trim()}\"", fault);
        Assert.Equal("{}\n", left);
    }

    [Fact]
    public async Task What_is_hidden_is_not_in_what_is_shown_also_where_that_is_cut()
    {
        var secret = new string('s', 40);
        MessageLines lines = new(
            new MemoryStream(Encoding.UTF8.GetBytes($"{new string('x', 100)}{secret}\n")), MessageMax, 1_000, _ => { },
            hide: text => text.Replace(secret, "[secret]", StringComparison.Ordinal));
        Assert.Equal("", await ReadAsync(lines));
        Assert.Equal($"{new string('x', 100)}[secret]", lines.FirstGarbage);
    }

    [Fact]
    public async Task Requests_of_one_that_reads_no_answers_are_left_out_until_it_is_too_much()
    {
        const string Ping = "{\"id\":1,\"method\":\"ping\"}\n";
        const string Other = "{\"id\":1,\"result\":{}}\n{\"method\":\"note\",\"params\":{\"id\":1}}\n";
        var asked = 0;
        MessageLines lines = new(
            new MemoryStream(Encoding.UTF8.GetBytes($"{Ping}{Ping}{Other}{Ping}")), MessageMax, GarbageMax, _ => { },
            () => ++asked < 2);
        Assert.Equal($"{Ping}{Other}", await ReadAsync(lines));
        Assert.Equal((3, null), (asked, lines.Fault));

        MessageLines deaf = new(
            new MemoryStream(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Ping, 20)))),
            MessageMax,
            GarbageMax,
            _ => { },
            () => false);
        Assert.Equal("", await ReadAsync(deaf));
        Assert.Equal($"it asked for more than {GarbageMax} bytes without reading the answers", deaf.Fault);
    }

    [Theory]
    [InlineData("{\"\\u006dethod\":\"ping\",\"id\":1}\n")]
    [InlineData("{\"id\":\"\\ud800\",\"method\":\"ping\"}\n")]
    public async Task A_request_is_one_however_it_is_written(string request)
    {
        MessageLines lines = new(
            new MemoryStream(Encoding.UTF8.GetBytes(request)), MessageMax, GarbageMax, _ => { }, () => false);
        Assert.Equal("", await ReadAsync(lines));
    }

    [Fact]
    public async Task As_many_requests_wait_for_answers_as_may()
    {
        await using ServerInput input = new(new MemoryStream());
        for (var i = 0; i < ServerInput.UnansweredMax; i++)
        {
            Assert.True(input.TryAsk());
        }

        Assert.False(input.TryAsk());
        await input.WriteAsync("{}\n{}\n"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.True(input.TryAsk());
        Assert.True(input.TryAsk());
        Assert.False(input.TryAsk());
    }

    [Fact]
    public async Task A_message_beyond_its_bound_ends_the_stream_before_it_fills_the_memory()
    {
        var endless = new EndlessStream();
        MessageLines lines = new(endless, 1024 * 1024, GarbageMax, _ => { });
        Assert.Equal("", await ReadAsync(lines));
        Assert.Equal("it sent a message of more than 1048576 bytes", lines.Fault);
        Assert.InRange(endless.Given, 1024 * 1024, 4 * 1024 * 1024);
    }

    [Fact]
    public void However_it_comes_in_pieces_the_same_is_left() => Prop.ForAll(
        Gen.Elements(
            "{\"a\":1}", "{}", "noise", "", "{\"ü\":\"é\"}", "{broken", $"{{\"long\":\"{new string('y', 90)}\"}}")
            .ListOf().Zip(Gen.Choose(1, 7)).ToArbitrary(),
        made =>
        {
            var (printed, size) = made;
            var text = string.Concat(printed.Select(line => line + "\n"));
            var expected = string.Concat(
                printed.Where(line => line.EndsWith('}') && line[0] == '{').Select(line => line + "\n"));
            MessageLines lines = Lines(text, size, garbageMax: int.MaxValue);
            return ReadAsync(lines).GetAwaiter().GetResult() == expected;
        })
        .QuickCheckThrowOnFailure();

    private static async Task<(string? Fault, string Left)> FaultAsync(string printed)
    {
        MessageLines lines = Lines(printed, 16);
        var left = await ReadAsync(lines);
        return (lines.Fault, left);
    }

    private static MessageLines Lines(string printed, int pieces, int garbageMax = GarbageMax) =>
        new(new PieceStream(Encoding.UTF8.GetBytes(printed), pieces), MessageMax, garbageMax, _ => { });

    private static async Task<string> ReadAsync(MessageLines lines)
    {
        using MemoryStream all = new();
        await lines.CopyToAsync(all, 5);
        return Encoding.UTF8.GetString(all.ToArray());
    }

    private sealed class PieceStream(byte[] bytes, int size) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, size)], cancellationToken);
    }

    /// <summary>One message without end.</summary>
    private sealed class EndlessStream : MemoryStream
    {
        public long Given { get; private set; }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Fill((byte)'{');
            Given += buffer.Length;
            return ValueTask.FromResult(buffer.Length);
        }
    }
}
