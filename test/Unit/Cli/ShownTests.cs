using System.Text;
using Analemma.Abi;
using Analemma.Cli.Output;
using Analemma.Unit.Tests.Client;

namespace Analemma.Unit.Tests.Cli;

/// <summary>What agents say is shown on a terminal, and never obeyed by it.</summary>
public sealed class ShownTests
{
    private const string Clipboard = "\u001b]52;c;ZXZpbA==\u0007";

    [Theory]
    [InlineData("plain: naïve 日本 𝄞", "plain: naïve 日本 𝄞")]
    [InlineData("a\nb\tc", "a␊b␉c")]
    [InlineData("\r\u001b[2Kforged", "␍␛[2Kforged")]
    [InlineData("\u0000\u007f", "␀␡")]
    [InlineData("\u009b2J", "\ufffd2J")]
    [InlineData("a\u202eb\u2066c\u2028d", "a\ufffdb\ufffdc\ufffdd")]
    public void A_line_is_one_line_without_commands(string said, string shown) =>
        Assert.Equal(shown, Shown.Line(said));

    [Fact]
    public void A_text_keeps_its_lines()
    {
        using StringWriter terminal = new();
        using Shown.Writer writer = new(terminal);
        writer.Write('\u001b');
        writer.Write("[2J\n");
        writer.WriteLine($"{Clipboard}\tx");
        writer.Write("\u001b7".ToCharArray(), 0, 2);

        Assert.Equal("␛[2J\n␛]52;c;ZXZpbA==␇\tx\n␛7", terminal.ToString());
    }

    [Theory]
    [InlineData("50 %\r51 %\n", "50 %\r51 %\n")]
    [InlineData("\u001b[1;38:5:9mred\u001b[0m", "\u001b[1;38:5:9mred\u001b[0m")]
    [InlineData("\u001b[2J\u001b[H", "␛[2J␛[H")]
    [InlineData("\u001b[?25l", "␛[?25l")]
    [InlineData("\u001b\u001b[31mred", "␛\u001b[31mred\u001b[0m")]
    [InlineData("\u001b[31\u001b[32mgreen", "␛[31\u001b[32mgreen\u001b[0m")]
    [InlineData("\u001bm", "␛m")]
    [InlineData("\u001b[99999999999999999999999999999999m", "␛[99999999999999999999999999999999m")]
    [InlineData(Clipboard, "␛]52;c;ZXZpbA==␇")]
    [InlineData("\u009b31mnaïve 日本 𝄞", "\ufffd31mnaïve 日本 𝄞")]
    public void Output_has_its_colours_and_nothing_else_wherever_it_is_cut(string said, string shown)
    {
        var bytes = Encoding.UTF8.GetBytes(said);
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            using MemoryStream terminal = new();
            using Shown.Output output = new(terminal);
            output.Write(bytes.AsSpan(0, cut));
            output.Write(bytes.AsSpan(cut));
            output.End();
            output.End();
            var end = said.EndsWith("\u001b[0m", StringComparison.Ordinal) ? "\u001b[0m" : "";

            Assert.Equal(shown + end, Encoding.UTF8.GetString(terminal.ToArray()));
        }
    }

    [Fact]
    public async Task Neither_a_name_nor_output_commands_a_terminal()
    {
        await using var fake = new FakeKernel(request =>
        {
            if (request.Number == SyscallNumber.Logs)
            {
                request.Piece([1, .. Encoding.UTF8.GetBytes($"{Clipboard}\u001b[31mout\n")]);
                request.Piece([2, .. Encoding.UTF8.GetBytes($"{Clipboard}\u001b[31merr\n")]);
                request.Reply("{}");
                return;
            }

            request.Reply("""
                {"processes":[{"id":3,"name":"x\u001b]0;title\u0007\nfake","state":"running","missing":[],"parent":0}]}
                """);
        });

        var table = await CliRun.OnATerminalAsync(fake, "ps", "--all");
        var logs = await CliRun.OnATerminalAsync(fake, "logs", "x");

        Assert.Equal((0, 0), (table.Code, logs.Code));
        Assert.Contains("x␛]0;title␇␊fake", table.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b]", table.Output, StringComparison.Ordinal);
        Assert.Equal("␛]52;c;ZXZpbA==␇\u001b[31mout\n\u001b[0m", logs.Output);
        Assert.Equal("␛]52;c;ZXZpbA==␇\u001b[31merr\n\u001b[0m", logs.Error);
    }

    [Fact]
    public async Task A_pipe_gets_output_as_it_is_but_tables_and_events_a_line_each()
    {
        await using var fake = new FakeKernel(request =>
        {
            switch (request.Number)
            {
                case SyscallNumber.Logs:
                    request.Piece([1, .. Encoding.UTF8.GetBytes(Clipboard)]);
                    request.Reply("{}");
                    break;
                case SyscallNumber.Subscribe:
                    request.Piece("""
                        {"type":"happening.x","process":3,"name":"x","at":"2026-01-02T03:04:05+00:00",
                         "reason":"one\nexited  9  forged"}
                        """);
                    request.Reply("{}");
                    break;
                default:
                    request.Reply("""
                        {"processes":[{"id":3,"name":"x\nfake","state":"running","missing":[],"parent":0}]}
                        """);
                    break;
            }
        });

        var logs = await CliRun.AgainstAsync(fake, "logs", "x");
        var table = await CliRun.AgainstAsync(fake, "ps", "--all");
        var events = await CliRun.AgainstAsync(fake, "events");

        Assert.Equal(Clipboard, logs.Output);
        Assert.Equal(2, table.Output.TrimEnd('\n').Split('\n').Length);
        Assert.Contains("one␊exited  9  forged\n", events.Output, StringComparison.Ordinal);
    }
}
