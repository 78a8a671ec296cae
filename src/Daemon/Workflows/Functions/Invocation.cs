using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Workflows.Functions;

/// <summary>One call of a function, until it has ended. The pool's gate guards it.</summary>
internal sealed class Invocation(FunctionNextReply @event)
{
    // Whoever ends it holds the kernel, or a pool.
    private readonly TaskCompletionSource<InvocationEnd> _end =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string RequestId => @event.RequestId!;

    /// <summary>What its environment is given, but for the deadline.</summary>
    public FunctionNextReply Event => @event;

    /// <summary>It is alone with whoever has it: others could overtake it on the way.</summary>
    public bool IsLarge => EventDelivery.IsLarge(@event);

    /// <summary>Who has it; null while it waits.</summary>
    public FunctionEnvironment? Environment { get; set; }

    public Task<InvocationEnd> End => _end.Task;

    public bool IsOver => _end.Task.IsCompleted;

    public void Finish(in InvocationEnd end) => _end.TrySetResult(end);
}

/// <summary>How an invocation ended: with a result, or an error, which is JSON as text.</summary>
internal readonly record struct InvocationEnd(string? ErrorType, string? Error)
{
    /// <summary>JSON as text, if it came so.</summary>
    public string? Result { get; init; }

    /// <summary>JSON, if it came so.</summary>
    public MailBody? Value { get; init; }
}
