using System.Collections.Concurrent;
using Analemma.Abi;

namespace Analemma.Daemon.Telemetry.Instruments;

/// <summary>
/// Names of agents as attributes: of each family the first, and only so many different ones in the kernel's life, for
/// every name is a series that all who collect must keep. Later names share one.
/// </summary>
internal sealed class AgentLabels(int namesMax)
{
    public const string Other = "_other";
    public const string Host = "host";

    private readonly ConcurrentDictionary<string, bool> _names = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ProcessId, string> _families = new();

    /// <summary>An attribute for a name.</summary>
    public string Label(string name)
    {
        if (name == Host || _names.ContainsKey(name))
        {
            return name;
        }

        return _names.Count < namesMax && _names.TryAdd(name, true) ? name : Other;
    }

    /// <summary>The process's calls count for this name.</summary>
    public void Counts(ProcessId process, string family) => _families[process] = family;

    public string Of(ProcessId process) =>
        process == ProcessId.None ? Host : Label(_families.GetValueOrDefault(process, Other));

    public void Forget(ProcessId process) => _families.TryRemove(process, out _);
}
