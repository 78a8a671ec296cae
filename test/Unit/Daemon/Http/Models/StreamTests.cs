using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Http.Models;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Daemon.Http.Models;

/// <summary>A streamed answer says what a whole one does, however it is cut.</summary>
public sealed class StreamTests
{
    private static readonly string[] Apis = ["chat", "responses", "messages", "generate", "list"];

    private static readonly ThinkReply Reply = new("", "m", 5)
    {
        FinishReason = "stop",
        Usage = new ModelUsage { InputTokens = 3, OutputTokens = 2 },
    };

    private static readonly ThinkReply Calls = Reply with
    {
        FinishReason = "tool_calls",
        ToolCalls =
        [
            new ToolCall("c1", "one") { Arguments = JsonElement.Parse("""{"a":[1,"x\n"]}"""), Signature = "s" },
            new ToolCall("c2", "two"),
        ],
    };

    [Fact]
    public void Whatever_the_pieces_their_text_is_the_text() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonNull<string>[]>(),
        pieces =>
        {
            // What is no Unicode cannot come: pieces are whole characters in UTF-8.
            string[] texts =
                [.. pieces.Select(piece => string.Concat(piece.Get.Where(c => !char.IsSurrogate(c))) + "é海🌊")];
            return Apis.All(api =>
            {
                var events = Wire.Events(api, Wire.Stream(api, texts, Reply));
                return string.Concat(events.Select(one => Wire.TextOf(api, one))) == string.Concat(texts);
            });
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("chat", "tool_calls")]
    [InlineData("responses", "function_call")]
    [InlineData("messages", "tool_use")]
    [InlineData("generate", "functionCall")]
    [InlineData("list", "functionCall")]
    public void Tool_calls_come_at_its_end_with_all_that_they_have(string api, string word)
    {
        var stream = Wire.Stream(api, ["Let me see."], Calls);
        Assert.Contains(word, stream, StringComparison.Ordinal);
        Assert.Contains("one", stream, StringComparison.Ordinal);
        Assert.Contains("two", stream, StringComparison.Ordinal);
        // The arguments are text within JSON, or JSON themselves.
        Assert.True(
            stream.Contains("""{\"a\":[1,\"x\\n\"]}""", StringComparison.Ordinal)
            || stream.Contains("""{"a":[1,"x\n"]}""", StringComparison.Ordinal));
        Assert.NotEmpty(Wire.Events(api, stream));
    }

    [Theory]
    [InlineData("chat")]
    [InlineData("responses")]
    [InlineData("messages")]
    [InlineData("generate")]
    [InlineData("list")]
    public void One_that_breaks_says_why_as_its_last_event(string api)
    {
        var error = new SysError(SysErrorCode.ModelFailed, "the stream broke");
        var stream = Wire.Stream(api, ["So"], null, new WireRefusal(error, 502, null, "r"));
        var last = Wire.Events(api, stream)[^1].GetRawText();
        Assert.Contains("model_failed", last, StringComparison.Ordinal);
        Assert.Contains("the stream broke", last, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", stream, StringComparison.Ordinal);
    }

    [Fact]
    public void Events_of_responses_are_numbered_and_their_last_has_the_whole()
    {
        var events = Wire.Events("responses", Wire.Stream("responses", ["a", "b"], Calls));
        Assert.Equal(
            Enumerable.Range(0, events.Count), events.Select(one => one.GetProperty("sequence_number").GetInt32()));
        var response = events[^1].GetProperty("response");
        Assert.Equal("completed", response.GetProperty("status").GetString());
        Assert.Equal(3, response.GetProperty("output").GetArrayLength());
        Assert.Equal("ab", response.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Fact]
    public void Blocks_of_messages_are_opened_and_closed_one_after_the_other()
    {
        var events = Wire.Events("messages", Wire.Stream("messages", ["a", "b"], Calls));
        var shape = events.Select(one => one.GetProperty("type").GetString() switch
        {
            "content_block_start" => $"({one.GetProperty("index")}",
            "content_block_delta" => $".{one.GetProperty("index")}",
            "content_block_stop" => $"{one.GetProperty("index")})",
            _ => "",
        });
        Assert.Equal("(0.0.00)(1.11)(2.22)", string.Concat(shape));
    }
}
