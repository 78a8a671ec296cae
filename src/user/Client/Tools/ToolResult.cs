using Analemma.Abi.Syscalls;

namespace Analemma.Client.Tools;

/// <summary>What a call of a tool came to.</summary>
/// <param name="Id">Of the call.</param>
/// <param name="Name">Of the tool.</param>
/// <param name="Content">The text that the model reads.</param>
/// <param name="IsError">Whether that text says what went wrong.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record ToolResult(string Id, string Name, string Content, bool IsError, TimeSpan Elapsed)
{
    /// <summary>The message of a conversation that gives it to the model.</summary>
    public ChatMessage ToMessage() =>
        new(ChatRole.Tool) { ToolCallId = Id, Content = IsError ? $"error: {Content}" : Content };
}

/// <summary>What a tool loop came to.</summary>
/// <param name="Answer">The last answer.</param>
/// <param name="Messages">All that was said, the last answer included: a conversation that can go on.</param>
/// <param name="Steps">How many answers it took.</param>
/// <param name="Results">Each call of a tool with what it came to, in their order.</param>
public sealed record ToolRun(
    ThinkReply Answer, IReadOnlyList<ChatMessage> Messages, int Steps, IReadOnlyList<ToolResult> Results);

/// <summary>Something that happens in a tool loop.</summary>
public abstract record ToolEvent
{
    private ToolEvent()
    {
    }

    /// <summary>The model says a piece of text.</summary>
    /// <param name="Piece">The next piece.</param>
    public sealed record Text(string Piece) : ToolEvent;

    /// <summary>The model asks for a tool, which is about to run.</summary>
    /// <param name="Call">With its arguments.</param>
    public sealed record Called(ToolCall Call) : ToolEvent;

    /// <summary>A tool has ended.</summary>
    /// <param name="Result">What it came to.</param>
    public sealed record Ended(ToolResult Result) : ToolEvent;
}

/// <summary>
/// The model still asked for tools after the last step of a tool loop. Those of the last step were not run.
/// </summary>
public sealed class StepLimitReachedException : Exception
{
    /// <summary>Makes an exception of a loop that may not go on.</summary>
    /// <param name="run">The loop so far.</param>
    public StepLimitReachedException(ToolRun run)
        : base(
            $"after {run.Steps} steps the model still asks for tools "
            + $"({string.Join(", ", run.Answer.ToolCalls?.Select(call => call.Name) ?? [])}); "
            + "allow more steps, or go on from the messages of this exception's run") => Run = run;

    /// <summary>The loop so far; its messages go on with a higher limit.</summary>
    public ToolRun Run { get; }
}
