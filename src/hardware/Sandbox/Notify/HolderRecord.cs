using System.Text.Json;
using System.Text.Json.Serialization;
using Analemma.Linux;

namespace Analemma.Sandbox.Notify;

/// <summary>
/// holder.json in the state folder: which process holds the filters, so that the next kernel finds it. The start time
/// and the boot tell it from a later process of the same pid.
/// </summary>
internal sealed record HolderRecord(int Pid, long StartTime, string Boot)
{
    private static string ThisBoot => (ProcFiles.TryRead("/proc/sys/kernel/random/boot_id") ?? "").Trim();

    public static string PathIn(string stateFolder) => $"{stateFolder}/holder.json";

    public static HolderRecord Of(int pid) => new(pid, ProcFiles.TryReadStartTime(pid) ?? 0, ThisBoot);

    public void Save(string stateFolder)
    {
        var path = PathIn(stateFolder);
        File.WriteAllBytes($"{path}.new", JsonSerializer.SerializeToUtf8Bytes(this, HolderJson.Default.HolderRecord));
        File.Move($"{path}.new", path, overwrite: true);
    }

    /// <summary>The holder that a kernel of this state folder left, if it still runs.</summary>
    public static PidFd? TryHold(string stateFolder, out int pid)
    {
        pid = 0;
        if (TryLoad(stateFolder) is not { } record || record.Boot != ThisBoot)
        {
            return null;
        }

        pid = record.Pid;
        var process = PidFd.TryOpen(pid);
        if (process is { HasEnded: false } && ProcFiles.TryReadStartTime(pid) == record.StartTime)
        {
            return process;
        }

        process?.Dispose();
        return null;
    }

    private static HolderRecord? TryLoad(string stateFolder)
    {
        try
        {
            return ProcFiles.TryRead(PathIn(stateFolder)) is { } text
                ? JsonSerializer.Deserialize(text, HolderJson.Default.HolderRecord)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSerializable(typeof(HolderRecord))]
internal sealed partial class HolderJson : JsonSerializerContext;
