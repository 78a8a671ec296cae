using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.Anthropic;

/// <summary>A streamed message: https://docs.anthropic.com/en/docs/build-with-claude/streaming.</summary>
internal sealed class MessagesStream(WireCall call, AnswerStamp stamp) : WireStream
{
    private int _block;
    private bool _isTextOpen;

    public override void Begin(EventWriter to) => to.Event("message_start"u8, this, static (json, self) =>
    {
        json.WriteStartObject();
        json.WriteString("type", "message_start");
        json.WriteStartObject("message");
        MessagesWords.Head(json, self.Stamp, self.Model);
        json.WriteStartArray("content");
        json.WriteEndArray();
        json.WriteNull("stop_reason");
        json.WriteNull("stop_sequence");
        // What was read is known at the end, and told with message_delta.
        MessagesWords.Usage(json, new ModelUsage());
        json.WriteEndObject();
        json.WriteEndObject();
    });

    public override void Text(EventWriter to, ReadOnlySpan<byte> piece)
    {
        if (!_isTextOpen)
        {
            _isTextOpen = true;
            to.Event("content_block_start"u8, _block, static (json, block) =>
            {
                json.WriteStartObject();
                json.WriteString("type", "content_block_start");
                json.WriteNumber("index", block);
                json.WriteStartObject("content_block");
                json.WriteString("type", "text");
                json.WriteString("text", "");
                json.WriteEndObject();
                json.WriteEndObject();
            });
        }

        to.Text("content_block_delta"u8, _block, piece, static (json, block, piece) =>
        {
            json.WriteStartObject();
            json.WriteString("type", "content_block_delta");
            json.WriteNumber("index", block);
            json.WriteStartObject("delta");
            json.WriteString("type", "text_delta");
            json.WriteString("text"u8, piece);
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    public override void End(EventWriter to, ThinkReply reply)
    {
        if (_isTextOpen)
        {
            Stop(to);
        }

        foreach (var use in reply.ToolCalls ?? [])
        {
            WriteUse(to, use);
            Stop(to);
        }

        to.Event("message_delta"u8, reply, static (json, reply) =>
        {
            json.WriteStartObject();
            json.WriteString("type", "message_delta");
            json.WriteStartObject("delta");
            json.WriteString("stop_reason", MessagesWords.Stop(reply));
            json.WriteNull("stop_sequence");
            json.WriteEndObject();
            MessagesWords.Usage(json, reply.Usage);
            json.WriteEndObject();
        });
        to.Raw("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"u8);
    }

    public override void Fail(EventWriter to, WireRefusal refusal) =>
        to.Event("error"u8, refusal, MessagesWords.Error);

    public override void KeepAlive(EventWriter to) => to.Raw("event: ping\ndata: {\"type\":\"ping\"}\n\n"u8);

    private AnswerStamp Stamp => stamp;

    private string Model => call.Think.Model ?? "default";

    private void WriteUse(EventWriter to, ToolCall use)
    {
        to.Event("content_block_start"u8, (Block: _block, Use: use), static (json, at) =>
        {
            json.WriteStartObject();
            json.WriteString("type", "content_block_start");
            json.WriteNumber("index", at.Block);
            json.WritePropertyName("content_block");
            MessagesWords.ToolUse(json, at.Use, withInput: false);
            json.WriteEndObject();
        });
        to.Event("content_block_delta"u8, (Block: _block, Use: use), static (json, at) =>
        {
            json.WriteStartObject();
            json.WriteString("type", "content_block_delta");
            json.WriteNumber("index", at.Block);
            json.WriteStartObject("delta");
            json.WriteString("type", "input_json_delta");
            json.WriteString("partial_json", at.Use.Arguments?.GetRawText() ?? "{}");
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    private void Stop(EventWriter to) => to.Event("content_block_stop"u8, _block++, static (json, block) =>
    {
        json.WriteStartObject();
        json.WriteString("type", "content_block_stop");
        json.WriteNumber("index", block);
        json.WriteEndObject();
    });
}
