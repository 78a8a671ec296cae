using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi;

/// <summary>
/// JSON of the wire: snake case, absent for null, bounded depth. Reading never throws: what a peer sends wrong comes
/// back as an <see cref="SysError"/> that names the field.
/// </summary>
public static class AbiJson
{
    /// <summary>Writes a value as the wire has it.</summary>
    public static byte[] Write<T>(T value, JsonTypeInfo<T> type) => JsonSerializer.SerializeToUtf8Bytes(value, type);

    /// <summary>Reads a value; false, with what is wrong and where, when the bytes are not one.</summary>
    public static bool TryRead<T>(
        ReadOnlySpan<byte> json,
        JsonTypeInfo<T> type,
        [NotNullWhen(true)] out T? value,
        [NotNullWhen(false)] out SysError? error)
        where T : class
    {
        error = null;
        try
        {
            value = JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException wrong)
        {
            value = null;
            error = SysError.InvalidArgument(Explain(wrong, type), "see docs/abi.md for the fields and their types");
            return false;
        }

        error = value is null ? SysError.InvalidArgument("the payload is null; expected a JSON object") : null;
        return value is not null;
    }

    private static string Explain(JsonException wrong, JsonTypeInfo type)
    {
        if (JsonWords.UnknownField(wrong, type) is { } unknown)
        {
            return unknown;
        }

        var path = wrong.Path?.TrimStart('$').TrimStart('.');
        var where = string.IsNullOrEmpty(path) ? "payload" : Shorten(path, 120);
        var what = wrong.Message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal)
            ? $"expected {JsonWords.For(type, path ?? "")}"
            : wrong.Message.Split(" Path: ", 2)[0].Split(" LineNumber:", 2)[0];
        return $"{where}: {Shorten(what, 300)}";
    }

    private static string Shorten(string text, int length) => text.Length <= length ? text : text[..length] + "…";
}

/// <summary>The wire's types, with their serializers made at compile time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    MaxDepth = AbiLimits.JsonDepthMax)]
[JsonSerializable(typeof(Spawn))]
[JsonSerializable(typeof(SpawnReply))]
[JsonSerializable(typeof(Kill))]
[JsonSerializable(typeof(KillReply))]
[JsonSerializable(typeof(Pause))]
[JsonSerializable(typeof(Resume))]
[JsonSerializable(typeof(PauseReply))]
[JsonSerializable(typeof(List))]
[JsonSerializable(typeof(ListReply))]
[JsonSerializable(typeof(ProcessView))]
[JsonSerializable(typeof(Wait))]
[JsonSerializable(typeof(Inspect))]
[JsonSerializable(typeof(Exec))]
[JsonSerializable(typeof(ExecReply))]
[JsonSerializable(typeof(Read))]
[JsonSerializable(typeof(ReadReply))]
[JsonSerializable(typeof(Write))]
[JsonSerializable(typeof(WriteReply))]
[JsonSerializable(typeof(Files))]
[JsonSerializable(typeof(FilesReply))]
[JsonSerializable(typeof(Logs))]
[JsonSerializable(typeof(LogsReply))]
[JsonSerializable(typeof(Subscribe))]
[JsonSerializable(typeof(EventView))]
[JsonSerializable(typeof(SubscribeReply))]
[JsonSerializable(typeof(Unsubscribe))]
[JsonSerializable(typeof(UnsubscribeReply))]
[JsonSerializable(typeof(PollEvents))]
[JsonSerializable(typeof(PollEventsReply))]
[JsonSerializable(typeof(Emit))]
[JsonSerializable(typeof(EmitReply))]
[JsonSerializable(typeof(Hello))]
[JsonSerializable(typeof(HelloReply))]
[JsonSerializable(typeof(Think))]
[JsonSerializable(typeof(ThinkReply))]
[JsonSerializable(typeof(Claim))]
[JsonSerializable(typeof(ClaimReply))]
[JsonSerializable(typeof(ClaimEndReply))]
[JsonSerializable(typeof(Llm))]
[JsonSerializable(typeof(LlmReply))]
[JsonSerializable(typeof(IReadOnlyList<BudgetUse>))]
[JsonSerializable(typeof(Audit))]
[JsonSerializable(typeof(AuditReply))]
[JsonSerializable(typeof(Metrics))]
[JsonSerializable(typeof(MetricsReply))]
[JsonSerializable(typeof(ListTools))]
[JsonSerializable(typeof(ListToolsReply))]
[JsonSerializable(typeof(CallTool))]
[JsonSerializable(typeof(CallToolReply))]
[JsonSerializable(typeof(ToolProgress))]
[JsonSerializable(typeof(ToolServers))]
[JsonSerializable(typeof(ToolServersReply))]
[JsonSerializable(typeof(RestartTools))]
[JsonSerializable(typeof(ToolServerView))]
[JsonSerializable(typeof(ConversationOpen))]
[JsonSerializable(typeof(ConversationAppend))]
[JsonSerializable(typeof(ConversationFork))]
[JsonSerializable(typeof(ConversationTruncate))]
[JsonSerializable(typeof(ConversationCompact))]
[JsonSerializable(typeof(ConversationTokens))]
[JsonSerializable(typeof(ConversationShow))]
[JsonSerializable(typeof(ConversationList))]
[JsonSerializable(typeof(ConversationClose))]
[JsonSerializable(typeof(ConversationView))]
[JsonSerializable(typeof(ConversationListReply))]
[JsonSerializable(typeof(ConversationCloseReply))]
[JsonSerializable(typeof(ConversationTokensReply))]
[JsonSerializable(typeof(ConversationShowReply))]
[JsonSerializable(typeof(ConversationCompactReply))]
[JsonSerializable(typeof(BudgetSet))]
[JsonSerializable(typeof(BudgetSetReply))]
[JsonSerializable(typeof(Embed))]
[JsonSerializable(typeof(EmbedReply))]
[JsonSerializable(typeof(GetPerms))]
[JsonSerializable(typeof(SetPerms))]
[JsonSerializable(typeof(PermsReply))]
[JsonSerializable(typeof(Permissions))]
[JsonSerializable(typeof(Store))]
[JsonSerializable(typeof(StoreReply))]
[JsonSerializable(typeof(Fetch))]
[JsonSerializable(typeof(FetchReply))]
[JsonSerializable(typeof(Delete))]
[JsonSerializable(typeof(DeleteReply))]
[JsonSerializable(typeof(Keys))]
[JsonSerializable(typeof(KeysReply))]
[JsonSerializable(typeof(Status))]
[JsonSerializable(typeof(StatusReply))]
[JsonSerializable(typeof(Shutdown))]
[JsonSerializable(typeof(ShutdownReply))]
[JsonSerializable(typeof(Endpoint))]
[JsonSerializable(typeof(EndpointReply))]
[JsonSerializable(typeof(WorkflowCall))]
[JsonSerializable(typeof(WorkflowCallReply))]
[JsonSerializable(typeof(WorkflowListen))]
[JsonSerializable(typeof(WorkflowListenReply))]
[JsonSerializable(typeof(FunctionNext))]
[JsonSerializable(typeof(FunctionNextReply))]
[JsonSerializable(typeof(NetworkRule[]))]
[JsonSerializable(typeof(Http))]
[JsonSerializable(typeof(HttpReply))]
[JsonSerializable(typeof(SecretSet))]
[JsonSerializable(typeof(SecretSetReply))]
[JsonSerializable(typeof(SecretList))]
[JsonSerializable(typeof(SecretListReply))]
[JsonSerializable(typeof(SecretRemove))]
[JsonSerializable(typeof(SecretRemoveReply))]
[JsonSerializable(typeof(Watch))]
[JsonSerializable(typeof(WatchReply))]
[JsonSerializable(typeof(Restart))]
[JsonSerializable(typeof(RestartReply))]
[JsonSerializable(typeof(Escalate))]
[JsonSerializable(typeof(EscalateReply))]
[JsonSerializable(typeof(Ready))]
[JsonSerializable(typeof(ReadyReply))]
[JsonSerializable(typeof(FleetApply))]
[JsonSerializable(typeof(FleetApplyReply))]
[JsonSerializable(typeof(FleetDown))]
[JsonSerializable(typeof(FleetDownReply))]
[JsonSerializable(typeof(FleetStatus))]
[JsonSerializable(typeof(FleetStatusReply))]
[JsonSerializable(typeof(FleetRestart))]
[JsonSerializable(typeof(FleetRestartReply))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(System.Text.Json.JsonElement))]
[JsonSerializable(typeof(Send))]
[JsonSerializable(typeof(Recv))]
[JsonSerializable(typeof(Broadcast))]
[JsonSerializable(typeof(Register))]
[JsonSerializable(typeof(Unregister))]
[JsonSerializable(typeof(Ack))]
[JsonSerializable(typeof(Nack))]
[JsonSerializable(typeof(Mailboxes))]
[JsonSerializable(typeof(DeadLetters))]
[JsonSerializable(typeof(SendReply))]
[JsonSerializable(typeof(RecvReply))]
[JsonSerializable(typeof(BroadcastReply))]
[JsonSerializable(typeof(MailboxView))]
[JsonSerializable(typeof(UnregisterReply))]
[JsonSerializable(typeof(AckReply))]
[JsonSerializable(typeof(MailboxesReply))]
[JsonSerializable(typeof(DeadLettersReply))]
[JsonSerializable(typeof(PipeOpen))]
[JsonSerializable(typeof(PipeWrite))]
[JsonSerializable(typeof(PipeWriteReply))]
[JsonSerializable(typeof(PipeRead))]
[JsonSerializable(typeof(PipeReadReply))]
[JsonSerializable(typeof(PipeClose))]
[JsonSerializable(typeof(PipeList))]
[JsonSerializable(typeof(PipeGive))]
[JsonSerializable(typeof(PipeListReply))]
[JsonSerializable(typeof(PipeView))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(JournalCheck))]
[JsonSerializable(typeof(WorkflowArchive))]
[JsonSerializable(typeof(JournalCompaction))]
[JsonSerializable(typeof(AuditLog))]
[JsonSerializable(typeof(AuditLine))]
[JsonSerializable(typeof(AuditEntry))]
[JsonSerializable(typeof(string))]
public sealed partial class AbiJsonContext : JsonSerializerContext;

/// <summary>The payload of a response whose status is not 0.</summary>
public sealed record ErrorBody(string Code, string Message)
{
    /// <summary>What to do about it.</summary>
    public string? Hint { get; init; }

    /// <summary>With <c>try_again</c> and the like: the wait to expect.</summary>
    public long? RetryAfterMs { get; init; }

    /// <summary>The cause at a model's provider, in a word, such as <c>key_rejected</c>.</summary>
    public string? Reason { get; init; }

    /// <summary>With <c>budget_exhausted</c>: which budget, and how it stands.</summary>
    public BudgetRefusal? Budget { get; init; }

    /// <summary>With <c>answer_invalid</c>: what is wrong with the answer.</summary>
    public IReadOnlyList<AnswerFlaw>? Flaws { get; init; }

    /// <summary>The payload of a refusal.</summary>
    public static ErrorBody From(SysError error) => new(error.CodeName, error.Message)
    {
        Hint = error.Hint,
        RetryAfterMs = error.RetryAfterMs,
        Reason = error.Reason,
        Budget = error.Budget,
        Flaws = error.Flaws,
    };
}
