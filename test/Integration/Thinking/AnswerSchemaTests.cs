using System.Text;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Models;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Thinking;

/// <summary>Answers by a schema, of every provider: checked, repaired when wanted, else refused.</summary>
public sealed class AnswerSchemaTests
{
    private static readonly Think Wanted = new()
    {
        Prompt = "Which city?",
        ResponseSchema = JsonElement.Parse("""
            {"type":"object","properties":{"city":{"type":"string"},"people":{"type":"integer"}},
             "required":["city","people"],"additionalProperties":false}
            """),
    };

    [Theory]
    [InlineData("gemini")]
    [InlineData("openai")]
    [InlineData("anthropic")]
    public async Task A_wrong_answer_is_repaired_when_that_is_wanted(string provider)
    {
        await using var stage = await LoopbackProvider.StartAsync(
            provider,
            new Scene.Answers("""{"city":"Rome","people":"many"}"""),
            new Scene.Answers("```json\n", """{"city":"Rome","people":2800000}""", "\n```"));
        var reply = await stage.Kernel.Client.ThinkAsync(Wanted with { Repair = 1 }, Token);
        Assert.Equal("""{"city":"Rome","people":2800000}""", reply.Content);
        Assert.Equal((1, 2), (reply.Repairs, reply.Attempts));
        var last = stage.Server.Requests.Last();
        var asked = stage.Wire.Read(last);
        Assert.Contains("/people", asked.LastText, StringComparison.Ordinal);
        Assert.Contains("it must be integer", asked.LastText, StringComparison.Ordinal);
        Assert.Contains("many", Encoding.UTF8.GetString(last.Body), StringComparison.Ordinal);
        // Both attempts are in one bill.
        var host = (await stage.Kernel.Client.LlmAsync(null, Token)).Agents[0];
        Assert.Equal((1, reply.Usage), (host.Calls, host.Usage));
    }

    [Theory]
    [InlineData("gemini", """{"city":"Rome"}""", "", "required")]
    [InlineData("openai", """{"city":"Rome","people":1,"mayor":"?"}""", "", "additionalProperties")]
    [InlineData("anthropic", """{"city":5,"people":1}""", "/city", "type")]
    [InlineData("openai", "Rome, of course.", "", "json")]
    public async Task A_wrong_answer_is_refused_with_its_place(
        string provider, string answer, string pointer, string rule)
    {
        await using var stage = await LoopbackProvider.StartAsync(provider, new Scene.Answers(answer));
        var refused = await Assert.ThrowsAsync<SyscallException>(() => stage.Kernel.Client.ThinkAsync(Wanted, Token));
        Assert.Equal(SysErrorCode.AnswerInvalid, refused.Code);
        var flaw = Assert.Single(refused.Error.Flaws!);
        Assert.Equal((pointer, rule), (flaw.Pointer, flaw.Rule));
        Assert.NotNull(refused.Hint);
        Assert.Single(stage.Server.Requests);
    }

    [Fact]
    public async Task A_stream_is_checked_at_its_end()
    {
        await using var stage = await LoopbackProvider.StartAsync(
            "openai",
            new Scene.Answers("""{"city":""", "5}"),
            new Scene.Answers("""{"city":"Rome",""", "\"people\":1}"));
        StringBuilder text = new();
        async Task ReadAsync()
        {
            await foreach (var piece in stage.Kernel.Client.Think(Wanted).WithCancellation(Token))
            {
                text.Append(piece);
            }
        }

        var refused = await Assert.ThrowsAsync<SyscallException>(ReadAsync);
        Assert.Equal(SysErrorCode.AnswerInvalid, refused.Code);
        Assert.Equal("""{"city":5}""", text.ToString());
        text.Clear();
        await ReadAsync();
        Assert.Equal("""{"city":"Rome","people":1}""", text.ToString());
    }

    [Fact]
    public async Task An_agent_reads_what_was_wrong()
    {
        await using var stage = await LoopbackProvider.StartAsync("gemini", new Scene.Answers("""{"n": 12}"""));
        var agent = await stage.Kernel.SpawnPythonAsync(
            """
            import analemma
            schema = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 10}}}
            with analemma.Kernel() as kernel:
                try:
                    kernel.think("A number below ten.", schema=schema, repair=1)
                except analemma.AnswerInvalid as wrong:
                    print(wrong.details["flaws"])
            """);
        Assert.Equal(0, (await stage.Kernel.WaitAsync(agent)).Exit!.Code);
        Assert.Equal(
            "[{'pointer': '/n', 'rule': 'maximum', 'message': 'is 12; it must be at most 10'}]\n",
            await stage.Kernel.OutputAsync(agent));
        Assert.Equal(2, stage.Server.Requests.Count);
    }

    [Fact]
    public async Task A_schema_that_Anthropic_has_no_mode_for_is_put_in_words()
    {
        await using var stage = await LoopbackProvider.StartAsync("anthropic", new Scene.Answers("[1, 2]"));
        var schema = JsonElement.Parse("""{"type":"array","items":{"type":"number"}}""");
        var think = Wanted with { ResponseSchema = schema };
        Assert.Equal("[1, 2]", (await stage.Kernel.Client.ThinkAsync(think, Token)).Content);
        Assert.Contains(
            "JSON Schema", stage.Wire.Read(Assert.Single(stage.Server.Requests)).System, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_schema_is_told_by_field_and_keyword_before_anybody_is_asked()
    {
        await using var stage = await LoopbackProvider.StartAsync("openai", new Scene.Answers("{}"));
        var schema = JsonElement.Parse("""{"properties":{"a":{"type":"text"}},"$ref":"https://a.example/"}""");
        var refused = await Assert.ThrowsAsync<SyscallException>(
            () => stage.Kernel.Client.ThinkAsync(Wanted with { ResponseSchema = schema }, Token));
        Assert.Equal(SysErrorCode.InvalidArgument, refused.Code);
        Assert.Contains("response_schema/properties/a/type", refused.Message, StringComparison.Ordinal);
        Assert.Contains("response_schema/$ref", refused.Message, StringComparison.Ordinal);
        Assert.Empty(stage.Server.Requests);
        Assert.Equal("{}", (await stage.Kernel.Client.ThinkAsync(new Think { Prompt = "Hello?" }, Token)).Content);
    }
}
