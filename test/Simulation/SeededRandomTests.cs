using Analemma.Simulator;

namespace Analemma.Simulation.Tests;

public sealed class SeededRandomTests
{
    [Fact]
    public void Gives_the_published_sequence_for_seed_zero()
    {
        var random = new SeededRandom(0);

        ulong[] published =
            [11091344671253066420, 13793997310169335082, 1900383378846508768, 7684712102626143532];
        Assert.Equal(published, Enumerable.Range(0, 4).Select(_ => random.NextBits()));
    }

    [Fact]
    public void Stays_within_bounds_and_reaches_them()
    {
        var random = new SeededRandom(5);

        var drawn = Enumerable.Range(0, 1_000).Select(_ => random.Between(-3, 3)).ToHashSet();

        Assert.Equal([-3, -2, -1, 0, 1, 2, 3], drawn.Order());
    }
}
