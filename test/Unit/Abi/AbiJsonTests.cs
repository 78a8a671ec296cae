using System.Text;
using Analemma.Abi;

namespace Analemma.Unit.Tests.Abi;

/// <summary>What a client is told that sent the wrong JSON.</summary>
public sealed class AbiJsonTests
{
    [Theory]
    [InlineData("[]", "payload: expected an object")]
    [InlineData("""{"name":5}""", "name: expected text")]
    [InlineData("""{"network":"no"}""", "network: expected true, false or a list of rules")]
    [InlineData("""{"argv":"true"}""", "argv: expected a list, each text")]
    [InlineData("""{"argv":["a",2]}""", "argv[1]: expected text")]
    [InlineData("""{"env":{"A":1}}""", "env.A: expected text")]
    [InlineData("""{"limits":7}""", "limits: expected an object")]
    [InlineData("""{"limits":{"memory":"much"}}""", "limits.memory: expected a whole number of 64 bits")]
    [InlineData("""{"limits":{"max_pids":1.5}}""", "limits.max_pids: expected a whole number of 32 bits")]
    [InlineData("""{"mounts":[{"source":1}]}""", "mounts[0].source: expected text")]
    [InlineData("null", "the payload is null; expected a JSON object")]
    public void A_wrong_field_is_named_with_what_it_takes(string json, string expected)
    {
        Assert.False(
            AbiJson.TryRead(Encoding.UTF8.GetBytes(json), AbiJsonContext.Default.Spawn, out _, out var error));

        Assert.Equal(SysErrorCode.InvalidArgument, error.Code);
        Assert.Equal(expected, error.Message);
    }

    [Theory]
    [InlineData("""{"limits":{"memroy":1}}""", "limits: there is no field \"memroy\"; did you mean memory?")]
    [InlineData(
        """{"network":[{"host":"a"},{"host":"b","path":["/"]}]}""",
        "network: [1]: there is no field \"path\"; did you mean paths?")]
    [InlineData("""{"permissions":{"fly":[]}}""", "permissions: there is no field \"fly\"")]
    [InlineData(
        """{"models":{"budget":{"token":1}}}""", "models.budget: there is no field \"token\"; did you mean tokens?")]
    [InlineData("""{"mounts":[{"source":"/a","read_only":true}]}""", "mounts[0]: there is no field \"read_only\"")]
    public void A_grant_or_limit_that_is_not_known_is_refused(string json, string expected)
    {
        Assert.False(SyscallJson.TryRead(
            (ushort)SyscallNumber.Spawn, Encoding.UTF8.GetBytes(json), out _, out var error));

        Assert.Equal(expected, error!.Message);
    }

    [Theory]
    [InlineData(SyscallNumber.Send, """{"to":"a","priority":"urgent"}""", "priority: expected low, normal or high")]
    [InlineData(SyscallNumber.Send, """{"to":"a","from":7}""", "from: who sends is the kernel's to say")]
    [InlineData(SyscallNumber.Send, """{"from_name":"boss","to":"a"}""", "from_name: who sends is the kernel's to say")]
    [InlineData(SyscallNumber.Broadcast, """{"from":{"id":7}}""", "from: who sends is the kernel's to say")]
    public void A_message_is_told_what_it_may_not_say(SyscallNumber number, string json, string expected)
    {
        Assert.False(SyscallJson.TryRead((ushort)number, Encoding.UTF8.GetBytes(json), out _, out var error));

        Assert.Equal((SysErrorCode.InvalidArgument, expected), (error!.Code, error.Message));
    }

    [Fact]
    public void Any_other_field_that_is_not_known_is_skipped_and_so_are_all_in_answers()
    {
        Assert.True(SyscallJson.TryRead(
            (ushort)SyscallNumber.Spawn, """{"argv":["a"],"of_the_future":1}"""u8, out _, out _));
        Assert.True(AbiJson.TryRead(
            """{"id":1,"name":"a","state":"running","limits":{"of_the_future":1}}"""u8,
            AbiJsonContext.Default.ProcessView, out _, out _));
    }
}
