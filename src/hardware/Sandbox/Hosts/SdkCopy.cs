using Analemma.Sandbox.Bundles;

namespace Analemma.Sandbox.Hosts;

/// <summary>
/// Copies the SDK to where every agent's uid can reach it: its folder may lie in somebody's home. Files are replaced in
/// place, because the sandboxes of an earlier kernel may show them. Compiled files go along: no agent could keep its
/// own.
/// </summary>
internal static class SdkCopy
{
    public static void Update(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var source in Directory.EnumerateFiles(from, "*.py*", SearchOption.AllDirectories))
        {
            FileInfo target = new(Path.Combine(to, Path.GetRelativePath(from, source)));
            var time = File.GetLastWriteTimeUtc(source);
            if (!target.Exists || target.LastWriteTimeUtc != time)
            {
                Directory.CreateDirectory(target.DirectoryName!);
                File.Copy(source, target.FullName, overwrite: true);
                File.SetLastWriteTimeUtc(target.FullName, time);
            }

            File.SetUnixFileMode(target.FullName, SharedModes.Readable);
        }

        // An earlier kernel may have made them under another umask.
        foreach (var folder in Directory.EnumerateDirectories(to, "*", SearchOption.AllDirectories).Prepend(to))
        {
            File.SetUnixFileMode(folder, SharedModes.Passable);
        }
    }
}
