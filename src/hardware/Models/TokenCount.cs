namespace Analemma.Models;

/// <summary>How many tokens a prompt has.</summary>
/// <param name="Tokens">The count.</param>
/// <param name="IsEstimated">Whether it is our estimate because the provider counts none.</param>
public sealed record TokenCount(long Tokens, bool IsEstimated);
