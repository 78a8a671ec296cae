using System.Text;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.AgentOs;
using Analemma.Abi.Syscalls;

namespace Analemma.Unit.Tests.Abi;

/// <summary>JSON that says half of a surrogate pair is refused before anybody looks at it.</summary>
public sealed class JsonSurrogatesTests
{
    [Theory]
    [InlineData("""{"a":"b"}""", -1)]
    [InlineData("""{"a":"\ud83d\ude00"}""", -1)]
    [InlineData("""{"a":"\uD83D\uDE00 \u0041"}""", -1)]
    [InlineData("""{"a":"\\ud800"}""", -1)]
    [InlineData("""{"a":"\\\ud800"}""", 8)]
    [InlineData("""{"a":"\ud800"}""", 6)]
    [InlineData("""{"a":"\ud800\ud800\udc00"}""", 6)]
    [InlineData("""{"a":"\udc00\ud800"}""", 6)]
    [InlineData("""{"a":"\ud800\n"}""", 6)]
    [InlineData("""{"a":"\ud83d\ude00\udfff"}""", 18)]
    [InlineData("""{"\ud800":1}""", 2)]
    [InlineData("""\ud80""", -1)]
    [InlineData("""\""", -1)]
    public void The_first_half_of_a_pair_is_found(string json, int at) =>
        Assert.Equal(at, JsonSurrogates.IndexOfLone(Encoding.UTF8.GetBytes(json)));

    /// <summary>Against the framework, which throws for exactly these when asked for the text.</summary>
    [Fact]
    public void It_is_what_the_framework_makes_no_text_of()
    {
        string[] parts = ["a", "\\ud800", "\\udbff", "\\udc00", "\\udfff", "\\ud7ff", "\\\\", "\\n", "\\u00e9"];
        Random random = new(7);
        for (var i = 0; i < 5_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => parts[random.Next(parts.Length)]));
            var json = Encoding.UTF8.GetBytes($"\"{text}\"");
            Assert.Equal(IsText(json), JsonSurrogates.IndexOfLone(json) < 0);
            Assert.True(IsText(JsonSerializer.SerializeToUtf8Bytes(JsonSurrogates.Parse(json))), text);
        }
    }

    [Theory]
    [InlineData("""{"a":{"b":[1,{"c":"x\ud800"}]}}""", "a.b[1].c: \\ud800 is half")]
    [InlineData("""{"a":1,"b":{"\udc00":1}}""", "the name of a field of b: \\udc00")]
    [InlineData("""{"a":1,"\udc00":1}""", "the name of a field: ")]
    [InlineData("""["\udc00"]""", "[0]: ")]
    [InlineData("\"\\udc00\"", "payload: ")]
    [InlineData("""{]"\udc00""", "payload: ")]
    public void The_refusal_names_the_place(string json, string begins)
    {
        var refusal = JsonSurrogates.Refusal(Encoding.UTF8.GetBytes(json))!;
        Assert.Equal(SysErrorCode.InvalidArgument, refusal.Code);
        Assert.StartsWith(begins, refusal.Message, StringComparison.Ordinal);
        Assert.NotNull(refusal.Hint);
    }

    [Theory]
    [InlineData(SyscallNumber.Send, """{"to":"x","body":{"a":"\ud800"}}""", "body.a")]
    [InlineData(SyscallNumber.Send, """{"to":"x","body":"\ud800"}""", "body")]
    [InlineData(SyscallNumber.Recv, """{"reply":{"in_reply_to":1,"body":["\ud800"]}}""", "reply.body[0]")]
    [InlineData(SyscallNumber.Think, """{"prompt":"x","response_schema":{"\ud800":1}}""", "response_schema")]
    [InlineData(SyscallNumber.Emit, """{"type":"x","data":"\ud800"}""", "data")]
    [InlineData(SyscallNumber.Store, """{"key":"k","value":"\ud800"}""", "value")]
    [InlineData(SyscallNumber.CallTool, """{"name":"t","arguments":{"\ud800":1}}""", "arguments")]
    [InlineData(SyscallNumber.Spawn, """{"argv":["true"],"env":{"A":"\ud800"}}""", "env.A")]
    public void A_request_that_has_it_is_refused(SyscallNumber number, string json, string place)
    {
        Assert.False(SyscallJson.TryRead((ushort)number, Encoding.UTF8.GetBytes(json), out _, out var error));
        Assert.Equal(SysErrorCode.InvalidArgument, error.Code);
        Assert.Contains(place, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SyscallNumber.Store, """{"key":"k","value":{"a":"\ud800"}}""")]
    [InlineData(SyscallNumber.Emit, """{"event":"x","data":{"\udc00":1}}""")]
    [InlineData(SyscallNumber.Send, """{"target_name":"x","message":"\ud800"}""")]
    public void So_it_is_in_the_AgentOs_framing(SyscallNumber number, string json) => Assert.Equal(
        SysErrorCode.InvalidArgument,
        AgentOsDecoder.Decode((byte)number, Encoding.UTF8.GetBytes(json)).Error!.Code);

    /// <summary>A prompt there may be plain text, in which a backslash is a backslash.</summary>
    [Fact]
    public void Plain_text_is_no_JSON() => Assert.Equal(
        """say \ud800""",
        Assert.IsType<Think>(
            AgentOsDecoder.Decode((byte)SyscallNumber.Think, """say \ud800"""u8).Syscall).Prompt);

    private static bool IsText(byte[] json)
    {
        try
        {
            return JsonElement.Parse(json).GetString() is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
