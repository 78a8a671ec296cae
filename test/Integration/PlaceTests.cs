namespace Analemma.Integration.Tests;

public sealed class PlaceTests
{
    [Fact]
    public void The_project_runs() => Assert.True(true);
}
