using Analemma.Sandbox.Living;

namespace Analemma.Unit.Tests.Sandbox;

public sealed class UidSlotsTests
{
    private const uint Base = 1_000_000;

    /// <summary>The range was changed, or the state is another kernel's: no reason not to start.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(Base - 1)]
    [InlineData(Base + 65_536)]
    [InlineData(uint.MaxValue)]
    public void Uids_outside_the_range_are_none_of_ours(uint uid)
    {
        UidSlots slots = new(Base, 65_536, "a");
        slots.Claim(uid);
        slots.Release(uid);
        Assert.Equal(Base, slots.Take());
    }

    [Fact]
    public void A_pair_that_is_claimed_is_not_given_until_it_is_released()
    {
        UidSlots slots = new(Base, 65_536, "a");
        slots.Claim(Base);
        Assert.Equal(Base + 2, slots.Take());
        slots.Release(Base);
        HashSet<uint> given = [.. Enumerable.Range(0, 32_767).Select(_ => slots.Take())];
        Assert.Contains(Base, given);
    }
}
