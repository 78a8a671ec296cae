namespace Analemma.Daemon.Configuration.Sections;

/// <summary>The <c>[pool]</c> section of the machine file: sandboxes made before anybody asks for them.</summary>
internal sealed record PoolSection
{
    private const int SlotsMax = 256;

    [Setting("Created containers that wait to be started; 0 for none.")]
    public int Created { get; init; } = 4;

    [Setting("Sandboxes that wait with a Python already loaded; 0 for none.")]
    public int Preloaded { get; init; } = 4;

    public IEnumerable<string> Problems()
    {
        if (Created is < 0 or > SlotsMax)
        {
            yield return $"pool.created is {Created}; it must be 0 to {SlotsMax}";
        }

        if (Preloaded is < 0 or > SlotsMax)
        {
            yield return $"pool.preloaded is {Preloaded}; it must be 0 to {SlotsMax}";
        }
    }
}
