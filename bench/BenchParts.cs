namespace Analemma.Bench;

/// <summary>Which parts of a case are measured: all, or those that <c>--parts=NAME,...</c> names.</summary>
internal sealed class BenchParts
{
    private const string Option = "--parts=";

    private readonly string[]? _chosen;

    /// <summary>All, where no option names any.</summary>
    public BenchParts(IEnumerable<string> options) =>
        _chosen = options.LastOrDefault(IsOption)?[Option.Length..].Split(',');

    public static bool IsOption(string option) => option.StartsWith(Option, StringComparison.Ordinal);

    /// <summary>Refuses what the case does not have.</summary>
    public BenchParts Of(params string[] known) => _chosen?.Except(known).FirstOrDefault() is { } unknown
        ? throw new BenchException($"there is no part '{unknown}': {string.Join(", ", known)}")
        : this;

    public bool Has(string part) => _chosen?.Contains(part) != false;
}
