using Analemma.Cli.Values;

namespace Analemma.Cli.Copying;

/// <summary>One end of a copy: a path on the host, or <c>AGENT:PATH</c> in an agent's /work.</summary>
internal sealed record CopyPlace(Target? Agent, string Path)
{
    /// <summary>A colon that comes after a slash belongs to a host path: <c>./a:b</c>.</summary>
    public static CopyPlace Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon <= 0 || text[..colon].Contains('/', StringComparison.Ordinal)
            ? new CopyPlace(null, text)
            : new CopyPlace(Target.Parse(text[..colon]), text[(colon + 1)..]);
    }

    public static string Join(string folder, string name) =>
        folder.Length == 0 ? name : $"{folder.TrimEnd('/')}/{name}";

    public static string LastName(string path) => System.IO.Path.GetFileName(path.TrimEnd('/'));
}
