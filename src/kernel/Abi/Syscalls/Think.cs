using System.Text.Json;
using System.Text.Json.Serialization;

namespace Analemma.Abi.Syscalls;

/// <summary>
/// Asks a model. Give exactly one of <see cref="Prompt"/> and <see cref="Messages"/>. The kernel queues the call fairly
/// among all agents, reserves its budget, retries what fails in passing, and answers exactly once: with what the model
/// said, or with <c>budget_exhausted</c>, <c>runaway_stopped</c>, <c>try_again</c> (with the wait to expect),
/// <c>no_such_model</c>, <c>model_failed</c>, <c>timed_out</c> or <c>not_configured</c>.
/// </summary>
public sealed record Think : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Think;

    /// <summary>What to ask, when it is one question.</summary>
    public string? Prompt { get; init; }

    /// <summary>What to ask, when it is a conversation.</summary>
    public IReadOnlyList<ChatMessage>? Messages { get; init; }

    /// <summary>
    /// The conversation to go on with, as CONVERSATIONOPEN answered it: prompt or messages, either of which may be
    /// left out then, are said in it, and with the answer become part of it when there is one, all or nothing. What it
    /// was opened with holds unless this call says otherwise. One call at a time is under way in a conversation.
    /// </summary>
    public long? Conversation { get; init; }

    /// <summary>Who the model shall be and what it shall heed.</summary>
    public string? SystemInstruction { get; init; }

    /// <summary>A model or an alias, of those that the configuration names. Default: its default model.</summary>
    public string? Model { get; init; }

    /// <summary>0 to 2. Default: the model's own.</summary>
    public double? Temperature { get; init; }

    /// <summary>The most tokens to answer with, thinking included. Default: the model's, as configured.</summary>
    public long? MaxTokens { get; init; }

    /// <summary>What the model may ask to be called.</summary>
    public IReadOnlyList<ToolDefinition>? Tools { get; init; }

    /// <summary>
    /// How the tools may be used: <c>auto</c> (the default), <c>none</c>, <c>required</c>, or the name of the one that
    /// must be called.
    /// </summary>
    public string? ToolChoice { get; init; }

    /// <summary>False: at most one tool call in an answer, of providers that can promise it. Default: theirs.</summary>
    public bool? ParallelToolCalls { get; init; }

    /// <summary>
    /// A JSON Schema (the part of draft 2020-12 that docs/abi.md names) that the answer must satisfy: else the call
    /// ends with <c>answer_invalid</c>.
    /// </summary>
    public JsonElement? ResponseSchema { get; init; }

    /// <summary>
    /// How often the model is told what was wrong with its answer and asked again, 0 to 8. Default 0. Not with
    /// <see cref="Stream"/>: what was sent cannot be taken back.
    /// </summary>
    public int? Repair { get; init; }

    /// <summary>True: the answer is a JSON object, of whatever form. Not with a schema, which says more.</summary>
    public bool? Json { get; init; }

    /// <summary>Sampling is from the likeliest tokens that together have this probability, 0 to 1.</summary>
    public double? TopP { get; init; }

    /// <summary>The answer ends before the first of these texts, at most 16.</summary>
    public IReadOnlyList<string>? Stop { get; init; }

    /// <summary>Makes sampling repeatable, of providers that can.</summary>
    public long? Seed { get; init; }

    /// <summary>Images that belong to the prompt.</summary>
    public IReadOnlyList<ImagePart>? Images { get; init; }

    /// <summary>
    /// <c>none</c>, <c>minimal</c>, <c>low</c>, <c>medium</c> or <c>high</c>. Default: the model's own.
    /// </summary>
    public string? ThinkingLevel { get; init; }

    /// <summary>What this one call may cost at most, refused before it is made when it could cost more.</summary>
    public ModelBudget? Budget { get; init; }

    /// <summary>True: the answer's text comes in frames with MORE as the model makes it.</summary>
    public bool? Stream { get; init; }

    /// <summary>Milliseconds from request to answer, queueing and retries included.</summary>
    public long? TimeoutMs { get; init; }
}

/// <summary>Who speaks in a conversation.</summary>
[JsonConverter(typeof(EnumNames<ChatRole>))]
public enum ChatRole
{
    /// <summary>Instructions.</summary>
    [JsonStringEnumMemberName("system")]
    System,
    /// <summary>The one who asks.</summary>
    [JsonStringEnumMemberName("user")]
    User,
    /// <summary>The model.</summary>
    [JsonStringEnumMemberName("assistant")]
    Assistant,
    /// <summary>What a tool came to.</summary>
    [JsonStringEnumMemberName("tool")]
    Tool,
}

/// <summary>One message of a conversation.</summary>
public sealed record ChatMessage(ChatRole Role)
{
    /// <summary>What was said; with role <c>tool</c>, what the tool came to.</summary>
    public string? Content { get; init; }

    /// <summary>Images that belong to it, with role <c>user</c>.</summary>
    public IReadOnlyList<ImagePart>? Images { get; init; }

    /// <summary>What the model asked to be called, with role <c>assistant</c>.</summary>
    public IReadOnlyList<ToolCall>? ToolCalls { get; init; }

    /// <summary>Which tool call this is the result of, with role <c>tool</c>.</summary>
    public string? ToolCallId { get; init; }
}

/// <summary>A tool as the model is told of it.</summary>
public sealed record ToolDefinition(string Name)
{
    /// <summary>What it does, and when to use it.</summary>
    public string? Description { get; init; }

    /// <summary>A JSON Schema of its arguments. Default: an object without properties.</summary>
    public JsonElement? Parameters { get; init; }
}

/// <summary>A model's wish to have a tool called.</summary>
public sealed record ToolCall(string Id, string Name)
{
    /// <summary>A JSON object.</summary>
    public JsonElement? Arguments { get; init; }

    /// <summary>Of some models: to be sent back as it is, when the conversation goes on.</summary>
    public string? Signature { get; init; }
}

/// <summary>An image, in base64.</summary>
public sealed record ImagePart(string MimeType, string Data);

/// <summary>What a model said.</summary>
/// <param name="Content">Its text; empty when it asks for tools alone, or when all of it was streamed.</param>
/// <param name="Model">The model that answered, which a fallback may have made another than the one asked for.</param>
/// <param name="Tokens">Input and output together.</param>
public sealed record ThinkReply(string Content, string Model, long Tokens) : Reply
{
    /// <summary>Whose model it is.</summary>
    public string Provider { get; init; } = "";

    /// <summary>True: no model was asked, the answer is made up by the embedded simulator.</summary>
    public bool Simulated { get; init; }

    /// <summary>Tools that the model wants called.</summary>
    public IReadOnlyList<ToolCall>? ToolCalls { get; init; }

    /// <summary><c>stop</c>, <c>length</c>, <c>tool_calls</c> or <c>content_filter</c>.</summary>
    public string? FinishReason { get; init; }

    /// <summary>What all attempts together used.</summary>
    public ModelUsage Usage { get; init; } = new();

    /// <summary>Attempts that it took, over all models of the fallback chain.</summary>
    public int Attempts { get; init; } = 1;

    /// <summary>
    /// True: a second attempt beside a slow one gave the answer. What the other used is in <see cref="Usage"/>, as far
    /// as it is known: a provider does not say what an attempt used that was taken back. Absent: not so.
    /// </summary>
    public bool? Hedged { get; init; }

    /// <summary>How often the answer was repaired, see <see cref="Think.Repair"/>. Absent: never.</summary>
    public int? Repairs { get; init; }

    /// <summary>How long it waited for its turn, retries included.</summary>
    public long QueuedMs { get; init; }

    /// <summary>How long the last attempt ran.</summary>
    public long RanMs { get; init; }
}

/// <summary>Tokens of a call, and what they cost.</summary>
public sealed record ModelUsage
{
    /// <summary>Tokens read.</summary>
    public long InputTokens { get; init; }

    /// <summary>Tokens written, thinking included.</summary>
    public long OutputTokens { get; init; }

    /// <summary>By the price table of the configuration, in millionths of a US dollar.</summary>
    public long Microdollars { get; init; }
}
