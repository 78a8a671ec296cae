using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Journal;
using Analemma.Kernel;
using Analemma.Kernel.Events;
using Analemma.Kernel.Policy;

namespace Analemma.Unit.Tests.Kernel;

/// <summary>Whatever enters the kernel fits the journal, or the journal would end the kernel.</summary>
public sealed class RecordLimitTests
{
    // As JSON each is six bytes.
    private static readonly string Escaped = new('<', 90_000);

    [Fact]
    public void The_kernels_bounds_are_the_journals()
    {
        Assert.Equal(JournalLimits.RecordBytesMax, Limits.RecordBytesMax);
        Assert.Equal(JournalLimits.CommitBytesMax, Limits.TurnBytesMax);
        Assert.InRange(KernelTurns.BatchMax, 1, JournalLimits.CommitRecordsMax);
    }

    public static TheoryData<Syscall> Large => [
        new Spawn { Argv = ["/bin/true", Escaped, Escaped] },
        new Spawn { Argv = ["true"], Env = new Dictionary<string, string> { ["A"] = Escaped, ["B"] = Escaped } },
        new Watch { Spawn = new Spawn { Name = "w", Argv = ["/bin/true", Escaped, Escaped] } },
        new FleetApply
        {
            Fleet = "f",
            Agents = [new FleetAgent { Name = "a", Spawn = new Spawn { Argv = ["true", Escaped, Escaped] } }],
        },
        new Kill { Name = Escaped + Escaped },
        new Pause { Name = Escaped + Escaped },
        new Restart { Name = Escaped + Escaped },
        new BudgetSet { Group = Escaped + Escaped, Tokens = 1 },
    ];

    [Theory]
    [MemberData(nameof(Large))]
    public void What_is_more_than_a_record_is_refused_at_the_edge(Syscall syscall)
    {
        var refusal = SyscallRules.Check(syscall)!;
        Assert.Equal(SysErrorCode.TooLarge, refusal.Code);
        Assert.Contains("bytes as a record", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>Negative control, and the bound itself: what passes fits, whoever asks and when.</summary>
    [Fact]
    public void What_passes_fits_a_record()
    {
        var (fits, tooLong) = (0, Limits.ArgumentCharsMax);
        while (tooLong - fits > 1)
        {
            var middle = (fits + tooLong) / 2;
            (fits, tooLong) = SyscallRules.Check(Two(middle)) is null ? (middle, tooLong) : (fits, middle);
        }

        Assert.InRange(fits, 80_000, 90_000);
        SyscallArrived arrived = new(new CallId(long.MaxValue), new Caller(new ProcessId(ProcessId.Max), 0), Two(fits))
        {
            At = DateTime.MaxValue.Ticks,
        };
        var body = Analemma.Kernel.History.EventCodec.Write(arrived).Body;
        Assert.InRange(body.Length, Limits.RecordBytesMax - 64, Limits.RecordBytesMax);

        static Spawn Two(int length) => new() { Argv = ["true", new string('<', length), new string('<', length)] };
    }

    [Fact]
    public void A_turn_takes_no_more_than_one_commit_holds()
    {
        KernelTurns turns = new(new KernelState());
        var text = new string('x', 95_000);
        for (var i = 1; i <= 20; i++)
        {
            Spawn spawn = new() { Argv = ["true", .. Enumerable.Repeat(text, 10)] };
            turns.Arrive(new SyscallArrived(new CallId(i), new Caller(ProcessId.None, 0), spawn) { At = i });
            turns.Arrive(new SyscallArrived(new CallId(100 + i), new Caller(ProcessId.None, 0), new List()) { At = i });
        }

        List<int> counts = [];
        List<DurableRecord> records = [];
        while (turns.Begin(records))
        {
            Assert.InRange(records.Sum(record => (long)record.Body.Length), 1, JournalLimits.CommitBytesMax);
            Assert.Equal(records.Count * 2, turns.Count);
            counts.Add(records.Count);
            turns.End();
            records.Clear();
        }

        Assert.Equal([8, 8, 4], counts);
    }

    [Theory]
    [InlineData("""{"fleet":"f","agents":[{}]}""", "agents[0].name")]
    [InlineData("""{"fleet":"f","agents":[{"name":null,"spawn":{"argv":["true"]}}]}""", "agents[0].name")]
    [InlineData("""{"fleet":"f","agents":[{"name":"a","after":[null],"spawn":{"argv":["true"]}}]}""", "after")]
    public void A_fleet_without_names_has_problems_and_no_order(string json, string named)
    {
        Assert.True(SyscallJson.TryRead(
            (ushort)SyscallNumber.FleetApply, System.Text.Encoding.UTF8.GetBytes(json), out var apply, out _));
        Assert.Contains(named, SyscallRules.Check(apply)!.Message, StringComparison.Ordinal);
    }
}
