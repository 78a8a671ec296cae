using Analemma.Linux;

namespace Analemma.Sandbox.Notify;

/// <summary>
/// The variable by which a holder is known that no record names: its kernel was killed between starting it and writing
/// the record. It holds nothing yet.
/// </summary>
internal static class HolderMark
{
    private const string Variable = "ANALEMMA_HOLDER";
    private const int Sigkill = 9;

    public static IReadOnlyDictionary<string, string> Of(string stateFolder) =>
        new Dictionary<string, string> { [Variable] = Path.GetFullPath(stateFolder) };

    /// <summary>Ends all of this state folder that are not recorded. When none is.</summary>
    public static void EndUnrecorded(string stateFolder)
    {
        var mark = $"{Variable}={Path.GetFullPath(stateFolder)}\0";
        foreach (var pid in ProcFiles.Pids().Where(pid => ProcFiles.TryRead($"/proc/{pid}/environ") == mark))
        {
            using var process = PidFd.TryOpen(pid);
            if (ProcFiles.TryRead($"/proc/{pid}/environ") == mark)
            {
                process?.TrySignal(Sigkill);
            }
        }
    }
}
