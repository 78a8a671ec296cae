using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Output;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Analemma.Unit.Tests.Cli;

public sealed class TableTests
{
    private static readonly ProcessView[] Busy =
    [
        new(new ProcessId(7), "healthy", ProcessState.Running)
        {
            Pid = 123_456,
            CpuMs = 83_000,
            MemoryBytes = 64L << 20,
            UptimeMs = 61_000,
        },
        new(new ProcessId(1234), "a-name-that-goes-on-for-longer-than-most-of-the-others-do", ProcessState.Stopping)
        {
            Pid = 2_345_678,
            CpuMs = 7_325_000,
            MemoryBytes = 1500L << 20,
            ThrottledMs = 1_234,
            Denied = 12_345,
            UptimeMs = 90_061_000,
            Exit = new ExitStatus(ExitCause.KilledByOperator),
        },
    ];

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(120)]
    public void A_long_cause_costs_no_line_and_no_name(int width)
    {
        ProcessView[] failed =
        [
            .. Busy[..1],
            new(new ProcessId(8), "other", ProcessState.Exited)
            {
                Exit = new ExitStatus(ExitCause.StartFailed) { Detail = $"crun 🔑🔑🔑🔑 {new string('x', 200)}" },
            },
        ];

        var lines = Lines(ProcessTable.Render(failed, width), width);

        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.InRange(line.TrimEnd().Length, 1, Math.Max(3, width)));
        Assert.DoesNotContain('\ufffd', string.Concat(lines));
        if (width >= 40)
        {
            Assert.Contains("EXIT", lines[0], StringComparison.Ordinal);
        }

        if (width >= 80)
        {
            Assert.Contains("healthy", lines[1], StringComparison.Ordinal);
            Assert.Contains("start-failed: ", lines[2], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(200)]
    public void Each_process_keeps_to_one_line_at_any_width(int width)
    {
        var lines = Lines(ProcessTable.Render(Busy, width), width);

        Assert.Equal(3, lines.Length);
        Assert.All(lines, line => Assert.InRange(line.Length, 1, width));
        Assert.All(
            (string[])["ID", "NAME", "STATE", "CPU", "MEMORY", "EXIT"],
            name => Assert.Contains(name, Words(lines[0])));
        Assert.Contains("healt", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("killed-by-operator", lines[2].TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_matters_less_goes_first_and_all_is_there_when_there_is_room()
    {
        var short_ = Busy[..1];
        Assert.DoesNotContain("PID", Words(Lines(ProcessTable.Render(short_, 75), 75)[0]));
        Assert.Contains("DENIED", Words(Lines(ProcessTable.Render(short_, 60), 60)[0]));
        Assert.Equal(10, Words(Lines(ProcessTable.Render(short_, 100), 100)[0]).Length);
    }

    [Fact]
    public void A_name_is_cut_only_where_nothing_else_can_be_left_out()
    {
        Assert.Contains(Busy[1].Name, Lines(ProcessTable.Render(Busy, 200), 200)[2], StringComparison.Ordinal);
        Assert.Contains("a-nam…", Lines(ProcessTable.Render(Busy, 60), 60)[2], StringComparison.Ordinal);
        Assert.DoesNotContain("PID", Words(Lines(ProcessTable.Render(Busy, 60), 60)[0]));
    }

    [Theory]
    [InlineData(40)]
    [InlineData(60)]
    [InlineData(80)]
    [InlineData(200)]
    public void Servers_mailboxes_and_dead_letters_keep_to_one_line_too(int width)
    {
        ToolServerView server = new("files-of-the-team", "failed")
        {
            LastError = new string('e', 200),
            Starts = 12,
            Pid = 1_234_567,
        };
        MailboxView box = new("a-mailbox-with-a-long-name")
        {
            Receiver = "worker",
            Durable = true,
            Messages = 12,
            MaxMessages = 1_000,
            Names = ["one-name", "another-name"],
        };
        DeadLetterView letter = new(17, "a-mailbox-with-a-long-name", "expired") { Body = MailBody.Of("a text of it") };
        foreach (var table in (IRenderable[])
            [ToolTables.Servers([server], width), MailText.Boxes([box], width), MailText.Dead([letter], width)])
        {
            var lines = Lines(table, width);
            Assert.Equal(2, lines.Length);
            Assert.All(lines, line => Assert.InRange(line.TrimEnd().Length, 1, width));
        }
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static string[] Lines(IRenderable table, int width)
    {
        using StringWriter text = new();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(text),
            Ansi = AnsiSupport.No,
            Interactive = InteractionSupport.No,
        });
        console.Profile.Width = width;
        console.Write(table);
        return text.ToString().TrimEnd('\n').Split('\n');
    }
}
