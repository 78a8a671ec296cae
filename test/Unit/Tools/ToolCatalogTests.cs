using System.Text.Json;
using Analemma.Abi;
using Analemma.Tools;
using ModelContextProtocol.Protocol;

namespace Analemma.Unit.Tests.Tools;

/// <summary>What a server says that cannot be told on does not get in, and what is hidden does not get out.</summary>
public sealed class ToolCatalogTests
{
    private static readonly ToolSessionOptions Options = new() { Hidden = ["canary-1f9a"] };

    [Theory]
    [InlineData("""{"type":"object","required":["\ud800"]}""")]
    [InlineData("""{"type":"object","properties":{"a\udc00":{}}}""")]
    public void A_schema_with_half_a_character_is_not_offered(string schema)
    {
        Tool tool = new() { Name = "t", InputSchema = JsonElement.Parse(schema) };
        Assert.Null(ToolCatalog.Take(tool, Options));

        var pair = JsonElement.Parse("""{"type":"object","title":"\ud83d\ude00"}""");
        Tool whole = new() { Name = "t", InputSchema = pair };
        Assert.NotNull(ToolCatalog.Take(whole, Options));
        whole.OutputSchema = JsonElement.Parse(schema);
        Assert.Null(ToolCatalog.Take(whole, Options)!.Result);
    }

    [Fact]
    public void A_result_hides_what_is_hidden_wherever_it_is()
    {
        var reply = ToolResults.Reply(
            new CallToolResult
            {
                Content =
                [
                    new ResourceLinkBlock { Uri = "u:canary-1f9a", Name = "n canary-1f9a", MimeType = "m/canary-1f9a" },
                    new EmbeddedResourceBlock
                    {
                        Resource = new TextResourceContents { Uri = "u", Text = "t", MimeType = "canary-1f9a" },
                    },
                ],
                StructuredContent = JsonElement.Parse("""{"half":"\ud800","key":"canary-1f9a"}"""),
            },
            Options);
        var written = JsonSerializer.Serialize(reply, AbiJsonContext.Default.CallToolReply);
        Assert.DoesNotContain("canary", written, StringComparison.Ordinal);
        Assert.Equal("\ufffd", reply.Structured!.Value.GetProperty("half").GetString());
    }

    [Fact]
    public void A_result_of_many_small_parts_is_as_large_as_it_is_to_hold()
    {
        CallToolResult many = new()
        {
            Content = [.. Enumerable.Repeat(new TextContentBlock { Text = "" }, 100_000)],
        };
        var refused = Assert.Throws<ToolServerException>(() => ToolResults.Reply(many, Options));
        Assert.Equal(ToolServerFailure.TooLarge, refused.Failure);

        CallToolResult named = new()
        {
            Content = [new ResourceLinkBlock { Uri = "u", Name = new string('n', 2 << 20) }],
        };
        Assert.Throws<ToolServerException>(() => ToolResults.Reply(named, Options));
    }

    [Fact]
    public void A_result_that_lies_too_deep_for_the_wire_is_refused()
    {
        var deep = JsonElement.Parse($"{string.Concat(Enumerable.Repeat("[", 40))}{new string(']', 40)}");
        var refused = Assert.Throws<ToolServerException>(
            () => ToolResults.Reply(new CallToolResult { StructuredContent = deep }, Options));
        Assert.Equal("its result is nested more than 31 levels deep", refused.Message);
    }

    [Fact]
    public void What_a_server_says_of_itself_is_cut()
    {
        Assert.Equal(1_001, ToolResults.Said(new string('x', 5_000), []).Length);
        Assert.Equal("[secret]!", ToolResults.Said("canary-1f9a!", Options.Hidden));
    }
}
