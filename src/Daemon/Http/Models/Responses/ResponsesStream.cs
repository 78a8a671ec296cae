using System.Text;
using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Http.Models.Responses;

/// <summary>
/// A streamed response: https://platform.openai.com/docs/api-reference/responses-streaming. Its last events repeat the
/// whole text, so that is kept.
/// </summary>
internal sealed class ResponsesStream(ResponsesCall call, AnswerStamp stamp) : WireStream
{
    private readonly StringBuilder _text = new();
    private int _sequence;
    private int _item;
    private bool _isTextOpen;

    public override void Begin(EventWriter to)
    {
        Whole(to, "response.created"u8, new ResponseState(call, stamp, null, ""));
        Whole(to, "response.in_progress"u8, new ResponseState(call, stamp, null, ""));
    }

    public override void Text(EventWriter to, ReadOnlySpan<byte> piece)
    {
        OpenText(to);
        _text.Append(Encoding.UTF8.GetString(piece));
        to.Text("response.output_text.delta"u8, this, piece, static (json, self, piece) =>
        {
            self.Open(json, "response.output_text.delta");
            self.Place(json);
            json.WriteString("delta"u8, piece);
            json.WriteStartArray("logprobs");
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    public override void End(EventWriter to, ThinkReply reply)
    {
        ResponseState state = new(call, stamp, reply, _text.ToString());
        if (state.HasText)
        {
            CloseText(to, state.Text);
        }

        foreach (var use in reply.ToolCalls ?? [])
        {
            WriteCall(to, use);
        }

        Whole(to, state.Status == "completed" ? "response.completed"u8 : "response.incomplete"u8, state);
    }

    public override void Fail(EventWriter to, WireRefusal refusal) => Whole(
        to, "response.failed"u8, new ResponseState(call, stamp, null, _text.ToString()) { Refusal = refusal });

    private void OpenText(EventWriter to)
    {
        if (_isTextOpen)
        {
            return;
        }

        _isTextOpen = true;
        Item(to, "response.output_item.added"u8, json => ResponsesWords.Message(json, stamp, null));
        Part(to, "response.content_part.added"u8, "");
    }

    private void CloseText(EventWriter to, string text)
    {
        OpenText(to);
        to.Event("response.output_text.done"u8, this, (json, self) =>
        {
            self.Open(json, "response.output_text.done");
            self.Place(json);
            json.WriteString("text", text);
            json.WriteStartArray("logprobs");
            json.WriteEndArray();
            json.WriteEndObject();
        });
        Part(to, "response.content_part.done"u8, text);
        Item(to, "response.output_item.done"u8, json => ResponsesWords.Message(json, stamp, text));
        _item++;
    }

    private void WriteCall(EventWriter to, ToolCall use)
    {
        Item(to, "response.output_item.added"u8, json => ResponsesWords.FunctionCall(json, use, isDone: false));
        foreach (var isDone in (bool[])[false, true])
        {
            var type = isDone ? "response.function_call_arguments.done" : "response.function_call_arguments.delta";
            to.Event(Encoding.UTF8.GetBytes(type), this, (json, self) =>
            {
                self.Open(json, type);
                json.WriteString("item_id", $"fc_{use.Id}");
                json.WriteNumber("output_index", self._item);
                json.WriteString(isDone ? "arguments" : "delta", ResponsesWords.Arguments(use));
                if (isDone)
                {
                    json.WriteString("name", use.Name);
                }

                json.WriteEndObject();
            });
        }

        Item(to, "response.output_item.done"u8, json => ResponsesWords.FunctionCall(json, use, isDone: true));
        _item++;
    }

    private void Whole(EventWriter to, ReadOnlySpan<byte> type, ResponseState state)
    {
        var name = Encoding.UTF8.GetString(type);
        to.Event(type, this, (json, self) =>
        {
            self.Open(json, name);
            json.WritePropertyName("response");
            ResponsesWords.Response(json, state);
            json.WriteEndObject();
        });
    }

    private void Item(EventWriter to, ReadOnlySpan<byte> type, Action<Utf8JsonWriter> write)
    {
        var name = Encoding.UTF8.GetString(type);
        to.Event(type, this, (json, self) =>
        {
            self.Open(json, name);
            json.WriteNumber("output_index", self._item);
            json.WritePropertyName("item");
            write(json);
            json.WriteEndObject();
        });
    }

    private void Part(EventWriter to, ReadOnlySpan<byte> type, string text)
    {
        var name = Encoding.UTF8.GetString(type);
        to.Event(type, this, (json, self) =>
        {
            self.Open(json, name);
            self.Place(json);
            json.WritePropertyName("part");
            ResponsesWords.TextPart(json, text);
            json.WriteEndObject();
        });
    }

    private void Open(Utf8JsonWriter json, string type)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteNumber("sequence_number", _sequence++);
    }

    private void Place(Utf8JsonWriter json)
    {
        json.WriteString("item_id", $"msg_{stamp.Id}");
        json.WriteNumber("output_index", _item);
        json.WriteNumber("content_index", 0);
    }
}
