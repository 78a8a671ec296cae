namespace Analemma.Daemon.Configuration.Sections;

/// <summary>The <c>[journal]</c> section of the machine file.</summary>
internal sealed record JournalSection
{
    [Setting("The journal's database.", DefaultText = "journal.db in kernel.state_folder")]
    public string Path { get; init; } = "";

    public IEnumerable<string> Problems()
    {
        if (!Path.StartsWith('/'))
        {
            yield return $"journal.path is '{Path}'; it must be an absolute path";
        }
    }
}
