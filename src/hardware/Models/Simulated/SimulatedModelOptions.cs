namespace Analemma.Models.Simulated;

/// <summary>How the simulated model answers, and how fast.</summary>
public sealed record SimulatedModelOptions
{
    /// <summary>Together with the request it decides every answer.</summary>
    public ulong Seed { get; init; }

    /// <summary>Scripts, tried in order against the last message; the first that matches answers.</summary>
    public IReadOnlyList<SimulatedRule> Rules { get; init; } = [];

    /// <summary>Its window: a longer prompt fails as it would at a real provider.</summary>
    public int ContextTokensMax { get; init; } = 1_048_576;

    /// <summary>Whether <c>[[sim:503]]</c> and the like in a prompt cause the fault that they name.</summary>
    public bool HasMarkers { get; init; } = true;

    /// <summary>The machine it pretends to run on.</summary>
    public SimulatedEngineOptions Engine { get; init; } = new();

    internal IEnumerable<string> Problems()
    {
        if (ContextTokensMax <= 0)
        {
            yield return "ContextTokensMax: must be larger than zero";
        }

        foreach (var problem in Rules.SelectMany(rule => rule.Problems()).Concat(Engine.Problems()))
        {
            yield return problem;
        }
    }
}

/// <summary>
/// A model's machine in five numbers. The defaults are those published for Llama-2-7B on an A10G by the authors of the
/// Virtual Token Counter (Sheng et al., OSDI 2024, arXiv 2401.00588), fitted to the profile in their artifact.
/// </summary>
public sealed record SimulatedEngineOptions
{
    /// <summary>How many calls run at once; more wait, in order.</summary>
    public int Slots { get; init; } = 32;

    /// <summary>To read one token of the prompt.</summary>
    public double PrefillMsPerToken { get; init; } = 0.215;

    /// <summary>To write one token, whatever else runs.</summary>
    public double DecodeStepMs { get; init; } = 13.3;

    /// <summary>More of it for each call that runs.</summary>
    public double DecodeMsPerCall { get; init; } = 0.283;

    /// <summary>More of it for each token that the running calls have in their contexts.</summary>
    public double DecodeMsPerContextToken { get; init; } = 0.0025;

    /// <summary>2 is twice as fast; infinity does not wait at all.</summary>
    public double Speed { get; init; } = 1;

    internal IEnumerable<string> Problems()
    {
        if (Slots <= 0)
        {
            yield return "Engine.Slots: must be larger than zero";
        }

        if (!(Speed > 0))
        {
            yield return "Engine.Speed: must be larger than zero";
        }

        if (!(PrefillMsPerToken >= 0 && DecodeStepMs >= 0 && DecodeMsPerCall >= 0 && DecodeMsPerContextToken >= 0))
        {
            yield return "Engine: no time may be negative";
        }
    }
}
