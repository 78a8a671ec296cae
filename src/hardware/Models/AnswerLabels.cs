namespace Analemma.Models;

/// <summary>What answers and their parts say of themselves, in their <c>AdditionalProperties</c>.</summary>
public static class AnswerLabels
{
    /// <summary>The provider's name in the configuration.</summary>
    public const string Provider = "analemma.provider";

    /// <summary>True where no model answered but the simulated one.</summary>
    public const string Simulated = "analemma.simulated";

    /// <summary>Of options for vectors: what they are for, of providers that make different ones.</summary>
    public const string TaskType = "analemma.task_type";

    /// <summary>On a tool call: what its model wants back with it, unread, when the conversation goes on.</summary>
    public const string CallSignature = "thoughtSignature";
}
