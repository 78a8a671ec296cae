namespace Analemma.Client.Tools;

/// <summary>How a function is a tool, beyond what it says of itself.</summary>
public sealed record ToolOptions
{
    /// <summary>The time a call may take, unless said otherwise: a minute.</summary>
    public static readonly TimeSpan TimeoutDefault = TimeSpan.FromMinutes(1);

    /// <summary>Its name for the model: 1 to 64 letters, digits, _ and -. Default: the method's own.</summary>
    public string? Name { get; init; }

    /// <summary>What it does, and when to use it. Default: the method's <c>[Description]</c>.</summary>
    public string? Description { get; init; }

    /// <summary>
    /// The time a call may take; <see cref="Timeout.InfiniteTimeSpan"/> for no limit. Then the function's
    /// <see cref="CancellationToken"/> parameter, if it has one, is cancelled and the model is told. A function that
    /// heeds no token is left alone on its thread, until it returns or the program ends.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeoutDefault;

    /// <summary>A longer result, in UTF-8 bytes, is cut and says so. At least 64.</summary>
    public int ResultBytesMax { get; init; } = 64 * 1024;

    /// <summary>Which exceptions go to the caller of the loop rather than to the model. Default: none.</summary>
    public Func<Exception, bool> Rethrows { get; init; } = _ => false;

    /// <summary>The clock of the time limit.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>How a tool loop runs.</summary>
public sealed record ToolLoopOptions
{
    /// <summary>
    /// Answers at most. If the last one still asks for tools, they are not run, and the loop ends in
    /// <see cref="StepLimitReachedException"/>.
    /// </summary>
    public int StepsMax { get; init; } = 8;

    /// <summary>How many calls of one answer run at once. Default: one after another.</summary>
    public int CallsAtOnce { get; init; } = 1;
}
