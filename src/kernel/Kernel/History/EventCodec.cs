using System.Text.Json;
using System.Text.Json.Serialization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;

namespace Analemma.Kernel.History;

/// <summary>
/// Durable events to journal bodies and back. The type name and the JSON are the journal's format: a name is never
/// reused for another meaning, fields are only added.
/// </summary>
public static class EventCodec
{
    private const string SyscallPrefix = "syscall.";

    /// <summary>The record type and body of a durable event.</summary>
    public static (string Type, byte[] Body) Write(KernelEvent @event)
    {
        Invariant.Holds(@event.IsDurable, "only durable events are journaled");
        return @event switch
        {
            SyscallArrived arrived => WriteSyscall(arrived),
            KernelStarted started => ("kernel.started", Json(started, StartedText.Default.KernelStarted)),
            SandboxStarted started => ("sandbox.started", Json(started, EventJsonContext.Default.SandboxStarted)),
            SandboxStartFailed failed =>
                ("sandbox.start_failed", Json(failed, EventJsonContext.Default.SandboxStartFailed)),
            SandboxExited exited => ("sandbox.exited", Json(exited, EventJsonContext.Default.SandboxExited)),
            GraceElapsed elapsed => ("grace.elapsed", Json(elapsed, EventJsonContext.Default.GraceElapsed)),
            WallTimeElapsed elapsed => ("wall_time.elapsed", Json(elapsed, EventJsonContext.Default.WallTimeElapsed)),
            LimitOverstepped overstepped =>
                ("limit.overstepped", Json(overstepped, EventJsonContext.Default.LimitOverstepped)),
            AttemptDenied denied => ("attempt.denied", Json(denied, EventJsonContext.Default.AttemptDenied)),
            LeftoverAdopted adopted => ("leftover.adopted", Json(adopted, EventJsonContext.Default.LeftoverAdopted)),
            LeftoverReaped reaped => ("leftover.reaped", Json(reaped, EventJsonContext.Default.LeftoverReaped)),
            UsageSettled settled => ("usage.settled", Json(settled, EventJsonContext.Default.UsageSettled)),
            UsageLeased leased => ("usage.leased", Json(leased, EventJsonContext.Default.UsageLeased)),
            ToolCallBegun begun => ("tool.called", Json(begun, EventJsonContext.Default.ToolCallBegun)),
            ConversationOpened opened =>
                ("conversation.opened", Json(opened, EventJsonContext.Default.ConversationOpened)),
            ConversationForked forked =>
                ("conversation.forked", Json(forked, EventJsonContext.Default.ConversationForked)),
            ConversationExtended extended =>
                ("conversation.extended", Json(extended, EventJsonContext.Default.ConversationExtended)),
            ConversationTruncated truncated =>
                ("conversation.truncated", Json(truncated, EventJsonContext.Default.ConversationTruncated)),
            ConversationCompacted compacted =>
                ("conversation.compacted", Json(compacted, EventJsonContext.Default.ConversationCompacted)),
            ConversationClosed closed =>
                ("conversation.closed", Json(closed, EventJsonContext.Default.ConversationClosed)),
            ValueStored stored => ("value.stored", Json(stored, EventJsonContext.Default.ValueStored)),
            ValueDeleted deleted => ("value.deleted", Json(deleted, EventJsonContext.Default.ValueDeleted)),
            ValuesExpired expired => ("values.expired", Json(expired, EventJsonContext.Default.ValuesExpired)),
            EventEmitted emitted => ("event.emitted", Json(emitted, EventJsonContext.Default.EventEmitted)),
            AgentHalted halted => ("agent.halted", Json(halted, EventJsonContext.Default.AgentHalted)),
            MailEvent mail => MailCodec.Write(mail),
            _ => SupervisionCodec.Write(@event)
                ?? throw new KernelPanicException($"no journal type for {@event.GetType().Name}"),
        };
    }

    /// <summary>Throws <see cref="JsonException"/> on a body that this kernel cannot read.</summary>
    public static KernelEvent Read(string type, ReadOnlySpan<byte> body) => type switch
    {
        "kernel.started" => Parse(body, EventJsonContext.Default.KernelStarted),
        "sandbox.started" => Parse(body, EventJsonContext.Default.SandboxStarted),
        "sandbox.start_failed" => Parse(body, EventJsonContext.Default.SandboxStartFailed),
        "sandbox.exited" => Parse(body, EventJsonContext.Default.SandboxExited),
        "grace.elapsed" => Parse(body, EventJsonContext.Default.GraceElapsed),
        "wall_time.elapsed" => Parse(body, EventJsonContext.Default.WallTimeElapsed),
        "limit.overstepped" => Parse(body, EventJsonContext.Default.LimitOverstepped),
        "attempt.denied" => Parse(body, EventJsonContext.Default.AttemptDenied),
        "leftover.adopted" => Parse(body, EventJsonContext.Default.LeftoverAdopted),
        "leftover.reaped" => Parse(body, EventJsonContext.Default.LeftoverReaped),
        "usage.settled" => Parse(body, EventJsonContext.Default.UsageSettled),
        "usage.leased" => Parse(body, EventJsonContext.Default.UsageLeased),
        "tool.called" => Parse(body, EventJsonContext.Default.ToolCallBegun),
        "conversation.opened" => Parse(body, EventJsonContext.Default.ConversationOpened),
        "conversation.forked" => Parse(body, EventJsonContext.Default.ConversationForked),
        "conversation.extended" => Parse(body, EventJsonContext.Default.ConversationExtended),
        "conversation.truncated" => Parse(body, EventJsonContext.Default.ConversationTruncated),
        "conversation.compacted" => Parse(body, EventJsonContext.Default.ConversationCompacted),
        "conversation.closed" => Parse(body, EventJsonContext.Default.ConversationClosed),
        "value.stored" => Parse(body, EventJsonContext.Default.ValueStored),
        "value.deleted" => Parse(body, EventJsonContext.Default.ValueDeleted),
        "values.expired" => Parse(body, EventJsonContext.Default.ValuesExpired),
        "event.emitted" => Parse(body, EventJsonContext.Default.EventEmitted),
        "agent.halted" => Parse(body, EventJsonContext.Default.AgentHalted),
        _ when type.StartsWith(MailCodec.Prefix, StringComparison.Ordinal) => MailCodec.Read(type, body),
        _ when type.StartsWith(SyscallPrefix, StringComparison.Ordinal) => ReadSyscall(type, body),
        _ => SupervisionCodec.Read(type, body)
            ?? throw new JsonException($"the journal holds a record of type {type}, which this kernel does not know"),
    };

    private static (string Type, byte[] Body) WriteSyscall(SyscallArrived arrived)
    {
        var (name, request) = arrived.Syscall switch
        {
            Spawn spawn => ("spawn", JsonSerializer.SerializeToElement(spawn, EventJsonContext.Default.Spawn)),
            Kill kill => ("kill", JsonSerializer.SerializeToElement(kill, EventJsonContext.Default.Kill)),
            Pause pause => ("pause", JsonSerializer.SerializeToElement(pause, EventJsonContext.Default.Pause)),
            Resume resume => ("resume", JsonSerializer.SerializeToElement(resume, EventJsonContext.Default.Resume)),
            SecretSet set => ("secret_set", JsonSerializer.SerializeToElement(
                set with { Value = null }, EventJsonContext.Default.SecretSet)),
            SecretRemove remove => ("secret_remove", JsonSerializer.SerializeToElement(
                remove, EventJsonContext.Default.SecretRemove)),
            BudgetSet set =>
                ("budget_set", JsonSerializer.SerializeToElement(set, EventJsonContext.Default.BudgetSet)),
            PipeOpen open =>
                ("pipe_open", JsonSerializer.SerializeToElement(open, EventJsonContext.Default.PipeOpen)),
            PipeGive give =>
                ("pipe_give", JsonSerializer.SerializeToElement(give, EventJsonContext.Default.PipeGive)),
            PipeClose close =>
                ("pipe_close", JsonSerializer.SerializeToElement(close, EventJsonContext.Default.PipeClose)),
            SetPerms set =>
                ("set_perms", JsonSerializer.SerializeToElement(set, EventJsonContext.Default.SetPerms)),
            Shutdown stop => ("shutdown", JsonSerializer.SerializeToElement(stop, EventJsonContext.Default.Shutdown)),
            _ => SupervisionCodec.Write(arrived.Syscall)
                ?? throw new KernelPanicException($"{arrived.Syscall.Number} is not durable"),
        };
        var record =
            new SyscallRecord(arrived.At, arrived.Call.Value, arrived.Caller.Process, arrived.Caller.Uid, request);
        return (SyscallPrefix + name, Json(record, EventJsonContext.Default.SyscallRecord));
    }

    private static SyscallArrived ReadSyscall(string type, ReadOnlySpan<byte> body)
    {
        var record = Parse(body, EventJsonContext.Default.SyscallRecord);
        Syscall? syscall = type[SyscallPrefix.Length..] switch
        {
            "spawn" => record.Request.Deserialize(EventJsonContext.Default.Spawn),
            "kill" => record.Request.Deserialize(EventJsonContext.Default.Kill),
            "pause" => record.Request.Deserialize(EventJsonContext.Default.Pause),
            "resume" => record.Request.Deserialize(EventJsonContext.Default.Resume),
            "secret_set" => record.Request.Deserialize(EventJsonContext.Default.SecretSet),
            "secret_remove" => record.Request.Deserialize(EventJsonContext.Default.SecretRemove),
            "budget_set" => record.Request.Deserialize(EventJsonContext.Default.BudgetSet),
            "pipe_open" => record.Request.Deserialize(EventJsonContext.Default.PipeOpen),
            "pipe_give" => record.Request.Deserialize(EventJsonContext.Default.PipeGive),
            "pipe_close" => record.Request.Deserialize(EventJsonContext.Default.PipeClose),
            "set_perms" => record.Request.Deserialize(EventJsonContext.Default.SetPerms),
            "shutdown" => record.Request.Deserialize(EventJsonContext.Default.Shutdown),
            var name => SupervisionCodec.Read(name, record.Request),
        };
        return new SyscallArrived(
            new CallId(record.Call),
            new Caller(record.Process, record.Uid),
            syscall ?? throw new JsonException($"the journal holds {type}, which this kernel does not know"))
        {
            At = record.At,
        };
    }

    internal static byte[] Json<T>(T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        JsonSerializer.SerializeToUtf8Bytes(value, type);

    internal static T Parse<T>(
        ReadOnlySpan<byte> body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class =>
        JsonSerializer.Deserialize(body, type) ?? throw new JsonException("a journal record is null");
}

internal sealed record SyscallRecord(long At, long Call, ProcessId Process, uint Uid, JsonElement Request);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(SyscallRecord))]
[JsonSerializable(typeof(Spawn))]
[JsonSerializable(typeof(Kill))]
[JsonSerializable(typeof(Pause))]
[JsonSerializable(typeof(Resume))]
[JsonSerializable(typeof(Shutdown))]
[JsonSerializable(typeof(BudgetSet))]
[JsonSerializable(typeof(PipeOpen))]
[JsonSerializable(typeof(PipeClose))]
[JsonSerializable(typeof(PipeGive))]
[JsonSerializable(typeof(SetPerms))]
[JsonSerializable(typeof(SecretSet))]
[JsonSerializable(typeof(SecretRemove))]
[JsonSerializable(typeof(KernelStarted))]
[JsonSerializable(typeof(SandboxStarted))]
[JsonSerializable(typeof(SandboxStartFailed))]
[JsonSerializable(typeof(SandboxExited))]
[JsonSerializable(typeof(GraceElapsed))]
[JsonSerializable(typeof(WallTimeElapsed))]
[JsonSerializable(typeof(LimitOverstepped))]
[JsonSerializable(typeof(AttemptDenied))]
[JsonSerializable(typeof(LeftoverAdopted))]
[JsonSerializable(typeof(LeftoverReaped))]
[JsonSerializable(typeof(UsageSettled))]
[JsonSerializable(typeof(UsageLeased))]
[JsonSerializable(typeof(AgentHalted))]
[JsonSerializable(typeof(EventEmitted))]
[JsonSerializable(typeof(ToolCallBegun))]
[JsonSerializable(typeof(ConversationOpened))]
[JsonSerializable(typeof(ConversationForked))]
[JsonSerializable(typeof(ConversationExtended))]
[JsonSerializable(typeof(ConversationTruncated))]
[JsonSerializable(typeof(ConversationCompacted))]
[JsonSerializable(typeof(ConversationClosed))]
[JsonSerializable(typeof(KernelSettled))]
[JsonSerializable(typeof(UnitDue))]
[JsonSerializable(typeof(UnitReady))]
[JsonSerializable(typeof(WatchdogBarked))]
[JsonSerializable(typeof(TroubleNoted))]
[JsonSerializable(typeof(OutageOver))]
[JsonSerializable(typeof(ScheduleTold))]
[JsonSerializable(typeof(UnitNeeded))]
[JsonSerializable(typeof(UnitIdled))]
[JsonSerializable(typeof(FleetApply))]
[JsonSerializable(typeof(FleetDown))]
[JsonSerializable(typeof(FleetRestart))]
[JsonSerializable(typeof(Watch))]
[JsonSerializable(typeof(Restart))]
[JsonSerializable(typeof(Escalate))]
[JsonSerializable(typeof(ValueStored))]
[JsonSerializable(typeof(ValueDeleted))]
[JsonSerializable(typeof(ValuesExpired))]
[JsonSerializable(typeof(CheckpointBody))]
internal sealed partial class EventJsonContext : JsonSerializerContext;

/// <summary>
/// Only writes, and so describes no members: a kernel writes this record at each start and seldom reads one.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(KernelStarted))]
internal sealed partial class StartedText : JsonSerializerContext;
