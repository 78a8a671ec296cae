using System.Text.Json.Serialization;

namespace Analemma.Abi.Syscalls;

/// <summary>
/// Reads a file of a process's /work. No path leads out of it, whatever links lie inside. In native framing the bytes
/// come as RAW frames with MORE before the answer.
/// </summary>
public sealed record Read : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Read;

    /// <summary>Below /work; a relative path starts there.</summary>
    public string Path { get; init; } = "";

    /// <summary>Where to begin, in bytes.</summary>
    public long Offset { get; init; }

    /// <summary>Bytes at most; default the rest of the file.</summary>
    public long? Length { get; init; }
}

/// <summary>The file's whole size and how many bytes were sent.</summary>
public sealed record ReadReply(long Size, long BytesRead) : Reply;

/// <summary>Writes a file of a process's /work, and makes the folders above it.</summary>
public sealed record Write : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Write;

    /// <summary>Below /work; a relative path starts there.</summary>
    public string Path { get; init; } = "";

    /// <summary>The content, as text or, with <see cref="Encoding"/> <c>base64</c>, as bytes.</summary>
    public string Content { get; init; } = "";

    /// <summary><c>utf8</c> (default) or <c>base64</c>.</summary>
    public string? Encoding { get; init; }

    /// <summary><c>write</c> (default: replaces the file) or <c>append</c>.</summary>
    public string? Mode { get; init; }

    /// <summary>Permission bits of a new file, such as 493 (0755). Default 420 (0644).</summary>
    public int? FileMode { get; init; }
}

/// <summary>What was written.</summary>
/// <param name="BytesWritten">Bytes of the content.</param>
public sealed record WriteReply(long BytesWritten) : Reply;

/// <summary>Lists a folder of a process's /work, or describes one file.</summary>
public sealed record Files : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Files;

    /// <summary>Below /work; empty for /work itself.</summary>
    public string Path { get; init; } = "";
}

/// <summary>What lies there, by name.</summary>
/// <param name="IsFolder">False: the one entry is the file that was asked for.</param>
/// <param name="Entries">What the folder holds.</param>
public sealed record FilesReply(bool IsFolder, IReadOnlyList<FileEntry> Entries) : Reply;

/// <summary>What a file is. Links are shown, never followed.</summary>
[JsonConverter(typeof(EnumNames<FileKind>))]
public enum FileKind
{
    /// <summary>A regular file.</summary>
    [JsonStringEnumMemberName("file")]
    File,
    /// <summary>A folder.</summary>
    [JsonStringEnumMemberName("folder")]
    Folder,
    /// <summary>A symbolic link.</summary>
    [JsonStringEnumMemberName("link")]
    Link,
    /// <summary>A pipe, socket or device.</summary>
    [JsonStringEnumMemberName("other")]
    Other,
}

/// <summary>One file. <see cref="Mode"/> is its permission bits.</summary>
public sealed record FileEntry(string Name, FileKind Kind, long Size, int Mode);
