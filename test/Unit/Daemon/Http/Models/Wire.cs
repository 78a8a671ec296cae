using System.Buffers;
using System.Text;
using System.Text.Json;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Http.Models;
using Analemma.Daemon.Http.Models.Anthropic;
using Analemma.Daemon.Http.Models.Gemini;
using Analemma.Daemon.Http.Models.OpenAi;
using Analemma.Daemon.Http.Models.Responses;

namespace Analemma.Unit.Tests.Daemon.Http.Models;

/// <summary>The four APIs, spoken without a network.</summary>
internal static class Wire
{
    private static readonly AnswerStamp Stamp = new("1", 7);

    public static IModelApi Api(string name) => name switch
    {
        "chat" => new ChatApi(),
        "responses" => new ResponsesApi(),
        "messages" => new MessagesApi(),
        "generate" => new GenerateApi(GenerateFraming.Events),
        _ => new GenerateApi(GenerateFraming.List),
    };

    /// <summary>The least that each takes, to stream.</summary>
    public static string Least(string name) => name switch
    {
        "chat" => """{"stream":true,"messages":[{"role":"user","content":"hi"}]}""",
        "responses" => """{"stream":true,"input":"hi"}""",
        "messages" => """{"stream":true,"model":"m","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}""",
        _ => """{"contents":[{"parts":[{"text":"hi"}]}]}""",
    };

    public static WireCall Read(string name, string json) =>
        Api(name).Read(new Field(JsonElement.Parse(json), ""), "m");

    public static WireException Refused(string name, string json) =>
        Assert.Throws<WireException>(() => Read(name, json));

    public static JsonElement Answer(string name, ThinkReply reply)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            Api(name).Write(json, Read(name, Least(name)), reply, Stamp);
        }

        return JsonElement.Parse(bytes.WrittenSpan);
    }

    public static JsonElement Error(string name, WireRefusal refusal)
    {
        ArrayBufferWriter<byte> bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            Api(name).WriteError(json, refusal);
        }

        return JsonElement.Parse(bytes.WrittenSpan);
    }

    /// <summary>All that a stream writes, which ends with a reply or with a refusal.</summary>
    public static string Stream(string name, IEnumerable<string> pieces, ThinkReply? reply, WireRefusal? refusal = null)
    {
        ArrayBufferWriter<byte> bytes = new();
        using EventWriter events = new(bytes);
        var stream = Api(name).Stream(Read(name, Least(name)), Stamp);
        stream.Begin(events);
        foreach (var piece in pieces)
        {
            stream.Text(events, Encoding.UTF8.GetBytes(piece));
            stream.KeepAlive(events);
        }

        if (reply is not null)
        {
            stream.End(events, reply);
        }
        else
        {
            stream.Fail(events, refusal!);
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>The JSON of each event, in order.</summary>
    public static List<JsonElement> Events(string name, string stream)
    {
        if (name == "list")
        {
            return [.. JsonElement.Parse(stream).EnumerateArray()];
        }

        Assert.EndsWith("\n\n", stream, StringComparison.Ordinal);
        return
        [
            .. from line in stream.Split('\n')
               where line.StartsWith("data: ", StringComparison.Ordinal) && line != "data: [DONE]"
               select JsonElement.Parse(line[6..]),
        ];
    }

    /// <summary>The text of one event, as its API's clients put it together.</summary>
    public static string TextOf(string name, JsonElement data)
    {
        var found = name switch
        {
            "chat" => data.GetProperty("choices") is { } choices && choices.GetArrayLength() > 0
                ? choices[0].GetProperty("delta").TryGetProperty("content", out var text) ? text : default
                : default,
            "responses" => data.GetProperty("type").GetString() == "response.output_text.delta"
                ? data.GetProperty("delta") : default,
            "messages" => data.GetProperty("type").GetString() == "content_block_delta"
                && data.GetProperty("delta").TryGetProperty("text", out var text) ? text : default,
            _ => data.GetProperty("candidates")[0].GetProperty("content").GetProperty("parts") is { } parts
                && parts.GetArrayLength() > 0 && parts[0].TryGetProperty("text", out var text) ? text : default,
        };
        return found.ValueKind is JsonValueKind.String ? found.GetString()! : "";
    }
}
