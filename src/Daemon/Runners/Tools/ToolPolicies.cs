using Analemma.Abi.Syscalls;
using Analemma.Daemon.Configuration.Sections;
using Analemma.Sandbox;

namespace Analemma.Daemon.Runners.Tools;

/// <summary>Says a server's section in the sandbox engine's words. A server gets no socket of the kernel.</summary>
internal static class ToolPolicies
{
    private const long CpuPeriodUs = 100_000;
    private const int CpuWeight = 100;
    private const int OpenFiles = 1_024;
    private const long LogBytes = 1024 * 1024;

    public static SandboxPolicy For(ToolSection section, string key) => new()
    {
        Key = key,
        HostName = $"tools-{section.Name}",
        Argv = section.Env.Values.Any(ToolReference.IsReference)
            ? SecretVariables.Begin(section.Command)
            : section.Command,
        Env = Environment(section),
        Cwd = section.Cwd,
        Network = section.Network,
        PoolAllowed = false,
        PipesStreams = true,
        Mounts = [.. section.Mounts.Select(Mount)],
        Limits = new SandboxLimits
        {
            MemoryBytes = section.Memory,
            Pids = section.MaxPids,
            CpuQuotaUs = section.CpuQuota,
            CpuPeriodUs = CpuPeriodUs,
            CpuWeight = CpuWeight,
            OpenFiles = OpenFiles,
            LogBytes = LogBytes,
            WorkBytes = section.WorkBytes,
        },
    };

    private static Dictionary<string, string> Environment(ToolSection section)
    {
        Dictionary<string, string> env = new(StringComparer.Ordinal)
        {
            ["PATH"] = "/usr/local/bin:/usr/bin:/bin",
            ["HOME"] = "/work",
            ["LANG"] = "C.UTF-8",
            ["PYTHONUNBUFFERED"] = "1",
        };
        foreach (var (name, value) in section.Env.Where(pair => !ToolReference.IsReference(pair.Value)))
        {
            env[name] = value;
        }

        return env;
    }

    private static MountRequest Mount(string text)
    {
        var parts = text.Split(':');
        return new MountRequest { Source = parts[0], Target = parts[1], Writable = parts.Length > 2 };
    }
}
