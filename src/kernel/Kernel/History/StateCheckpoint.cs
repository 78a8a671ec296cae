using System.Text.Json;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Conversations;
using Analemma.Kernel.Happenings;
using Analemma.Kernel.Mailboxes;
using Analemma.Kernel.Pipes;
using Analemma.Kernel.Processes;
using Analemma.Kernel.Supervision;
using Analemma.Kernel.Values;

namespace Analemma.Kernel.History;

/// <summary>
/// The durable state as bytes, and back: what recovery starts from instead of the whole journal. Two states are equal
/// in all that is durable exactly when their checkpoints are equal, byte for byte.
/// </summary>
public static class StateCheckpoint
{
    /// <summary>Raised when the body's meaning changes; a kernel refuses what it does not know.</summary>
    public const int FormatVersion = 1;

    public static byte[] Write(KernelState state)
    {
        var body = new CheckpointBody
        {
            Boot = state.Boot,
            Version = state.Version,
            Engine = state.Engine,
            BootedAt = state.BootedAt,
            NextProcessId = state.NextProcessId,
            ShuttingDown = state.ShuttingDown,
            JournalNow = state.JournalNow,
            Options = state.Options,
            Living = state.Processes.Living.ToArray(),
            Dead = state.Processes.Dead.ToArray(),
            Ledger = state.Ledger.ToBody(),
            Leases = [.. state.Leases.All],
            NextConversationId = state.Conversations.NextId,
            Conversations = [.. state.Conversations.All],
            Fleets = state.Fleets.ToBody(),
            Mail = state.Mail.ToBody(),
            NextValueVersion = state.Values.NextVersion,
            Values = [.. state.Values.All],
            Happenings = state.Happenings.ToBody(),
            NextPipeId = state.Pipes.NextId,
            Pipes = [.. state.Pipes.All],
        };
        return JsonSerializer.SerializeToUtf8Bytes(body, EventJsonContext.Default.CheckpointBody);
    }

    /// <summary>Throws <see cref="JsonException"/> when the bytes are not a checkpoint.</summary>
    public static KernelState Read(ReadOnlySpan<byte> bytes)
    {
        var body = JsonSerializer.Deserialize(bytes, EventJsonContext.Default.CheckpointBody)
            ?? throw new JsonException("the checkpoint is null");
        var state = new KernelState
        {
            Boot = body.Boot,
            Version = body.Version,
            Engine = body.Engine,
            BootedAt = body.BootedAt,
            NextProcessId = body.NextProcessId,
            ShuttingDown = body.ShuttingDown,
            JournalNow = body.JournalNow,
            Options = body.Options,
        };
        state.Ledger.Restore(body.Ledger);
        foreach (var lease in body.Leases)
        {
            state.Leases.Put(lease);
        }

        state.Pipes.NextId = Math.Max(1, body.NextPipeId);
        foreach (var pipe in body.Pipes)
        {
            state.Pipes.Add(pipe);
        }

        state.Happenings.Restore(body.Happenings, state.Options.EventsKept);
        state.Conversations.NextId = Math.Max(1, body.NextConversationId);
        foreach (var conversation in body.Conversations)
        {
            state.Conversations.Add(conversation);
        }

        state.Mail.Restore(body.Mail);
        state.Values.NextVersion = Math.Max(1, body.NextValueVersion);
        foreach (var value in body.Values)
        {
            state.Values.Put(value);
        }

        foreach (var process in body.Dead.Concat(body.Living))
        {
            state.Processes.Add(process);
        }

        state.Fleets.Restore(body.Fleets);
        return state;
    }
}

internal sealed record CheckpointBody
{
    public long Boot { get; init; }

    public string Version { get; init; } = "";

    public string Engine { get; init; } = "";

    public long BootedAt { get; init; }

    public long NextProcessId { get; init; }

    public bool ShuttingDown { get; init; }

    public long JournalNow { get; init; }

    public KernelOptions Options { get; init; } = new();

    public IReadOnlyList<Process> Living { get; init; } = [];

    public IReadOnlyList<Process> Dead { get; init; } = [];

    public long NextConversationId { get; init; }

    // Null in a checkpoint that was written before there were conversations.
    public IReadOnlyList<Conversation> Conversations { get; init => field = value ?? []; } = [];

    // Null in a checkpoint that was written before there was supervision.
    public FleetBody Fleets { get; init => field = value ?? new(); } = new();

    // Null in a checkpoint that was written before there were mailboxes.
    public MailRoomBody Mail { get; init => field = value ?? new(); } = new();

    public long NextValueVersion { get; init; }

    // Null in a checkpoint that was written before there was a store.
    public IReadOnlyList<StoredValue> Values { get; init => field = value ?? []; } = [];

    public long NextPipeId { get; init; }

    // Null in a checkpoint that was written before there were pipes.
    public IReadOnlyList<Pipe> Pipes { get; init => field = value ?? []; } = [];

    // Null in a checkpoint that was written before they were kept.
    public HappeningsBody Happenings { get; init => field = value ?? new(); } = new();

    // Null in a checkpoint that was written before there were models.
    public LedgerBody Ledger { get; init => field = value ?? new(); } = new();

    // Null in a checkpoint that was written before there were leases.
    public IReadOnlyList<Lease> Leases { get; init => field = value ?? []; } = [];
}
