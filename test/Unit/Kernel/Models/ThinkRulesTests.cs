using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Models;
using Analemma.Kernel.Policy;
using FsCheck;
using FsCheck.Fluent;

namespace Analemma.Unit.Tests.Kernel.Models;

public sealed class ThinkRulesTests
{
    [Fact]
    public void Every_problem_of_a_request_is_named_at_once()
    {
        var problem = SyscallRules.Check(new Think
        {
            Prompt = "hello",
            Messages = [new ChatMessage(ChatRole.Tool) { Content = "42" }, new ChatMessage(ChatRole.User)],
            Temperature = 2.5,
            MaxTokens = 0,
            Tools = [new ToolDefinition("no spaces"), new ToolDefinition("a"), new ToolDefinition("a")],
            ResponseSchema = JsonSerializer.SerializeToElement(1),
            ThinkingLevel = "deep",
            TimeoutMs = 0,
        });
        Assert.Equal(SysErrorCode.InvalidArgument, problem!.Code);
        foreach (var field in new[]
        {
            "exactly one of prompt and messages", "messages[0].tool_call_id", "messages[1] says nothing", "temperature",
            "max_tokens", "tools[0].name", "tools[2].name", "response_schema", "thinking_level",
        })
        {
            Assert.Contains(field, problem.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("image/png", "AAAA", null)]
    [InlineData("image/tiff", "AAAA", "mime_type")]
    [InlineData("image/png", "not base64!", "base64")]
    [InlineData("image/png", "", "base64")]
    public void An_image_is_of_a_known_type_and_in_base64(string type, string data, string? problem)
    {
        var error = SyscallRules.Check(new Think { Prompt = "what is it?", Images = [new ImagePart(type, data)] });
        Assert.Equal(problem is null, error is null);
        Assert.Contains(problem ?? "", error?.Message ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void A_whole_conversation_is_well_formed()
    {
        const string Json = """
            {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"2+2?"},
            {"role":"assistant","tool_calls":[{"id":"c1","name":"add","arguments":{"a":2,"b":2}}]},
            {"role":"tool","tool_call_id":"c1","content":"4"}],"model":"sim","temperature":0.5,"max_tokens":50,
            "tools":[{"name":"add","description":"Adds.","parameters":{"type":"object"}}],"thinking_level":"low",
            "response_schema":{"type":"object"},"budget":{"tokens":1000},"stream":true,"timeout_ms":5000}
            """;
        Assert.True(SyscallJson.TryRead(
            (ushort)SyscallNumber.Think, System.Text.Encoding.UTF8.GetBytes(Json), out var think, out var error),
            error?.Message);
        Assert.Null(SyscallRules.Check(think));
    }

    [Fact]
    public void An_estimate_is_never_below_the_bytes_and_likely_never_above_most() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), text =>
        {
            var estimate = TokenEstimate.Of(new Think { Prompt = text });
            return estimate.Most >= System.Text.Encoding.UTF8.GetByteCount(text ?? "")
                && estimate.Likely <= estimate.Most;
        }).QuickCheckThrowOnFailure();
}
