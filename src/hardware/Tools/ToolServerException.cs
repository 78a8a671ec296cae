namespace Analemma.Tools;

/// <summary>What is wrong with a server of tools.</summary>
public enum ToolServerFailure
{
    /// <summary>It could not be reached, or did not come up in time.</summary>
    NotUp,

    /// <summary>It ended, or its connection did.</summary>
    Ended,

    /// <summary>It sent what the protocol does not allow.</summary>
    Nonsense,

    /// <summary>It refused the call: by an error of the protocol, and not by a result.</summary>
    Refused,

    /// <summary>The result is larger than may be handed on.</summary>
    TooLarge,
}

/// <summary>
/// A server of tools misbehaved. The runner turns it into an event; the message is for whoever called, and holds no
/// secret.
/// </summary>
public sealed class ToolServerException(ToolServerFailure failure, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>What kind of misbehaviour.</summary>
    public ToolServerFailure Failure { get; } = failure;
}
