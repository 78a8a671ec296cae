using Analemma.Daemon.Configuration;
using Analemma.Kernel;
using Analemma.Kernel.Events;
using Analemma.Kernel.History;
using Analemma.Sandbox;
using Analemma.Storage.Sqlite;

namespace Analemma.Daemon.Boot;

/// <summary>
/// A start is bound by one processor: .NET loads types as they are first used, and each step uses new ones. What no
/// option decides is therefore used once on threads of its own, while the configuration is read.
/// </summary>
internal static class WarmUp
{
    /// <summary>What only finds out about the host needs no journal.</summary>
    public static void Begin(IReadOnlyList<string> args)
    {
        Run("sandbox warm-up", SandboxEngines.WarmUp);
        if (BootFlags.OnlyProbes(args))
        {
            return;
        }

        Run("journal warm-up", () =>
        {
            SqliteJournalStore.WarmUp();
            EventCodec.Write(new KernelStarted("", "", new KernelOptions()) { At = 0 });
        });
    }

    // What goes wrong here goes wrong again where it is needed, and is told there.
    private static void Run(string name, Action work) => new Thread(() =>
    {
        try
        {
            work();
        }
        catch (Exception)
        {
        }
    })
    {
        IsBackground = true,
        Name = name,
    }.Start();
}
