namespace Analemma.Models.Simulated;

/// <summary>What the simulated model says when no script says anything.</summary>
internal static class Vocabulary
{
    public const string Opening = "This is a simulated answer.";

    public static readonly string[] Words =
    [
        "river", "lantern", "orbit", "meadow", "signal", "harbor", "copper", "window", "thread", "garden", "bridge",
        "winter", "pencil", "market", "forest", "engine", "island", "mirror", "candle", "anchor", "valley", "ribbon",
    ];

    private static readonly string[] Sentences =
    [
        "The {0} stands beside the {1}.", "Every {0} needs a {1}.", "A {0} follows the {1} in time.",
        "One {0} and one {1} make the plan.", "The {0} is ready and the {1} is not.",
    ];

    /// <summary>Two to seven sentences.</summary>
    public static string Text(SimulatedRandom random)
    {
        var sentences = Enumerable.Range(0, 1 + random.Below(6)).Select(_ => string.Format(
            null, random.Pick(Sentences), random.Pick(Words), random.Pick(Words)));
        return string.Join(' ', sentences.Prepend(Opening));
    }
}
