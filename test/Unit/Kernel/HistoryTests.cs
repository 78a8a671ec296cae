using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;
using Analemma.Kernel.Mailboxes;
using Analemma.Unit.Tests.Kernel.Models;

namespace Analemma.Unit.Tests.Kernel;

public sealed class HistoryTests
{
    private static KernelEvent[] MailStory =>
    [
        new MailboxRegistered(new CallId(20), new MailboxPlan("jobs") { IsDurable = true, Receiver = "a" }, "work")
        {
            At = 9,
        },
        new MailAccepted(
            new CallId(21),
            new Mail(new ProcessId(1), MailBody.Of("é\n")) { Key = "k", SentAt = 9, Priority = MailPriority.High },
            ["jobs"])
        {
            At = 9,
        },
        new MailAccepted(new CallId(22), new Mail(ProcessId.None, null) { ExpiresAt = 10 }, ["jobs", "x"]) { At = 9 },
        new MailAccepted(new CallId(22), new Mail(ProcessId.None, null), ["jobs"]) { At = 9 },
        new MailAccepted(
            new CallId(22), new Mail(ProcessId.None, null) { Bodies = [MailBody.Of("x"), MailBody.Of("y")] }, ["jobs"])
        {
            At = 9,
        },
        new MailAcknowledged(new CallId(23), [new AcknowledgedMail("jobs", [1])]) { At = 9 },
        new MailDropped("jobs", [2], "expired") { At = 10 },
        new MailboxRegistered(new CallId(24), new MailboxPlan("other") { IsDurable = true }, null) { At = 10 },
        new MailboxUnregistered(new CallId(25), "other", null) { At = 10 },
        new MailboxUnregistered(new CallId(26), "jobs", "work") { At = 10 },
    ];

    private static readonly KernelEvent[] Story =
    [
        new KernelStarted("0.1", "crun", new KernelOptions { DeadRecordsMax = 7 }) { At = 1 },
        Call(1, new Spawn { Name = "a", Argv = ["x"], Env = new Dictionary<string, string> { ["K"] = "v" } }),
        new SandboxStarted(new ProcessId(1), "a1", 10, "crun", "cold", ["uid"]) { At = 3 },
        Call(2, new Spawn { Script = "/tmp/é.py", Limits = new ResourceLimits { Memory = 1 << 24, WallMs = 5 } }),
        new SandboxStartFailed(new ProcessId(2), SysErrorCode.StartFailed, "no", "hint") { At = 4 },
        Call(3, new Pause { Id = new ProcessId(1) }),
        Call(4, new Resume { Name = "a" }),
        new AttemptDenied(new ProcessId(1), "network", "connect", "no network", 3) { At = 5 },
        new UsageSettled(new CallId(9), new ProcessId(1), "team", "sim", "sim", new Spend(1, 10, 20, 30)) { At = 5 },
        new UsageLeased(new ProcessId(1), "team", 40, 50) { At = 5 },
        new AgentHalted(new ProcessId(1), "spent all") { At = 5 },
        new EventEmitted(new CallId(12), new ProcessId(1), "done", true)
        {
            At = 5,
            Name = "a",
            Data = JsonElement.Parse("""{"n":5}"""),
        },
        new ToolCallBegun(new CallId(10), new ProcessId(1), "fs/read", 17) { At = 5 },
        new LimitOverstepped(new ProcessId(1), Overstep.Pids, 500) { At = 6 },
        Call(5, new Kill { Id = new ProcessId(1), GraceMs = 9 }),
        new GraceElapsed(new ProcessId(1)) { At = 7 },
        new WallTimeElapsed(new ProcessId(1)) { At = 8 },
        new SandboxExited(new ProcessId(1), null, 9, new Usage { CpuUs = 5, OomKills = 1 }) { At = 9 },
        Call(10, new SecretSet { Name = "token", Value = "secret" }),
        Call(11, new SecretRemove { Name = "token" }),
        .. MailStory,
        Call(6, new Shutdown { GraceMs = 1 }),
        new KernelStarted("0.2", "runc", new KernelOptions()) { At = 10 },
        Call(7, new Spawn { Argv = ["y"] }),
        new SandboxStarted(new ProcessId(3), "a3", 11, "runc", "cold", []) { At = 11 },
        new LeftoverAdopted(new ProcessId(3), 12) { At = 12 },
        new LeftoverReaped(new ProcessId(3), "gone") { At = 13 },
        new UsageSettled(new CallId(9), new ProcessId(3), "team", "p", "m", new Spend(1, 1, 2, 3)) { At = 14 },
        new UsageLeased(ProcessId.None, "team", 7, 8) { At = 15 },
        new KernelStarted("0.3", "runc", new KernelOptions()) { At = 16 },
    ];

    public static TheoryData<int> EveryPoint => [.. Enumerable.Range(0, Story.Length + 1)];

    /// <summary>An upgrade finds what an earlier kernel kept: what it did not know yet has its default.</summary>
    /// <summary>It is written by generated code that only writes, and read by other.</summary>
    [Fact]
    public void The_options_of_a_start_are_read_as_they_were_written()
    {
        KernelOptions options = new() { DeadRecordsMax = 7, Enforced = ["uid"], Models = ModelBench.Options };

        var (type, body) = EventCodec.Write(new KernelStarted("0.1", "crun", options) { At = 1 });
        var read = Assert.IsType<KernelStarted>(EventCodec.Read(type, body));

        Assert.Equal(("0.1", "crun", 1), (read.Version, read.Engine, read.At));
        Assert.Equivalent(options, read.Options, strict: true);
    }

    [Fact]
    public void A_checkpoint_of_before_models_is_read()
    {
        KernelState state = new();
        foreach (var @event in Story[..4])
        {
            state.Apply(@event, []);
        }

        var body = JsonNode.Parse(StateCheckpoint.Write(state))!.AsObject();
        Assert.True(body.Remove("ledger") && body["options"]!.AsObject().Remove("models"));
        foreach (var process in body["living"]!.AsArray())
        {
            Assert.True(process!["plan"]!.AsObject().Remove("models") && process.AsObject().Remove("spent"));
        }

        var read = StateCheckpoint.Read(Encoding.UTF8.GetBytes(body.ToJsonString()));

        Assert.Equal(StateCheckpoint.Write(state), StateCheckpoint.Write(read));
    }

    [Fact]
    public void A_checkpoint_of_before_events_were_kept_is_read()
    {
        KernelState state = new();
        var body = JsonNode.Parse(StateCheckpoint.Write(state))!.AsObject();
        Assert.True(body.Remove("happenings") && body["options"]!.AsObject().Remove("events_kept"));

        var read = StateCheckpoint.Read(Encoding.UTF8.GetBytes(body.ToJsonString()));

        Assert.Equal(StateCheckpoint.Write(state), StateCheckpoint.Write(read));
        Assert.Equal(KernelOptions.EventsKeptDefault, read.Options.EventsKept);
    }

    [Fact]
    public void A_checkpoint_of_before_servers_of_tools_is_read()
    {
        KernelState state = new();
        foreach (var @event in Story[..4])
        {
            state.Apply(@event, []);
        }

        var body = JsonNode.Parse(StateCheckpoint.Write(state))!.AsObject();
        Assert.True(body["options"]!.AsObject().Remove("tools"));
        foreach (var process in body["living"]!.AsArray())
        {
            Assert.True(process!["plan"]!.AsObject().Remove("tools") && process.AsObject().Remove("tool_calls"));
        }

        var read = StateCheckpoint.Read(Encoding.UTF8.GetBytes(body.ToJsonString()));

        Assert.Equal(StateCheckpoint.Write(state), StateCheckpoint.Write(read));
        Assert.Empty(read.Processes.Living.First().Plan.Tools);
    }

    [Fact]
    public void A_checkpoint_of_before_leases_is_read()
    {
        var state = Fold(new KernelState(), Story[..4]);
        var body = JsonNode.Parse(StateCheckpoint.Write(state))!.AsObject();
        Assert.True(body.Remove("leases"));

        var read = StateCheckpoint.Read(Encoding.UTF8.GetBytes(body.ToJsonString()));

        Assert.Equal(StateCheckpoint.Write(state), StateCheckpoint.Write(read));
    }

    [Fact]
    public void A_checkpoint_of_before_supervision_is_read()
    {
        KernelState state = new();
        foreach (var @event in Story[..4])
        {
            state.Apply(@event, []);
        }

        var body = JsonNode.Parse(StateCheckpoint.Write(state))!.AsObject();
        Assert.True(body.Remove("fleets") && body["options"]!.AsObject().Remove("supervision"));

        var read = StateCheckpoint.Read(Encoding.UTF8.GetBytes(body.ToJsonString()));

        Assert.Equal(StateCheckpoint.Write(state), StateCheckpoint.Write(read));
    }

    [Theory]
    [MemberData(nameof(EveryPoint))]
    public void A_checkpoint_and_the_rest_give_the_same_state_as_the_whole_journal(int at)
    {
        var whole = Fold(new KernelState(), Story);
        var part = StateCheckpoint.Read(StateCheckpoint.Write(Fold(new KernelState(), Story[..at])));
        Assert.Equal(Dump(whole), Dump(Fold(part, Story[at..])));
    }

    [Fact]
    public void Every_durable_event_survives_the_journal()
    {
        foreach (var told in Story)
        {
            var (type, body) = EventCodec.Write(told);
            var (again, bodyAgain) = EventCodec.Write(EventCodec.Read(type, body));
            Assert.Equal(type, again);
            Assert.Equal(body, bodyAgain);
        }
    }

    [Fact]
    public void A_record_of_the_future_is_refused_by_name()
    {
        var refused = Assert.Throws<System.Text.Json.JsonException>(() => EventCodec.Read("moon.landed", "{}"u8));
        Assert.Contains("moon.landed", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Volatile_events_change_nothing_that_is_durable()
    {
        var state = Fold(new KernelState(), Story[..3]);
        var before = Dump(state);
        List<Effect> effects = [];
        state.Apply(new UsageSampled(new ProcessId(1), new Usage { CpuUs = 99 }) { At = 50 }, effects);
        state.Apply(new DenialReported(new ProcessId(1), "k", "w", "r", 1) { At = 50 }, effects);
        state.Apply(Call(50, new List()), effects);
        state.Apply(Call(51, new Wait { Name = "a" }), effects);
        state.Apply(new CallCancelled(new CallId(51)) { At = 51 }, effects);
        Assert.Equal(before, Dump(state));
    }

    [Fact]
    public void A_turn_lets_nothing_out_before_it_ends()
    {
        var turns = new KernelTurns(new KernelState());
        turns.Arrive(Story[0]);
        turns.Arrive(Story[1]);
        List<DurableRecord> records = [];
        Assert.True(turns.Begin(records));
        Assert.Equal(["kernel.started", "syscall.spawn"], records.Select(record => record.Type));
        Assert.Equal(0, turns.State.Processes.LivingCount);
        Assert.Contains(turns.End(), effect => effect is Launch);
        Assert.False(turns.Begin(records));
    }

    private static SyscallArrived Call(long id, Syscall syscall) =>
        new(new CallId(id), new Caller(ProcessId.None, 0), syscall) { At = 2 };

    private static KernelState Fold(KernelState state, IEnumerable<KernelEvent> events)
    {
        List<Effect> effects = [];
        foreach (var @event in events)
        {
            state.Apply(@event, effects);
        }

        return state;
    }

    private static string Dump(KernelState state) =>
        System.Text.Encoding.UTF8.GetString(StateCheckpoint.Write(state));
}
