using System.Globalization;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Sandbox;

namespace Analemma.Daemon.Runners;

/// <summary>Says a spawn plan in the sandbox engine's words. Decides nothing.</summary>
internal static class SandboxPolicies
{
    /// <summary>Where an agent finds its kernel.</summary>
    public const string AgentSocket = "/run/analemma/agent.sock";

    /// <summary>What every agent's environment begins with, before anybody knows who it is.</summary>
    public static IReadOnlyDictionary<string, string> BaseEnvironment { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = "/usr/local/bin:/usr/bin:/bin",
            ["HOME"] = "/work",
            ["LANG"] = "C.UTF-8",
            ["PYTHONUNBUFFERED"] = "1",
            ["ANALEMMA_SOCKET"] = AgentSocket,
        };

    /// <param name="launch">The spawn.</param>
    /// <param name="http">The variables by which the agent finds its kernel over HTTP, if it can.</param>
    public static SandboxPolicy For(Launch launch, IReadOnlyDictionary<string, string> http)
    {
        var plan = launch.Plan;
        var socket = AgentSocket;
        var script = plan.Script is { } path ? "/work/" + Path.GetFileName(path) : null;
        return new SandboxPolicy
        {
            Key = "a" + launch.Process,
            ParentKey = launch.ParentKey,
            HostName = plan.Name.Length <= 60 ? plan.Name : plan.Name[..60],
            Argv = script is null ? plan.Argv : [plan.Python, script, socket, .. plan.Args],
            Env = Environment(launch, http),
            Python = script is not null && plan.Python is "python3" or "/usr/bin/python3"
                ? new PythonProgram(script!, plan.Args)
                : null,
            Cwd = plan.Cwd,
            Limits = LimitsOf(plan.Limits),
            Network = plan.Network,
            AuditReads = plan.AuditReads,
            Require = plan.Require,
            Mounts = plan.Mounts,
            PoolAllowed = plan.PoolAllowed,
        };
    }

    private static Dictionary<string, string> Environment(
        Launch launch, IReadOnlyDictionary<string, string> http)
    {
        Dictionary<string, string> env = new(BaseEnvironment, StringComparer.Ordinal)
        {
            ["ANALEMMA_PROCESS"] = launch.Process.Value.ToString(CultureInfo.InvariantCulture),
            ["ANALEMMA_NAME"] = launch.Plan.Name,
        };
        foreach (var (name, value) in http)
        {
            env[name] = value;
        }

        foreach (var (name, value) in launch.Plan.Env)
        {
            env[name] = value;
        }

        return env;
    }

    public static SandboxLimits LimitsOf(LimitSet limits) => new()
    {
        MemoryBytes = limits.MemoryBytes,
        Pids = limits.Pids,
        CpuQuotaUs = limits.CpuQuotaUs,
        CpuPeriodUs = limits.CpuPeriodUs,
        CpuWeight = limits.CpuWeight,
        OpenFiles = limits.OpenFiles,
        LogBytes = limits.LogBytes,
        WorkBytes = limits.WorkBytes,
    };
}
