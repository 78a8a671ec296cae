using Analemma.Abi.Syscalls;
using Analemma.Kernel.Models;

namespace Analemma.Kernel.Syscalls;

/// <summary>
/// EMBED: a model call like any other to queue, limits and budgets, as a THINK with the texts as messages and no room
/// for an answer.
/// </summary>
internal static class EmbedSyscall
{
    public static void Handle(SyscallContext call, Embed embed)
    {
        if (!ThinkSyscall.MayThink(call, out var caller))
        {
            return;
        }

        var request = new Think
        {
            Messages = [.. embed.Inputs.Select(Message)],
            Model = embed.Model,
            MaxTokens = 0,
            Budget = embed.Budget,
            TimeoutMs = embed.TimeoutMs,
        };
        ModelAdmission.Arrive(call, caller, request, null, embed);
    }

    /// <summary>Each text must fit the model's window alone.</summary>
    public static TokenEstimate Longest(Embed embed) => embed.Inputs
        .Select(text => TokenEstimate.Of(Message(text)))
        .MaxBy(estimate => estimate.Likely);

    private static ChatMessage Message(string text) => new(ChatRole.User) { Content = text };
}
