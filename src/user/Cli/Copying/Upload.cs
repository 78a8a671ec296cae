using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;
using Analemma.Client;

namespace Analemma.Cli.Copying;

/// <summary>
/// Copies from the host to an agent's /work. A link that was named is followed, as cp does; links inside a folder are
/// left out, so that a copy never takes more than the folder.
/// </summary>
internal sealed class Upload(KernelClient kernel, Target agent, CopyTally tally, CancellationToken cancellationToken)
{
    private const int PieceBytes = 4 * 1024 * 1024;
    private const int ModeMask = 0b111_111_111;

    public async Task RunAsync(string source, string destination)
    {
        var entries = await HostTree.ListAsync(source, cancellationToken);
        var intoFolder = destination.Length == 0 || destination.EndsWith('/') || await IsFolderAsync(destination);
        var target = intoFolder
            ? CopyPlace.Join(destination, CopyPlace.LastName(Path.GetFullPath(source)))
            : destination;
        foreach (var entry in entries)
        {
            var path = entry.Path.Length == 0 ? source : Path.Combine(source, entry.Path);
            switch (entry.Kind)
            {
                case var _ when HostTree.IsUnreachable(path):
                    tally.Skip(path, "its name is not UTF-8");
                    break;
                case 'f':
                    await FileAsync(
                        path, entry.Mode, entry.Path.Length == 0 ? target : CopyPlace.Join(target, entry.Path));
                    break;
                case 'd' when !Directory.EnumerateFileSystemEntries(path).Any():
                    tally.Skip(path, "an empty folder, which comes into being with its first file");
                    break;
                case 'd':
                    tally.Folder();
                    break;
                default:
                    tally.Skip(path, entry.Kind == 'l' ? "a link" : "not a regular file");
                    break;
            }
        }
    }

    private async Task FileAsync(string source, int mode, string target)
    {
        await using var stream = File.OpenRead(source);
        var buffer = new byte[PieceBytes];
        for (var isFirst = true; ; isFirst = false)
        {
            var read = await stream.ReadAtLeastAsync(buffer, PieceBytes, throwOnEndOfStream: false, cancellationToken);
            if (read > 0 || isFirst)
            {
                await kernel.WriteAsync(Piece(target, buffer.AsSpan(0, read), isFirst, mode), cancellationToken);
                tally.Bytes(read);
            }

            if (read < PieceBytes)
            {
                tally.File();
                return;
            }
        }
    }

    private Write Piece(string target, ReadOnlySpan<byte> bytes, bool isFirst, int mode) => new()
    {
        Id = agent.Id,
        Name = agent.Name,
        Path = target,
        Content = Convert.ToBase64String(bytes),
        Encoding = "base64",
        Mode = isFirst ? "write" : "append",
        FileMode = mode & ModeMask,
    };

    private async Task<bool> IsFolderAsync(string path)
    {
        try
        {
            return (await kernel.FilesAsync(
                new Files { Id = agent.Id, Name = agent.Name, Path = path }, cancellationToken)).IsFolder;
        }
        catch (SyscallException absent) when (absent.Code == SysErrorCode.NoSuchFile)
        {
            return false;
        }
    }
}
