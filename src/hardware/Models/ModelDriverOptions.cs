using Analemma.Models.Simulated;

namespace Analemma.Models;

/// <summary>Which protocol a provider speaks.</summary>
public enum ModelProviderKind
{
    /// <summary>The simulated model; needs nothing.</summary>
    Sim,

    /// <summary>Gemini's REST API, v1beta.</summary>
    Gemini,

    /// <summary>OpenAI's chat completions, and every server that speaks them.</summary>
    OpenAi,

    /// <summary>Anthropic's messages.</summary>
    Anthropic,
}

/// <summary>How long to wait for a provider at each step of a call.</summary>
public sealed record ModelTimeouts
{
    /// <summary>For the connection, TLS included.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For the answer to begin. A model that does not stream answers only when it is done.</summary>
    public TimeSpan FirstByte { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>For the next part of an answer that began.</summary>
    public TimeSpan BetweenChunks { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>One model provider, as configured.</summary>
public sealed record ModelDriverOptions
{
    /// <summary>What the configuration and every error call it.</summary>
    public required string Name { get; init; }

    /// <summary>Which protocol it speaks.</summary>
    public required ModelProviderKind Kind { get; init; }

    /// <summary>Where it is; null for the provider's own address.</summary>
    public Uri? BaseUrl { get; init; }

    /// <summary>Its key. At the provider's own address a call without one fails; elsewhere it is optional.</summary>
    public ApiKey? Key { get; init; }

    /// <summary>For calls that name no model.</summary>
    public string? DefaultModel { get; init; }

    /// <summary>How long to wait.</summary>
    public ModelTimeouts Timeouts { get; init; } = new();

    /// <summary>The largest image that is sent. 5 MB is the least of what the providers document.</summary>
    public int ImageBytesMax { get; init; } = 5_000_000;

    /// <summary>For calls that set no limit, where the provider demands one (Anthropic, simulated).</summary>
    public int OutputTokensDefault { get; init; } = 4096;

    /// <summary>How the simulated model behaves.</summary>
    public SimulatedModelOptions Simulated { get; init; } = new();

    /// <summary>Every mistake in these options, each with the property that has it.</summary>
    public IEnumerable<string> Problems()
    {
        if (string.IsNullOrWhiteSpace(Name))
        {
            yield return "Name: is empty";
        }

        if (BaseUrl is { } url && !IsPlain(url))
        {
            yield return $"{Name}.BaseUrl: must be an absolute http or https URL without user, query or fragment";
        }

        if (Kind == ModelProviderKind.Sim && BaseUrl is not null)
        {
            yield return $"{Name}.BaseUrl: the simulated model is not on a network";
        }

        if (Timeouts.Connect <= TimeSpan.Zero || Timeouts.FirstByte <= TimeSpan.Zero
            || Timeouts.BetweenChunks <= TimeSpan.Zero)
        {
            yield return $"{Name}.Timeouts: each must be longer than zero";
        }

        if (ImageBytesMax <= 0 || OutputTokensDefault <= 0)
        {
            yield return $"{Name}: ImageBytesMax and OutputTokensDefault must be larger than zero";
        }

        foreach (var problem in Simulated.Problems())
        {
            yield return $"{Name}.Simulated.{problem}";
        }
    }

    private static bool IsPlain(Uri url) =>
        url.IsAbsoluteUri && (url.Scheme is "http" or "https")
        && url.UserInfo.Length + url.Query.Length + url.Fragment.Length == 0;
}
