namespace Analemma.Integration.Tests.Storage;

/// <summary>A directory of one test, gone with it.</summary>
internal sealed class JournalDirectory : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("analemma-journal-");

    public string JournalPath => Path.Combine(_directory.FullName, "journal.db");

    public string PathOf(string name) => Path.Combine(_directory.FullName, name);

    public void Dispose() => _directory.Delete(recursive: true);
}
