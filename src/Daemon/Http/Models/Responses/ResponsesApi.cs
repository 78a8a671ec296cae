using System.Text.Json;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Http.Models.OpenAi;

namespace Analemma.Daemon.Http.Models.Responses;

/// <summary>
/// The commonly used part of OpenAI's responses: https://platform.openai.com/docs/api-reference/responses. Nothing is
/// stored: what an earlier response said is sent again by who asks, and an id of one is refused.
/// </summary>
internal sealed class ResponsesApi : IModelApi
{
    public WireCall Read(Field body, string target) => ResponsesRequest.Read(body);

    public void Write(Utf8JsonWriter json, WireCall call, ThinkReply reply, AnswerStamp stamp) =>
        ResponsesWords.Response(json, new ResponseState((ResponsesCall)call, stamp, reply, reply.Content));

    public WireStream Stream(WireCall call, AnswerStamp stamp) => new ResponsesStream((ResponsesCall)call, stamp);

    public void WriteError(Utf8JsonWriter json, WireRefusal refusal) => OpenAiErrors.Write(json, refusal);
}

/// <summary>A response that was asked for.</summary>
internal sealed record ResponsesCall(Think Think, bool Streams) : WireCall(Think, Streams)
{
    /// <summary>Fields that the answer repeats as they were sent.</summary>
    public required JsonElement Asked { get; init; }
}

/// <summary>A response at some moment of its life.</summary>
/// <param name="Call">What was asked for.</param>
/// <param name="Stamp">Its marks.</param>
/// <param name="Reply">The answer, once it is whole.</param>
/// <param name="Text">Its text.</param>
internal sealed record ResponseState(ResponsesCall Call, AnswerStamp Stamp, ThinkReply? Reply, string Text)
{
    /// <summary>Why it broke off.</summary>
    public WireRefusal? Refusal { get; init; }

    public string Status => Refusal is not null ? "failed"
        : Reply is null ? "in_progress"
        : Reply.FinishReason is "length" or "content_filter" ? "incomplete" : "completed";

    public bool HasText => Text.Length > 0 || Reply?.ToolCalls is not { Count: > 0 };
}
