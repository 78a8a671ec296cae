using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi;

/// <summary>The JSON payloads of the native framing, by opcode. Never throws on what a peer sends.</summary>
public static class SyscallJson
{
    /// <summary>The writer of this thread: an answer is written in one go.</summary>
    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    private static ReadOnlySpan<byte> EmptyObject => "{}"u8;

    /// <summary>Reads a request's payload; an empty one stands for an object without fields.</summary>
    public static bool TryRead(
        ushort opcode,
        ReadOnlySpan<byte> payload,
        [NotNullWhen(true)] out Syscall? syscall,
        [NotNullWhen(false)] out SysError? error)
    {
        syscall = null;
        if (!Utf8.IsValid(payload))
        {
            error = SysError.InvalidArgument("the payload is not UTF-8");
            return false;
        }

        error = JsonSurrogates.Refusal(payload);
        if (error is null)
        {
            (syscall, error) = Read(opcode, payload.IsEmpty ? EmptyObject : payload);
        }

        return error is null;
    }

    private static (Syscall?, SysError?) Read(ushort opcode, ReadOnlySpan<byte> json) =>
        (SyscallNumber)opcode switch
        {
            SyscallNumber.Think => Read(json, AbiJsonContext.Default.Think),
            SyscallNumber.Exec => Read(json, AbiJsonContext.Default.Exec),
            SyscallNumber.Read => Read(json, AbiJsonContext.Default.Read),
            SyscallNumber.Write => Read(json, AbiJsonContext.Default.Write),
            SyscallNumber.Spawn => Read(json, StrictJson.Spawn),
            SyscallNumber.Kill => Read(json, AbiJsonContext.Default.Kill),
            SyscallNumber.List => Read(json, AbiJsonContext.Default.List),
            SyscallNumber.Pause => Read(json, AbiJsonContext.Default.Pause),
            SyscallNumber.Resume => Read(json, AbiJsonContext.Default.Resume),
            SyscallNumber.Http => Read(json, StrictJson.Http),
            SyscallNumber.Subscribe => Read(json, AbiJsonContext.Default.Subscribe),
            SyscallNumber.Metrics => Read(json, AbiJsonContext.Default.Metrics),
            SyscallNumber.Hello => Read(json, AbiJsonContext.Default.Hello),
            SyscallNumber.Wait => Read(json, AbiJsonContext.Default.Wait),
            SyscallNumber.Inspect => Read(json, AbiJsonContext.Default.Inspect),
            SyscallNumber.Logs => Read(json, AbiJsonContext.Default.Logs),
            SyscallNumber.Status => Read(json, AbiJsonContext.Default.Status),
            SyscallNumber.ConversationOpen => Read(json, AbiJsonContext.Default.ConversationOpen),
            SyscallNumber.ConversationAppend => Read(json, AbiJsonContext.Default.ConversationAppend),
            SyscallNumber.ConversationFork => Read(json, AbiJsonContext.Default.ConversationFork),
            SyscallNumber.ConversationTruncate => Read(json, AbiJsonContext.Default.ConversationTruncate),
            SyscallNumber.ConversationCompact => Read(json, AbiJsonContext.Default.ConversationCompact),
            SyscallNumber.ConversationTokens => Read(json, AbiJsonContext.Default.ConversationTokens),
            SyscallNumber.ConversationShow => Read(json, AbiJsonContext.Default.ConversationShow),
            SyscallNumber.ConversationList => Read(json, AbiJsonContext.Default.ConversationList),
            SyscallNumber.ConversationClose => Read(json, AbiJsonContext.Default.ConversationClose),
            SyscallNumber.Embed => Read(json, AbiJsonContext.Default.Embed),
            SyscallNumber.BudgetSet => Read(json, AbiJsonContext.Default.BudgetSet),
            SyscallNumber.Llm => Read(json, AbiJsonContext.Default.Llm),
            SyscallNumber.ListTools => Read(json, AbiJsonContext.Default.ListTools),
            SyscallNumber.CallTool => Read(json, AbiJsonContext.Default.CallTool),
            SyscallNumber.ToolServers => Read(json, AbiJsonContext.Default.ToolServers),
            SyscallNumber.RestartTools => Read(json, AbiJsonContext.Default.RestartTools),
            SyscallNumber.Shutdown => Read(json, AbiJsonContext.Default.Shutdown),
            SyscallNumber.Files => Read(json, AbiJsonContext.Default.Files),
            SyscallNumber.Claim => Read(json, AbiJsonContext.Default.Claim),
            SyscallNumber.Endpoint => Read(json, AbiJsonContext.Default.Endpoint),
            SyscallNumber.WorkflowCall => Read(json, AbiJsonContext.Default.WorkflowCall),
            SyscallNumber.WorkflowListen => Read(json, AbiJsonContext.Default.WorkflowListen),
            SyscallNumber.SecretSet => Read(json, AbiJsonContext.Default.SecretSet),
            SyscallNumber.SecretList => Read(json, AbiJsonContext.Default.SecretList),
            SyscallNumber.SecretRemove => Read(json, AbiJsonContext.Default.SecretRemove),
            SyscallNumber.Watch => Read(json, AbiJsonContext.Default.Watch),
            SyscallNumber.Restart => Read(json, AbiJsonContext.Default.Restart),
            SyscallNumber.Escalate => Read(json, AbiJsonContext.Default.Escalate),
            SyscallNumber.Ready => Read(json, AbiJsonContext.Default.Ready),
            SyscallNumber.FleetApply => Read(json, StrictJson.FleetApply),
            SyscallNumber.FleetDown => Read(json, AbiJsonContext.Default.FleetDown),
            SyscallNumber.FleetStatus => Read(json, AbiJsonContext.Default.FleetStatus),
            SyscallNumber.FleetRestart => Read(json, AbiJsonContext.Default.FleetRestart),
            _ => ReadKept(opcode, json),
        };

    /// <summary>Those about what the kernel keeps for agents.</summary>
    private static (Syscall?, SysError?) ReadKept(ushort opcode, ReadOnlySpan<byte> json) =>
        (SyscallNumber)opcode switch
        {
            SyscallNumber.Audit => Read(json, AbiJsonContext.Default.Audit),
            SyscallNumber.Store => Read(json, AbiJsonContext.Default.Store),
            SyscallNumber.Fetch => Read(json, AbiJsonContext.Default.Fetch),
            SyscallNumber.Delete => Read(json, AbiJsonContext.Default.Delete),
            SyscallNumber.Keys => Read(json, AbiJsonContext.Default.Keys),
            SyscallNumber.GetPerms => Read(json, AbiJsonContext.Default.GetPerms),
            SyscallNumber.SetPerms => Read(json, StrictJson.SetPerms),
            _ => ReadMail(opcode, json),
        };

    private static (Syscall?, SysError?) ReadEventCall(ushort opcode, ReadOnlySpan<byte> json) =>
        (SyscallNumber)opcode switch
        {
            SyscallNumber.Unsubscribe => Read(json, AbiJsonContext.Default.Unsubscribe),
            SyscallNumber.PollEvents => Read(json, AbiJsonContext.Default.PollEvents),
            SyscallNumber.Emit => Read(json, AbiJsonContext.Default.Emit),
            SyscallNumber.PipeOpen => Read(json, AbiJsonContext.Default.PipeOpen),
            SyscallNumber.PipeWrite => Read(json, AbiJsonContext.Default.PipeWrite),
            SyscallNumber.PipeRead => Read(json, AbiJsonContext.Default.PipeRead),
            SyscallNumber.PipeClose => Read(json, AbiJsonContext.Default.PipeClose),
            SyscallNumber.PipeGive => Read(json, AbiJsonContext.Default.PipeGive),
            SyscallNumber.PipeList => Read(json, AbiJsonContext.Default.PipeList),
            SyscallNumber.FunctionNext => FunctionJson.TryRead(json, out var next)
                ? (next, null) : Read(json, AbiJsonContext.Default.FunctionNext),
            _ => (null, Unknown(opcode)),
        };

    /// <summary>The payload of the last frame of an answer.</summary>
    public static byte[] Write(Reply reply) => JsonSerializer.SerializeToUtf8Bytes(reply, TypeOf(reply));

    /// <summary>Whether an answer has one large body, around which it is to be written.</summary>
    public static bool HasLargeBody(Reply reply) => QuickJsonWriter.LargeIn(reply) is not null;

    /// <summary>
    /// Writes such an answer but for its body: to copy that once more costs as much as all else that is done with it.
    /// </summary>
    /// <param name="reply">The answer.</param>
    /// <param name="into">Takes what comes before and after the body, behind what is in it.</param>
    /// <param name="body">Its bytes; the message's own.</param>
    /// <returns>Where in <paramref name="into"/> the body belongs.</returns>
    public static int WriteAround(Reply reply, PooledBytes into, out ReadOnlyMemory<byte> body)
    {
        var (before, large) = (into.Length, QuickJsonWriter.LargeIn(reply)!);
        body = large.Json;
        return before + (reply is RecvReply received
            ? QuickJsonWriter.Write(received, into, large) : QuickJsonWriter.Write((SendReply)reply, into, large));
    }

    /// <summary>The same into memory that the caller has: a reply may be large.</summary>
    public static void Write(Reply reply, PooledBytes into)
    {
        switch (reply)
        {
            case RecvReply received:
                QuickJsonWriter.Write(received, into);
                return;
            case SendReply sent:
                QuickJsonWriter.Write(sent, into);
                return;
            case FunctionNextReply next:
                QuickJsonWriter.Write(next, into);
                return;
        }

        var json = _writer ??= new Utf8JsonWriter(Stream.Null, new JsonWriterOptions { SkipValidation = true });
        json.Reset(into);
        try
        {
            JsonSerializer.Serialize(json, reply, TypeOf(reply));
            json.Flush();
        }
        finally
        {
            // Also when it cannot be written: the writer must not hold the memory, which goes back to its pool.
            json.Reset(Stream.Null);
        }
    }

    /// <summary>The payload of a refusal.</summary>
    public static byte[] Write(SysError error) =>
        AbiJson.Write(ErrorBody.From(error), AbiJsonContext.Default.ErrorBody);

    private static (Syscall?, SysError?) ReadMail(ushort opcode, ReadOnlySpan<byte> json) =>
        (SyscallNumber)opcode switch
        {
            SyscallNumber.Send => MailJson.TryRead(json, out Send? send)
                ? (send, null) : Read(json, StrictJson.Send),
            SyscallNumber.Recv => MailJson.TryRead(json, out Recv? recv)
                ? (recv, null) : Read(json, AbiJsonContext.Default.Recv),
            SyscallNumber.Broadcast => Read(json, StrictJson.Broadcast),
            SyscallNumber.Register => Read(json, AbiJsonContext.Default.Register),
            SyscallNumber.Unregister => Read(json, AbiJsonContext.Default.Unregister),
            SyscallNumber.Ack => Read(json, AbiJsonContext.Default.Ack),
            SyscallNumber.Nack => Read(json, AbiJsonContext.Default.Nack),
            SyscallNumber.Mailboxes => Read(json, AbiJsonContext.Default.Mailboxes),
            SyscallNumber.DeadLetters => Read(json, AbiJsonContext.Default.DeadLetters),
            _ => ReadEventCall(opcode, json),
        };

    private static SysError Unknown(ushort opcode) => new(
        SysErrorCode.UnknownSyscall, $"there is no syscall 0x{opcode:X2}", "see docs/abi.md for those there are");

    private static (Syscall?, SysError?) Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
        where T : Syscall =>
        AbiJson.TryRead(json, type, out var value, out var error) ? (value, null) : (null, error);

    private static JsonTypeInfo TypeOf(Reply reply) =>
        AbiJsonContext.Default.GetTypeInfo(reply.GetType())
        ?? throw new ArgumentException($"{reply.GetType().Name} is not one of the wire's types", nameof(reply));
}
