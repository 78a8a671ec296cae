using Microsoft.Extensions.AI;

namespace Analemma.Integration.Tests.Models;

/// <summary>Several tools called in one streamed answer, as the documentation of each wire shows.</summary>
public sealed class ParallelToolTests
{
    private const string Chunk =
        """data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,""";

    /// <summary>The fragments of the two calls come in turns.</summary>
    private static readonly string[] OpenAi =
    [
        Call(0, """ "id":"a","type":"function","function":{"name":"first","arguments":""} """),
        Call(1, """ "id":"b","type":"function","function":{"name":"second","arguments":""} """),
        Call(0, """ "function":{"arguments":"{\"n\""} """),
        Call(1, """ "function":{"arguments":"{\"n\":"} """),
        Call(0, """ "function":{"arguments":":1}"} """),
        Call(1, """ "function":{"arguments":"2}"} """),
        Chunk + "\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n",
        "data: [DONE]\n\n",
    ];

    private static readonly string[] Anthropic =
    [
        Event("message_start", """
            "message":{"id":"m","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,
            "stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}
            """),
        .. Block(0, "a", "first", 1),
        .. Block(1, "b", "second", 2),
        Event("message_delta", """
            "delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":9}
            """),
        Event("message_stop", null),
    ];

    /// <summary>Whole calls without ids; the two may also come in different events.</summary>
    private static readonly string[] Gemini =
    [
        """data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"first","args":{"n":1}}}]}}]}"""
            + "\r\n\r\n",
        """data: {"candidates":[{"content":{"parts":[{"functionCall":{"name":"second","args":{"n":2}}}]},"""
            + "\"finishReason\":\"STOP\"}]}\r\n\r\n",
    ];

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    [InlineData("gemini")]
    public async Task Calls_at_once_stay_apart(string provider)
    {
        await using var stage = Stage.Open(provider, new Scene.Wire(async exchange =>
        {
            await exchange.BeginStreamAsync();
            foreach (var each in provider switch { "openai" => OpenAi, "anthropic" => Anthropic, _ => Gemini })
            {
                await exchange.ChunkAsync(each);
            }

            await exchange.EndStreamAsync();
        }));

        var updates = await stage.StreamAsync();

        var calls = updates.SelectMany(update => update.Contents).OfType<FunctionCallContent>().ToList();
        Assert.Equal([("first", "1"), ("second", "2")], calls.Select(call => (call.Name, $"{call.Arguments!["n"]}")));
        Assert.NotEqual(calls[0].CallId, calls[1].CallId);
        Assert.Equal(ChatFinishReason.ToolCalls, updates[^1].FinishReason);
    }

    private static string Call(int index, string rest) =>
        $$$"""{{{Chunk}}}"delta":{"tool_calls":[{"index":{{{index}}},{{{rest}}}}]},"finish_reason":null}]}""" + "\n\n";

    private static string Event(string type, string? rest) =>
        $"event: {type}\ndata: {{\"type\":\"{type}\"{(rest is null ? "" : "," + rest.ReplaceLineEndings(" "))}}}\n\n";

    private static string[] Block(int index, string id, string tool, int n) =>
    [
        Event("content_block_start", $$$"""
            "index":{{{index}}},"content_block":{"type":"tool_use","id":"{{{id}}}","name":"{{{tool}}}","input":{}}
            """),
        Event("content_block_delta", $$$"""
            "index":{{{index}}},"delta":{"type":"input_json_delta","partial_json":"{\"n\":{{{n}}}}"}
            """),
        Event("content_block_stop", $"\"index\":{index}"),
    ];
}
