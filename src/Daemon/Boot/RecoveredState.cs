using System.Text.Json;
using Analemma.Journal;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.History;

namespace Analemma.Daemon.Boot;

/// <summary>
/// The kernel's state as the journal tells it: the checkpoint, and the fold of what came after. The effects of a fold
/// are thrown away; they happened, or died with their kernel.
/// </summary>
internal static class RecoveredState
{
    public static KernelState From(IJournalStore store)
    {
        var recovered = Recovery.Begin(store, StateCheckpoint.FormatVersion);
        try
        {
            var state = recovered.Checkpoint is { } checkpoint
                ? StateCheckpoint.Read(checkpoint.State.Span)
                : new KernelState();
            List<Effect> discarded = [];
            foreach (var record in recovered.Records)
            {
                state.Apply(EventCodec.Read(record.Type, record.Body.Span), discarded);
                discarded.Clear();
            }

            return state;
        }
        catch (JsonException unknown)
        {
            throw new JournalStoreException(JournalStoreFailure.NotAJournal, unknown.Message, unknown);
        }
    }
}
