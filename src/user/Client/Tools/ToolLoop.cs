using System.Runtime.CompilerServices;
using Analemma.Abi.Syscalls;

namespace Analemma.Client.Tools;

/// <summary>
/// The tool loop: asks a model, runs the tools that it asks for, asks again with their results, until it asks for none.
/// </summary>
public static class ToolLoop
{
    /// <summary>Runs the loop to its end.</summary>
    /// <param name="kernel">Whom to ask.</param>
    /// <param name="think">
    /// The first question; every step has its options. Tools that it describes itself are the caller's to run: a call
    /// of one ends the loop, and is in the answer.
    /// </param>
    /// <param name="tools">What the model may ask to be called.</param>
    /// <param name="options">Default: 8 steps, calls one after another.</param>
    /// <param name="cancellationToken">Gives up: takes the request back, and cancels the tools that run.</param>
    /// <exception cref="StepLimitReachedException">After the last step the model still asks for tools.</exception>
    public static async Task<ToolRun> RunToolsAsync(
        this KernelClient kernel,
        Think think,
        IEnumerable<Tool> tools,
        ToolLoopOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        var talk = new ToolConversation(think, tools, options ?? new());
        while (true)
        {
            var answer = await kernel.ThinkAsync(talk.Next, cancellationToken).ConfigureAwait(false);
            if (talk.Take(answer) is { } run)
            {
                return run;
            }

            await talk.RunCallsAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Runs the loop, and streams what happens in it. Its reply is the run.</summary>
    /// <param name="kernel">Whom to ask.</param>
    /// <param name="think">The first question, as with <see cref="RunToolsAsync"/>.</param>
    /// <param name="tools">What the model may ask to be called.</param>
    /// <param name="options">Default: 8 steps, calls one after another.</param>
    public static SyscallStream<ToolEvent, ToolRun> RunTools(
        this KernelClient kernel, Think think, IEnumerable<Tool> tools, ToolLoopOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        var kit = tools.ToList();
        return new((onReply, cancellationToken) => EventsAsync(
            kernel, new ToolConversation(think, kit, options ?? new()), onReply, cancellationToken));
    }

    private static async IAsyncEnumerable<ToolEvent> EventsAsync(
        KernelClient kernel,
        ToolConversation talk,
        Action<ToolRun> onReply,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var stream = kernel.Think(talk.Next);
            List<string> pieces = [];
            await foreach (var piece in stream.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                pieces.Add(piece);
                yield return new ToolEvent.Text(piece);
            }

            if (talk.Take(stream.Reply with { Content = string.Concat(pieces) }) is { } run)
            {
                onReply(run);
                yield break;
            }

            foreach (var call in talk.Calls)
            {
                yield return new ToolEvent.Called(call);
            }

            foreach (var result in await talk.RunCallsAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return new ToolEvent.Ended(result);
            }
        }
    }
}
