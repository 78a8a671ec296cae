using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Http;
using Analemma.Daemon.Http.Models;

namespace Analemma.Unit.Tests.Daemon.Http.Models;

/// <summary>Whole answers, and refusals, in each API's words.</summary>
public sealed class AnswerTests
{
    private static readonly ThinkReply Reply = new("Hi \"there\" 🌊", "m", 5)
    {
        FinishReason = "length",
        Usage = new ModelUsage { InputTokens = 3, OutputTokens = 2 },
    };

    [Theory]
    [InlineData("chat", "choices[0].finish_reason", "length")]
    [InlineData("chat", "choices[0].message.content", "Hi \"there\" 🌊")]
    [InlineData("chat", "usage.total_tokens", "5")]
    [InlineData("responses", "status", "incomplete")]
    [InlineData("responses", "incomplete_details.reason", "max_output_tokens")]
    [InlineData("responses", "output[0].content[0].text", "Hi \"there\" 🌊")]
    [InlineData("messages", "stop_reason", "max_tokens")]
    [InlineData("messages", "content[0].text", "Hi \"there\" 🌊")]
    [InlineData("messages", "usage.input_tokens", "3")]
    [InlineData("generate", "candidates[0].finishReason", "MAX_TOKENS")]
    [InlineData("generate", "candidates[0].content.parts[0].text", "Hi \"there\" 🌊")]
    [InlineData("generate", "usageMetadata.totalTokenCount", "5")]
    public void A_whole_answer_has_it_where_its_clients_look(string api, string path, string value) =>
        Assert.Equal(value, At(Wire.Answer(api, Reply), path));

    [Theory]
    [InlineData("chat", "error.code", "budget_exhausted")]
    [InlineData("chat", "error.type", "insufficient_quota")]
    [InlineData("chat", "error.param", "messages")]
    [InlineData("messages", "error.type", "billing_error")]
    [InlineData("messages", "error.code", "budget_exhausted")]
    [InlineData("messages", "request_id", "r")]
    [InlineData("generate", "error.status", "RESOURCE_EXHAUSTED")]
    [InlineData("generate", "error.details[0].reason", "budget_exhausted")]
    [InlineData("generate", "error.details[0].metadata.field", "messages")]
    public void A_refusal_has_the_APIs_type_and_our_code(string api, string path, string value)
    {
        var error = new SysError(SysErrorCode.BudgetExhausted, "no more", "ask for less");
        var refusal = new WireRefusal(error, HttpStatus.Of(error.Code), "messages", "r");
        Assert.Equal(value, At(Wire.Error(api, refusal), path));
        Assert.Contains("no more (ask for less)", Wire.Error(api, refusal).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_code_has_a_status_and_only_what_passes_by_waiting_is_429()
    {
        foreach (var code in Enum.GetValues<SysErrorCode>())
        {
            Assert.InRange(HttpStatus.Of(code), 200, 599);
        }

        Assert.Equal(429, HttpStatus.Of(SysErrorCode.TryAgain));
        Assert.Equal(402, HttpStatus.Of(SysErrorCode.BudgetExhausted));
        Assert.Equal("2", HttpStatus.RetryAfter(new SysError(SysErrorCode.TryAgain, "") { RetryAfterMs = 1001 }));
        Assert.Null(HttpStatus.RetryAfter(new SysError(SysErrorCode.TryAgain, "")));
    }

    private static string At(JsonElement json, string path)
    {
        foreach (var name in path.Replace("[", ".[", StringComparison.Ordinal).Split('.'))
        {
            json = name.StartsWith('[') ? json[name[1] - '0'] : json.GetProperty(name);
        }

        return json.ToString();
    }
}
