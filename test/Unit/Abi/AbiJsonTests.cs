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
}
