using System.Text.Json;
using System.Text.Json.Serialization;
using Analemma.Linux;

namespace Analemma.Sandbox.Living;

/// <summary>
/// sandbox.json in a sandbox's folder: what the next kernel must know to re-adopt or reap it, written before it runs.
/// The start time is of the pid, so that a pid that was used again is not taken for the agent.
/// </summary>
internal sealed record SandboxRecord
{
    private const int PageBytes = 4096;

    public required string Key { get; init; }

    public required string Engine { get; init; }

    public int Pid { get; init; }

    public long StartTime { get; init; }

    public required string CgroupPath { get; init; }

    public uint Uid { get; init; }

    public uint HostUid { get; init; }

    public uint HostRootUid { get; init; }

    /// <summary>Whether its first process is our init, and the agent the child of that.</summary>
    public bool HasInit { get; init; }

    public SandboxTier Tier { get; init; }

    public required SandboxPolicy Policy { get; init; }

    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>How it ended, once it has.</summary>
    public SandboxExit? Exit { get; init; }

    public static string PathIn(string folder) => $"{folder}/sandbox.json";

    // It must outlive this process, at any instant, and not the host. Within one page a write is whole or absent for
    // whoever reads after we were killed, so the file is written over, and longer text goes beside it first. A rename
    // each time would make ext4 write out the new file at once (mount option auto_da_alloc).
    public void Save(string folder)
    {
        var path = PathIn(folder);
        var text = JsonSerializer.SerializeToUtf8Bytes(this, RecordText.Default.SandboxRecord);
        if (text.Length <= PageBytes && HostFiles.TryWriteOver(path, text, (byte)'\n'))
        {
            return;
        }

        File.WriteAllBytes($"{path}.new", text);
        File.Move($"{path}.new", path, overwrite: true);
    }

    /// <summary>Null when there is none or it cannot be read.</summary>
    public static SandboxRecord? TryLoad(string folder)
    {
        if (ProcFiles.TryRead(PathIn(folder)) is not { } text)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(text, RecordJson.Default.SandboxRecord);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Holds its first process, if that still runs.</summary>
    public PidFd? TryHold()
    {
        var handle = Pid > 0 ? PidFd.TryOpen(Pid) : null;
        if (handle is not null && ProcFiles.TryReadStartTime(Pid) == StartTime && ProcFiles.TryReadState(Pid) != 'Z')
        {
            return handle;
        }

        handle?.Dispose();
        return null;
    }
}

[JsonSerializable(typeof(SandboxRecord))]
internal sealed partial class RecordJson : JsonSerializerContext;

/// <summary>
/// Only writes, and so describes no members, which each start would pay for. What a kernel before left is read by
/// <see cref="RecordJson"/>.
/// </summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(SandboxRecord))]
internal sealed partial class RecordText : JsonSerializerContext;
