using Analemma.Workflow.Jsonata;

namespace Analemma.Unit.Tests.Workflow.Jsonata;

/// <summary>Time stands still, and chance is a sequence from a seed.</summary>
internal sealed class FixedHost(int seed = 1) : IJsonataHost
{
    public const long Now = 1_795_687_200_000;

    private readonly Random _random = new(seed);

    public long NowMillis => Now;

    public double NextRandom() => _random.NextDouble();

    public string NextUuid() => new Guid(_random.Next(), 0, 0x4000, 0x80, 0, 0, 0, 0, 0, 0, 1).ToString();
}
