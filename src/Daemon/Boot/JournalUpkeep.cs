using System.Text;
using System.Text.Json.Serialization.Metadata;
using Analemma.Abi;
using Analemma.Daemon.Configuration;
using Analemma.Daemon.Configuration.Sections;
using Analemma.Daemon.Workflows;
using Analemma.Daemon.Workflows.Archives;
using Analemma.Journal;
using Analemma.Storage.Sqlite;

namespace Analemma.Daemon.Boot;

/// <summary>What the kernel's program does with journals instead of running a kernel.</summary>
internal static class JournalUpkeep
{
    public static int Export(BootRequest request, TextWriter output) => Print(
        WorkflowJournal.Export(OptionsOf(request), request.ArchiveFile, request.ArchivesPayloads),
        AbiJsonContext.Default.WorkflowArchive,
        output);

    public static int Import(BootRequest request, TextWriter output) => Print(
        WorkflowJournal.Import(OptionsOf(request), request.ArchiveFile, TimeProvider.System),
        AbiJsonContext.Default.WorkflowArchive,
        output);

    /// <summary>The databases that no kernel has open; a server sees to its own.</summary>
    public static int Compact(BootRequest request, TextWriter output)
    {
        List<string> files = [request.Options.Journal.Path];
        if (OptionsOf(request) is { Store: ExecutionStoreKind.Sqlite } workflows)
        {
            files.Add(workflows.Path);
        }

        if (!files.Exists(File.Exists))
        {
            throw new JournalStoreException(
                JournalStoreFailure.Absent,
                $"{string.Join(" and ", files)}: there is no journal; no kernel has run with this state folder");
        }

        JournalCompaction done = new([.. files.Where(File.Exists).Select(SqliteCompaction.Compact)]);
        return Print(done, AbiJsonContext.Default.JournalCompaction, output);
    }

    public static WorkflowOptions OptionsOf(BootRequest request) => request.Options.Workflows.ToOptions(
        request.Options.Kernel.StateFolder, Environment.GetEnvironmentVariable);

    private static int Print<T>(T told, JsonTypeInfo<T> type, TextWriter output)
    {
        output.WriteLine(Encoding.UTF8.GetString(AbiJson.Write(told, type)));
        return 0;
    }
}
