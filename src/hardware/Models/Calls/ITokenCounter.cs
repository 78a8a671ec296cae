using Microsoft.Extensions.AI;

namespace Analemma.Models.Calls;

/// <summary>A driver that can count a prompt's tokens as its model would.</summary>
internal interface ITokenCounter
{
    Task<long> CountAsync(
        IReadOnlyList<ChatMessage> messages, ChatOptions options, CancellationToken cancellationToken);
}
