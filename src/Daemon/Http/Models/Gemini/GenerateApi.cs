using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.Gemini;

/// <summary>
/// Gemini's generateContent and streamGenerateContent: https://ai.google.dev/api/generate-content. Not served: files by
/// address, cached content, several candidates, and tools of Google's own.
/// </summary>
/// <param name="framing">How answers come: at once, as events, or as a list of JSON.</param>
internal sealed class GenerateApi(GenerateFraming framing) : IModelApi
{
    public WireCall Read(Field body, string target) =>
        GenerateRequest.Read(body, target, streams: framing is not GenerateFraming.Whole);

    public void Write(Utf8JsonWriter json, WireCall call, ThinkReply reply, AnswerStamp stamp) =>
        GenerateWords.Last(json, reply, reply.Content, stamp);

    public WireStream Stream(WireCall call, AnswerStamp stamp) => framing is GenerateFraming.Events
        ? new GenerateStream(call, stamp)
        : new GenerateListStream(call, stamp);

    public void WriteError(Utf8JsonWriter json, WireRefusal refusal) => GenerateWords.Error(json, refusal);
}

/// <summary>How an answer of Gemini's is framed.</summary>
internal enum GenerateFraming
{
    Whole,

    /// <summary>With <c>alt=sse</c>.</summary>
    Events,

    /// <summary>Without it: one JSON list, item by item.</summary>
    List,
}
