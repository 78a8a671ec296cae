using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models;

// ONE API OF A MODEL PROVIDER
//
// Each is a translation between its words and the syscall THINK, and pure: it reads no clock, makes no number up and
// sends nothing. ModelService does all that. What an API can say that THINK cannot is refused by its name.
/// <summary>Reads one API's requests for an answer, and writes the answers and refusals in its words.</summary>
internal interface IModelApi
{
    /// <summary>Understands a request.</summary>
    /// <param name="body">The whole body.</param>
    /// <param name="target">The model that the path names, or an empty text.</param>
    /// <exception cref="WireException">It cannot be followed, or asks what the kernel cannot give.</exception>
    WireCall Read(Field body, string target);

    /// <summary>Writes a whole answer.</summary>
    void Write(Utf8JsonWriter json, WireCall call, ThinkReply reply, AnswerStamp stamp);

    /// <summary>What writes a streamed answer.</summary>
    WireStream Stream(WireCall call, AnswerStamp stamp);

    /// <summary>Writes a refusal.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="refusal">What is refused, and why.</param>
    void WriteError(Utf8JsonWriter json, WireRefusal refusal);
}

/// <summary>A request, understood. An API keeps what it needs for the answer in a record of its own.</summary>
internal record WireCall(Think Think, bool Streams);

/// <summary>What an answer is marked with.</summary>
/// <param name="Id">Letters and digits, unique.</param>
/// <param name="UnixSeconds">When it was asked for.</param>
internal readonly record struct AnswerStamp(string Id, long UnixSeconds);

/// <summary>A refusal on its way out.</summary>
/// <param name="Error">Why.</param>
/// <param name="Status">As HTTP says it.</param>
/// <param name="Field">Which field of the request it is about, if it is about one.</param>
/// <param name="RequestId">The request's own.</param>
internal sealed record WireRefusal(SysError Error, int Status, string? Field, string RequestId)
{
    /// <summary>What was wrong and what to do, in one text, for APIs that have one.</summary>
    public string Text => Error.Hint is { } hint ? $"{Error.Message} ({hint})" : Error.Message;
}

/// <summary>Writes one streamed answer, event by event.</summary>
internal abstract class WireStream
{
    public virtual string ContentType => "text/event-stream";

    /// <summary>Before anything else.</summary>
    public abstract void Begin(EventWriter to);

    /// <summary>A piece of the text, in UTF-8, whole characters.</summary>
    public abstract void Text(EventWriter to, ReadOnlySpan<byte> piece);

    /// <summary>What is left to say: tool calls, the finish reason, the usage.</summary>
    public abstract void End(EventWriter to, ThinkReply reply);

    /// <summary>The answer breaks off here.</summary>
    public abstract void Fail(EventWriter to, WireRefusal refusal);

    /// <summary>
    /// Nothing, so that whoever waits sees that somebody works. A comment, where the API has no better.
    /// </summary>
    public virtual void KeepAlive(EventWriter to) => to.Raw(": waiting\n\n"u8);
}
