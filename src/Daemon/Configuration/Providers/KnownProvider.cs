using Analemma.Daemon.Configuration.Sections;
using Analemma.Kernel.Models;
using Analemma.Models;

namespace Analemma.Daemon.Configuration.Providers;

/// <summary>A provider that the kernel speaks to, and the variables where its key and address may be.</summary>
internal sealed record KnownProvider(string Name, ModelProviderKind Kind, Func<MachineOptions, ProviderSection> Section)
{
    /// <summary>Where its key may be; the first that is set counts.</summary>
    public required IReadOnlyList<string> KeyVariables { get; init; }

    public required string UrlVariable { get; init; }

    /// <summary>How the names of its models begin.</summary>
    public required IReadOnlyList<string> ModelPrefixes { get; init; }

    /// <summary>A server that speaks its protocol may want no key, so an address alone sets it up.</summary>
    public bool WorksWithoutKey { get; init; }

    public static IReadOnlyList<KnownProvider> All { get; } =
    [
        new("gemini", ModelProviderKind.Gemini, machine => machine.Gemini)
        {
            KeyVariables = ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
            UrlVariable = "GOOGLE_GEMINI_BASE_URL",
            ModelPrefixes = ["gemini-", "gemma-", "models/gemini-"],
        },
        new("openai", ModelProviderKind.OpenAi, machine => machine.Openai)
        {
            KeyVariables = ["OPENAI_API_KEY"],
            UrlVariable = "OPENAI_BASE_URL",
            ModelPrefixes = ["gpt-", "chatgpt-", "o1", "o3", "o4"],
            WorksWithoutKey = true,
        },
        new("anthropic", ModelProviderKind.Anthropic, machine => machine.Anthropic)
        {
            KeyVariables = ["ANTHROPIC_API_KEY"],
            UrlVariable = "ANTHROPIC_BASE_URL",
            ModelPrefixes = ["claude-"],
        },
    ];
}

/// <summary>
/// Sizes and list prices of the default models, as their providers publish them: https://ai.google.dev/gemini-api/docs,
/// https://developers.openai.com/docs/models, https://platform.claude.com/docs/en/about-claude/models/overview.
/// </summary>
internal static class KnownModels
{
    public const string Gemini = "gemini-3.8-flash";
    public const string OpenAi = "gpt-5.4-mini";
    public const string Anthropic = "claude-haiku-4-5";

    private static readonly Dictionary<string, ModelEntry> All = new[]
    {
        Model(Gemini, "gemini", (1_000_000, 65_536), (750_000, 3_750_000)),
        Model(OpenAi, "openai", (400_000, 128_000), (750_000, 4_500_000)),
        Model(Anthropic, "anthropic", (200_000, 64_000), (1_000_000, 5_000_000)),
    }.ToDictionary(model => model.Name, StringComparer.Ordinal);

    public static ModelEntry Entry(string name, string provider) =>
        All.TryGetValue(name, out var known) && known.Provider == provider ? known : new ModelEntry(name, provider);

    /// <summary>A price of zero that nobody stated is no price.</summary>
    public static bool HasPrice(string name) => All.ContainsKey(name);

    private static ModelEntry Model(
        string name, string provider, (long Context, long Output) tokens, (long Input, long Output) price) =>
        new(name, provider)
        {
            ContextTokens = tokens.Context,
            OutputTokensMax = tokens.Output,
            InputPrice = price.Input,
            OutputPrice = price.Output,
        };
}
