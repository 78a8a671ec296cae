namespace Analemma.Models.Simulated;

/// <summary>
/// Vectors that mean no more than which words a text has: each word points in a direction of its own, and a text in the
/// sum of its words' (feature hashing: Weinberger et al., ICML 2009). So texts with the same words are near, the same
/// text always has the same vector, and no two runs differ.
/// </summary>
internal static class SimulatedVectors
{
    public const int DimensionsDefault = 256;

    public const int DimensionsMax = 4_096;

    public static float[] Of(string text, int dimensions, ulong seed)
    {
        var vector = new float[dimensions];
        foreach (var word in Words(text))
        {
            var random = SimulatedRandom.For(seed, word);
            for (var i = 0; i < dimensions; i++)
            {
                vector[i] += random.Below(2) == 0 ? -1 : 1;
            }
        }

        var length = MathF.Sqrt(vector.Sum(number => number * number));
        for (var i = 0; i < dimensions; i++)
        {
            vector[i] /= length;
        }

        return vector;
    }

    // A text without a word is a word itself.
    private static List<string> Words(string text)
    {
        List<string> words = [];
        var start = -1;
        for (var at = 0; at <= text.Length; at++)
        {
            var isInside = at < text.Length && char.IsLetterOrDigit(text[at]);
            if (isInside && start < 0)
            {
                start = at;
            }
            else if (!isInside && start >= 0)
            {
                words.Add(text[start..at].ToLowerInvariant());
                start = -1;
            }
        }

        if (words.Count == 0)
        {
            words.Add(text);
        }

        return words;
    }
}
