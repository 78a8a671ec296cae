using Microsoft.Extensions.AI;

namespace Analemma.Models;

/// <summary>What a call used, whichever provider answered.</summary>
/// <param name="InputTokens">Of the prompt, cached ones included.</param>
/// <param name="OutputTokens">Of the answer, reasoning included.</param>
/// <param name="CachedTokens">Those of the prompt that the provider had in its cache.</param>
/// <param name="IsEstimated">Whether a count is our estimate because the provider reported none.</param>
public sealed record ModelUsage(long InputTokens, long OutputTokens, long CachedTokens, bool IsEstimated)
{
    internal const string InputKey = "analemma.estimated_input_tokens";
    internal const string OutputKey = "analemma.estimated_output_tokens";

    /// <summary>More than any model reads or writes in one call: who says so is not believed.</summary>
    private const long TokensMax = 100_000_000;

    /// <summary>Of a whole answer from a client that <see cref="ModelDrivers"/> opened.</summary>
    public static ModelUsage Of(ChatResponse response) => Of(response.Usage ?? new UsageDetails());

    /// <summary>Of the <see cref="UsageContent"/> that ends every stream.</summary>
    public static ModelUsage Of(UsageDetails usage) => new(
        usage.InputTokenCount ?? 0,
        usage.OutputTokenCount ?? 0,
        usage.CachedInputTokenCount ?? 0,
        usage.AdditionalCounts is { } counts && (counts.ContainsKey(InputKey) || counts.ContainsKey(OutputKey)));

    /// <summary>Fills in what the provider left out, or said and cannot be, and marks it.</summary>
    internal static UsageDetails Complete(UsageDetails? reported, Func<long> input, Func<long> output)
    {
        var usage = reported ?? new UsageDetails();
        usage.InputTokenCount = Believed(usage.InputTokenCount);
        usage.OutputTokenCount = Believed(usage.OutputTokenCount);
        usage.CachedInputTokenCount = Believed(usage.CachedInputTokenCount);
        if (usage.InputTokenCount is null)
        {
            usage.InputTokenCount = input();
            (usage.AdditionalCounts ??= [])[InputKey] = usage.InputTokenCount.Value;
        }

        if (usage.OutputTokenCount is null)
        {
            usage.OutputTokenCount = output();
            (usage.AdditionalCounts ??= [])[OutputKey] = usage.OutputTokenCount.Value;
        }

        usage.TotalTokenCount ??= usage.InputTokenCount + usage.OutputTokenCount;
        return usage;
    }

    private static long? Believed(long? count) => count is >= 0 and <= TokensMax ? count : null;
}
