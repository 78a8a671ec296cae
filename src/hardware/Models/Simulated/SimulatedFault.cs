using System.Globalization;
using System.Text.RegularExpressions;

namespace Analemma.Models.Simulated;

/// <summary>What can go wrong on request.</summary>
public enum SimulatedFaultKind
{
    /// <summary>429, with Retry-After.</summary>
    RateLimited,

    /// <summary>500.</summary>
    ServerError,

    /// <summary>503.</summary>
    Overloaded,

    /// <summary>Nothing comes any more, until a time-out.</summary>
    Stall,

    /// <summary>The connection ends within the answer.</summary>
    Cut,

    /// <summary>The model's text is not what was asked: broken JSON.</summary>
    Malformed,

    /// <summary>The model stops at half, as at a token limit.</summary>
    Truncated,
}

/// <summary>One fault. In a prompt: <c>[[sim:429 retry-after=7 times=2]]</c>, <c>[[sim:cut after=3]]</c>.</summary>
/// <param name="Kind">Which.</param>
public sealed partial record SimulatedFault(SimulatedFaultKind Kind)
{
    /// <summary>What a 429 asks for.</summary>
    public TimeSpan RetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How many pieces of a stream come before a stall or a cut.</summary>
    public int After { get; init; }

    /// <summary>How often it happens to the same request before that succeeds; null for always.</summary>
    public int? Times { get; init; }

    private static readonly Dictionary<string, SimulatedFaultKind> Words = new(StringComparer.Ordinal)
    {
        ["429"] = SimulatedFaultKind.RateLimited,
        ["500"] = SimulatedFaultKind.ServerError,
        ["503"] = SimulatedFaultKind.Overloaded,
        ["stall"] = SimulatedFaultKind.Stall,
        ["cut"] = SimulatedFaultKind.Cut,
        ["malformed"] = SimulatedFaultKind.Malformed,
        ["truncated"] = SimulatedFaultKind.Truncated,
    };

    /// <summary>The fault that a prompt asks for; null when it asks for none.</summary>
    internal static SimulatedFault? Find(string prompt)
    {
        var marker = Marker().Match(prompt);
        if (!marker.Success || !Words.TryGetValue(marker.Groups["word"].Value, out var kind))
        {
            return null;
        }

        var settings = marker.Groups["name"].Captures.Zip(marker.Groups["value"].Captures)
            .GroupBy(pair => pair.First.Value, pair => int.Parse(pair.Second.Value, CultureInfo.InvariantCulture))
            .ToDictionary(group => group.Key, group => group.Last(), StringComparer.Ordinal);
        return new SimulatedFault(kind)
        {
            RetryAfter = TimeSpan.FromSeconds(settings.GetValueOrDefault("retry-after", 1)),
            After = settings.GetValueOrDefault("after", 0),
            Times = settings.TryGetValue("times", out var times) ? times : null,
        };
    }

    [GeneratedRegex(
        @"\[\[sim:(?<word>[a-z0-9]+)(?: (?<name>retry-after|after|times)=(?<value>[0-9]{1,4})){0,3}\]\]",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Marker();
}
