namespace Analemma.Abi.Syscalls;

/// <summary>
/// For the environment of a function: tells how the event ended that it had, and waits for the next. One call does
/// both, so that an invocation is one exchange. Refused with <c>wrong_state</c> when the caller is no environment of a
/// function, or has no such event (it was too late).
/// </summary>
public sealed record FunctionNext : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.FunctionNext;

    /// <summary>How the event ended; absent when there was none.</summary>
    public FunctionAnswer? Answer { get; init; }

    /// <summary>Default true. False answers at once, without an event.</summary>
    public bool? Wait { get; init; }

    /// <summary>
    /// True from an environment that may be given further events while it has one: it takes them one after the other,
    /// in the order in which they came, and tells how each ended before it begins the next. It may have several such
    /// calls under way, and is given as many events as those.
    /// </summary>
    public bool? Ahead { get; init; }

    /// <summary>
    /// True waits until the kernel wants events back that the environment has not begun: it then returns each of them.
    /// </summary>
    public bool? Recall { get; init; }
}

/// <summary>How an event ended: with a result, or with an error.</summary>
public sealed record FunctionAnswer
{
    /// <summary>Of the event; absent when the environment could not be made ready for any.</summary>
    public string? RequestId { get; init; }

    /// <summary>What the handler returned: JSON, as text.</summary>
    public string? Result { get; init; }

    /// <summary>
    /// The same as JSON itself, in place of <c>result</c>: cheaper, and not as deep as that may be (a request is at
    /// most 32 deep in all).
    /// </summary>
    public MailBody? Value { get; init; }

    /// <summary>True when the event was not begun, and somebody else is to have it.</summary>
    public bool? Returned { get; init; }

    /// <summary>The error's name, such as <c>ValueError</c>.</summary>
    public string? ErrorType { get; init; }

    /// <summary>With an error: JSON, as text, with <c>errorType</c>, <c>errorMessage</c> and a trace.</summary>
    public string? Error { get; init; }
}

/// <summary>The next event; without members when none was wanted.</summary>
public sealed record FunctionNextReply : Reply
{
    /// <summary>Names this invocation. The same again when the kernel was killed while it ran.</summary>
    public string? RequestId { get; init; }

    /// <summary>When it is ended, in milliseconds since 1970.</summary>
    public long? DeadlineMs { get; init; }

    /// <summary>The function, as its caller named it.</summary>
    public string? FunctionArn { get; init; }

    /// <summary>Of the caller's trace.</summary>
    public string? TraceId { get; init; }

    /// <summary>What the caller told its client's context to be: JSON, as text.</summary>
    public string? ClientContext { get; init; }

    /// <summary>Any JSON value.</summary>
    public MailBody? Event { get; init; }
}
