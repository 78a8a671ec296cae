namespace Analemma.Models;

/// <summary>What every answer and every update says of itself, in its <c>AdditionalProperties</c>.</summary>
public static class AnswerLabels
{
    /// <summary>The provider's name in the configuration.</summary>
    public const string Provider = "analemma.provider";

    /// <summary>True where no model answered but the simulated one.</summary>
    public const string Simulated = "analemma.simulated";
}
