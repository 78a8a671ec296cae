using System.Text.RegularExpressions;

namespace Analemma.Models.Simulated;

/// <summary>One script: when the last message matches, this is the answer.</summary>
/// <param name="Pattern">A regular expression without back-references or look-around.</param>
/// <param name="Answer">What to answer.</param>
public sealed record SimulatedRule(string Pattern, SimulatedAnswer Answer)
{
    /// <summary>A prompt is hostile input; this engine is linear in its length.</summary>
    internal Regex Compile() =>
        new(Pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline);

    internal IEnumerable<string> Problems()
    {
        string? problem = null;
        try
        {
            Compile();
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            problem = $"Rules: the pattern \"{Pattern}\" is not one: {error.Message}";
        }

        return problem is null ? [] : [problem];
    }
}

/// <summary>What a script answers. In it <c>$1</c> and <c>${name}</c> are what the pattern's groups matched.</summary>
public abstract record SimulatedAnswer
{
    private SimulatedAnswer()
    {
    }

    /// <summary>This text.</summary>
    public sealed record Text(string Template) : SimulatedAnswer;

    /// <summary>A call of a tool with these JSON arguments; null makes some that fit the tool's schema.</summary>
    public sealed record ToolCall(string Tool, string? Arguments = null) : SimulatedAnswer;

    /// <summary>JSON that fits the request's response schema.</summary>
    public sealed record Json : SimulatedAnswer;

    /// <summary>What would be answered without this script, and this fault.</summary>
    public sealed record Fault(SimulatedFault What) : SimulatedAnswer;
}
