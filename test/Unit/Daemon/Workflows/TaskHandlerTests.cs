using Analemma.Abi.Syscalls;
using Analemma.Daemon.Workflows.Tasks;
using Analemma.Daemon.Workflows.Tasks.Own;
using Analemma.Workflow.Definitions;
using Analemma.Workflow.Json;

namespace Analemma.Unit.Tests.Daemon.Workflows;

public sealed class TaskHandlerTests
{
    /// <summary>What a definition may name of the kernel's own is what one handler does.</summary>
    [Theory]
    [InlineData("think")]
    [InlineData("agent")]
    [InlineData("agent.sync")]
    [InlineData("send")]
    [InlineData("send.waitForTaskToken")]
    [InlineData("approve.waitForTaskToken")]
    [InlineData("http")]
    [InlineData("tool")]
    public void Each_resource_of_the_kernel_is_known_and_taken_once(string action)
    {
        var arn = $"arn:aws:states:::analemma:{action}";
        var reading = DefinitionReader.Read(
            $$"""{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"{{arn}}","End":true} } }""", false);
        Assert.NotNull(reading.Machine);
        ITaskHandler[] handlers =
            [new AgentHandler(null!), new HttpTaskHandler(null!, null!), new KernelHandler(null!)];

        Assert.Single(handlers, each => each.Takes(TaskResource.TryParse(arn)!));
    }

    [Theory]
    [InlineData("INDICES", "a%5B0%5D=x&a%5B1%5D=y%20z&b%5Bc%5D=1")]
    [InlineData("BRACKETS", "a%5B%5D=x&a%5B%5D=y%20z&b%5Bc%5D=1")]
    [InlineData("REPEAT", "a=x&a=y%20z&b%5Bc%5D=1")]
    [InlineData("COMMAS", "a=x%2Cy%20z&b%5Bc%5D=1")]
    [InlineData("NONE", "b%5Bc%5D=1")]
    public void A_form_has_its_lists_as_it_is_told(string lists, string text) => Assert.Equal(
        text, FormText.Of(JsonValue.Parse("""{"a":["x","y z"],"b":{"c":1}}"""u8).AsObject(), lists));

    // Sums that clients of the service check: of amazon's own SDK, for one attribute that is text.
    [Fact]
    public void The_sum_of_attributes_counts_lengths_and_kinds() => Assert.Equal(
        Expected(), ServiceAnswers.Md5OfAttributes(JsonValue.Parse(
            """{"b":{"DataType":"Binary","BinaryValue":"AQI="},"a":{"DataType":"String","StringValue":"v"}}"""u8)
            .AsObject()));

    private static string Expected()
    {
        byte[] all =
        [
            0, 0, 0, 1, (byte)'a', 0, 0, 0, 6, .. "String"u8, 1, 0, 0, 0, 1, (byte)'v',
            0, 0, 0, 1, (byte)'b', 0, 0, 0, 6, .. "Binary"u8, 2, 0, 0, 0, 2, 1, 2,
        ];
        return ServiceAnswers.Md5(all);
    }

    // TestState, Using TRACE inspectionLevel: an HTTP task tells its request and the response.
    [Fact]
    public void A_request_is_told_as_it_was_asked_for_and_answered()
    {
        Analemma.Abi.Syscalls.Http asked = new()
        {
            Url = "https://a.example/x",
            Method = "POST",
            Headers = new Dictionary<string, string> { ["A"] = "1", ["B"] = "2" },
            Body = "{}",
        };
        HttpReply reply = new(404, [new HttpHeader("c", "3")]);
        Assert.Equal(
            """
            {"request":{"protocol":"https","method":"POST","url":"https://a.example/x","headers":"[A: 1, B: 2]",
            "body":"{}"},"response":{"protocol":"https","statusCode":"404","statusMessage":"NotFound",
            "headers":"[c: 3]","body":"no"}}
            """.ReplaceLineEndings(""),
            JsonValue.From(HttpTrace.Of(asked, reply, "no"u8.ToArray())).ToString());
        Assert.True(JsonValue.From(HttpTrace.Of(asked, null, []))["response"].IsUndefined);
    }
}
