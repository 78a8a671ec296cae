using System.Text.Json.Serialization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Models;

namespace Analemma.Kernel.Conversations;

/// <summary>One conversation. All of it is durable; texts are elsewhere, see <see cref="MessageRef"/>.</summary>
public sealed class Conversation
{
    public required long Id { get; init; }

    /// <summary>None for the clients on the host.</summary>
    public required ProcessId Owner { get; init; }

    public required ConversationPlan Plan { get; init; }

    public required long CreatedAt { get; init; }

    public long ChangedAt { get; set; }

    public long? ForkedFrom { get; init; }

    public int Compactions { get; set; }

    /// <summary>In order. Changed by the table alone.</summary>
    public List<MessageRef> Messages { get; init; } = [];

    [JsonIgnore]
    public long Bytes => Messages.Sum(message => message.Bytes) + (Plan.Settings?.Bytes ?? 0);

    /// <summary>Of all that a call would read, but for what is said with it.</summary>
    [JsonIgnore]
    public TokenEstimate Estimate => TokenEstimate.Sum(Messages.Append(Plan.Settings).OfType<MessageRef>());

    public ConversationView View(bool isBusy) => new(Id)
    {
        Owner = Owner,
        Name = Plan.Name,
        Model = Plan.Model,
        Messages = Messages.Count,
        Bytes = Bytes,
        Tokens = Estimate.Likely,
        Compactions = Compactions,
        ForkedFrom = ForkedFrom,
        Busy = isBusy,
        CreatedAt = new DateTimeOffset(CreatedAt, TimeSpan.Zero),
        ChangedAt = new DateTimeOffset(ChangedAt, TimeSpan.Zero),
    };
}
