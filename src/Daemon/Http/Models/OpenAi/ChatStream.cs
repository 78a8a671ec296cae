using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.OpenAi;

/// <summary>A streamed chat completion: https://platform.openai.com/docs/api-reference/chat-streaming.</summary>
internal sealed class ChatStream(ChatCall call, AnswerStamp stamp) : WireStream
{
    private delegate void Delta<in TState>(Utf8JsonWriter json, TState state);

    // The model that answers is known at the end; until then it is the one that was asked for.
    private readonly string _model = call.Think.Model ?? "default";

    public override void Begin(EventWriter to) => Chunk(to, _model, null, "", static (json, _) =>
    {
        json.WriteString("role", "assistant");
        json.WriteString("content", "");
    });

    public override void Text(EventWriter to, ReadOnlySpan<byte> piece) =>
        to.Text([], this, piece, static (json, self, piece) =>
        {
            self.Open(json, self._model);
            json.WriteString("content"u8, piece);
            self.Close(json, null);
        });

    public override void End(EventWriter to, ThinkReply reply)
    {
        if (reply.ToolCalls is { Count: > 0 } calls)
        {
            Chunk(to, reply.Model, null, calls, static (json, calls) =>
                ChatWords.ToolCalls(json, calls, isStream: true));
        }

        Chunk(to, reply.Model, ChatWords.Finish(reply), "", static (_, _) => { });
        if (call.IncludesUsage)
        {
            to.Data((Self: this, Reply: reply), static (json, end) =>
            {
                json.WriteStartObject();
                ChatWords.Head(json, "chat.completion.chunk", end.Self.Stamp, end.Reply.Model);
                json.WriteStartArray("choices");
                json.WriteEndArray();
                ChatWords.Usage(json, end.Reply.Usage);
                json.WriteEndObject();
            });
        }

        to.Raw("data: [DONE]\n\n"u8);
    }

    public override void Fail(EventWriter to, WireRefusal refusal) => to.Data(refusal, OpenAiErrors.Write);

    private AnswerStamp Stamp => stamp;

    private void Chunk<TState>(EventWriter to, string model, string? finish, TState state, Delta<TState> write) =>
        to.Data((Self: this, model, finish, state, write), static (json, chunk) =>
        {
            chunk.Self.Open(json, chunk.model);
            chunk.write(json, chunk.state);
            chunk.Self.Close(json, chunk.finish);
        });

    private void Open(Utf8JsonWriter json, string model)
    {
        json.WriteStartObject();
        ChatWords.Head(json, "chat.completion.chunk", stamp, model);
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        json.WriteStartObject("delta");
    }

    private void Close(Utf8JsonWriter json, string? finish)
    {
        json.WriteEndObject();
        json.WriteNull("logprobs");
        json.WriteString("finish_reason", finish);
        json.WriteEndObject();
        json.WriteEndArray();
        if (call.IncludesUsage)
        {
            json.WriteNull("usage");
        }

        json.WriteEndObject();
    }
}
