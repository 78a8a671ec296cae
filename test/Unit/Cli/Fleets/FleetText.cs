using Analemma.Cli.Fleets;

namespace Analemma.Unit.Tests.Cli.Fleets;

/// <summary>Fleet files of a folder that is there for one test, with the scripts a.py and b.py.</summary>
internal sealed class FleetText : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("analemma-fleet-");

    public FleetText()
    {
        Script("a.py", "print('a')");
        Script("b.py", "print('b')");
    }

    public string Folder => _folder.FullName;

    public string FilePath => Path.Combine(Folder, FleetFile.DefaultName);

    public void Script(string name, string text) => File.WriteAllText(Path.Combine(Folder, name), text);

    public string Write(string text)
    {
        File.WriteAllText(FilePath, text);
        return FilePath;
    }

    public FleetFile Read(string text) =>
        FleetFile.Parse(text, FilePath, name => name == "SHELL_HAS" ? "its value" : null);

    /// <summary>Problems as <c>line:column path: message</c>.</summary>
    public string[] Problems(string text) =>
        [.. Read(text).Problems.Select(at => $"{at.Line}:{at.Column} {at.Path}: {at.Message}")];

    public void Dispose() => _folder.Delete(recursive: true);
}
