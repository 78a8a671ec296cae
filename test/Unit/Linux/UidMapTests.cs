using Analemma.Linux;

namespace Analemma.Unit.Tests.Linux;

public sealed class UidMapTests
{
    [Theory]
    [InlineData("         0       4242          1\n", 0, 4242)]
    [InlineData("         0       4242          1\n", 65534, 65534)]
    [InlineData("         0          0 4294967295\n", 1000, 1000)]
    [InlineData("0 1000 1\n1 100000 65536\n", 5, 100004)]
    [InlineData("0 1000 1\n1 100000 65536\n", 65537, 65537)]
    [InlineData("", 7, 7)]
    public void A_uid_inside_is_told_as_the_host_knows_it(string map, uint inside, uint outside) =>
        Assert.Equal(outside, UidMap.Read(map).Outside(inside));
}
