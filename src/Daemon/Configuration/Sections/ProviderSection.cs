using Analemma.Kernel;

namespace Analemma.Daemon.Configuration.Sections;

/// <summary>The sections <c>[gemini]</c>, <c>[openai]</c> and <c>[anthropic]</c> of the machine file.</summary>
internal sealed record ProviderSection
{
    [Setting("Where the provider, or a server that speaks as it does, is.",
        DefaultText = "the provider's own variable, such as $OPENAI_BASE_URL, else its own address")]
    public string BaseUrl { get; init; } = "";

    [Setting("The secret that is its key: `secret:NAME`, as set by `analemma secret set NAME`.",
        DefaultText = "the provider's own variable, such as $OPENAI_API_KEY")]
    public string Key { get; init; } = "";

    [Setting("The models that may be asked, by the provider's names; the first is its default.")]
    public string Models { get; init; } = "";

    [Setting("Calls in flight at once.")]
    public int Slots { get; init; } = 16;

    [Setting("Requests a minute; 0 for no limit.")]
    public long RequestsPerMinute { get; init; }

    [Setting("Tokens a minute, read and written together; 0 for no limit.")]
    public long TokensPerMinute { get; init; }

    public IEnumerable<string> Problems(string section) =>
        ProviderRanges.Problems(section, Slots, RequestsPerMinute, TokensPerMinute);
}

/// <summary>The <c>[sim]</c> section: the embedded simulated model, which is always there.</summary>
internal sealed record SimSection
{
    private const double SpeedMax = 1_000_000;

    [Setting("Calls in flight at once.")]
    public int Slots { get; init; } = 16;

    [Setting("Requests a minute; 0 for no limit.")]
    public long RequestsPerMinute { get; init; }

    [Setting("Tokens a minute, read and written together; 0 for no limit.")]
    public long TokensPerMinute { get; init; }

    [Setting("How many times as fast as the machine that it simulates (a 7B model on one accelerator); 0 for at once.")]
    public double Speed { get; init; } = 1;

    [Setting("Whether it answers under every name that no provider has, so that programs that name their models run "
        + "without a key; every answer says that it is simulated.")]
    public bool AnyModel { get; init; }

    [Setting("Together with the request it decides every answer.")]
    public long Seed { get; init; }

    public IEnumerable<string> Problems() =>
    [
        .. ProviderRanges.Problems("sim", Slots, RequestsPerMinute, TokensPerMinute),
        .. Speed is >= 0 and <= SpeedMax
            ? Array.Empty<string>() : [$"sim.speed is {Speed}; it must be 0 to {SpeedMax}"],
        .. Seed >= 0 ? Array.Empty<string>() : [$"sim.seed is {Seed}; it must not be negative"],
    ];
}

internal static class ProviderRanges
{
    private const long PerMinuteMax = Kernel.Models.TokenBucket.PerMinuteMax;

    public static IEnumerable<string> Problems(string section, int slots, long requests, long tokens) =>
        new[]
        {
            Range($"{section}.slots", slots, 1, Limits.ModelSlotsMax),
            Range($"{section}.requests_per_minute", requests, 0, PerMinuteMax),
            Range($"{section}.tokens_per_minute", tokens, 0, PerMinuteMax),
        }.OfType<string>();

    private static string? Range(string key, long value, long least, long most) =>
        value >= least && value <= most ? null : $"{key} is {value}; it must be {least} to {most}";
}
