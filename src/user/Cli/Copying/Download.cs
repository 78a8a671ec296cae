using Analemma.Abi.Syscalls;
using Analemma.Cli.Values;
using Analemma.Client;

namespace Analemma.Cli.Copying;

// The tree comes from an agent, which nobody trusts. Its names are checked before they become host paths; links in it
// are never made or followed; on the host no link is written through: a file is made under a new name and moved into
// place, which replaces a link, and a folder that is a link is refused. Of the modes only rwx is kept: no set-uid.

/// <summary>Copies from an agent's /work to the host.</summary>
internal sealed class Download(KernelClient kernel, Target agent, CopyTally tally, CancellationToken cancellationToken)
{
    private const int DepthMax = 64;
    private const int ModeMask = 0b111_111_111;

    /// <summary>What nobody else may read in the end, nobody else may read before.</summary>
    private static readonly FileStreamOptions Private = new()
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    };

    public async Task RunAsync(string source, string destination)
    {
        var listing = await ListAsync(source);
        var target = Directory.Exists(destination) && CopyPlace.LastName(source) is { Length: > 0 } name
            ? Path.Combine(destination, name)
            : destination;
        if (listing.IsFolder)
        {
            await FolderAsync(source, listing, target, depth: 0);
        }
        else if (listing.Entries is [{ Kind: FileKind.File } file])
        {
            await FileAsync(source, file, target);
        }
        else
        {
            throw new CliException("not_a_file", $"{source} is neither a file nor a folder", "links are not followed");
        }
    }

    internal static bool IsPlainName(string name) =>
        name is not ("" or "." or "..")
            && !name.Contains('/', StringComparison.Ordinal)
            && !name.Contains('\0', StringComparison.Ordinal);

    private async Task FolderAsync(string source, FilesReply listing, string target, int depth)
    {
        if (depth > DepthMax)
        {
            throw new CliException("too_deep", $"{source} lies more than {DepthMax} folders deep");
        }

        if (new DirectoryInfo(target) is { LinkTarget: not null })
        {
            throw new CliException("link_in_the_way", $"{target} is a link; nothing is written through it");
        }

        Directory.CreateDirectory(target);
        tally.Folder();
        foreach (var entry in listing.Entries)
        {
            var path = CopyPlace.Join(source, entry.Name);
            if (!IsPlainName(entry.Name))
            {
                tally.Skip(path, "not a file name");
            }
            else if (entry.Name.Contains('\uFFFD', StringComparison.Ordinal))
            {
                tally.Skip(path, "its name is not UTF-8");
            }
            else if (entry.Kind == FileKind.Folder)
            {
                await FolderAsync(path, await ListAsync(path), Path.Combine(target, entry.Name), depth + 1);
            }
            else if (entry.Kind == FileKind.File)
            {
                await FileAsync(path, entry, Path.Combine(target, entry.Name));
            }
            else
            {
                tally.Skip(path, entry.Kind == FileKind.Link ? "a link" : "not a regular file");
            }
        }
    }

    private async Task FileAsync(string source, FileEntry entry, string target)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(target))!;
        if (!Directory.Exists(folder))
        {
            throw new CliException("no_such_file", $"there is no folder '{folder}' on the host", "make it before");
        }

        var partial = Path.Combine(folder, $".{Path.GetRandomFileName()}.part");
        try
        {
            await using (var file = new FileStream(partial, Private))
            {
                var read = kernel.Read(new Read { Id = agent.Id, Name = agent.Name, Path = source });
                await foreach (var piece in read.WithCancellation(cancellationToken))
                {
                    await file.WriteAsync(piece, cancellationToken);
                    tally.Bytes(piece.Length);
                }
            }

            File.SetUnixFileMode(partial, (UnixFileMode)(entry.Mode & ModeMask));
            File.Move(partial, target, overwrite: true);
            tally.File();
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private Task<FilesReply> ListAsync(string path) => kernel.FilesAsync(
        new Files { Id = agent.Id, Name = agent.Name, Path = path }, cancellationToken);
}
