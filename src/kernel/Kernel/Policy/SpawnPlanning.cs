using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Models;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Policy;

/// <summary>
/// Fills in what a spawn request leaves open: the kernel's defaults, and never more than the parent has.
/// </summary>
internal static class SpawnPlanning
{
    /// <summary>cgroup v1's shares and v2's weight are both a ratio to their default: 1024 and 100.</summary>
    private const int SharesDefault = 1024;

    private const int WeightDefault = 100;

    public static SpawnPlan Plan(KernelOptions options, Process? parent, Spawn request, string name) => new()
    {
        Name = name,
        Path = parent is null ? name : $"{parent.Path}{SpawnPlan.PathSeparator}{name}",
        Script = request.Script,
        Python = request.Python ?? "python3",
        Argv = request.Argv ?? [],
        Args = request.Args ?? [],
        Env = request.Env ?? new Dictionary<string, string>(),
        Cwd = request.Cwd ?? "/work",
        Sandboxed = request.Sandboxed ?? true,
        Network = request.Network?.IsShared ?? false,
        NetworkRules = SpawnRights.RulesFor(parent, request),
        Limits = LimitsFor(options, parent?.Plan.Limits, request.Limits ?? new ResourceLimits()),
        Models = ModelsFor(options.Models, parent, request.Models ?? new ModelShare()),
        Tools = [.. (request.Tools ?? []).Distinct(StringComparer.Ordinal)],
        Permissions = (request.Permissions ?? new Permissions()) with
        {
            Group = parent is null ? request.Permissions?.Group : parent.Plan.Permissions.Group,
        },
        Require = request.Require ?? [],
        AuditReads = request.Audit == "reads",
        PoolAllowed = request.Pool != "cold",
        Mounts = request.Mounts ?? [],
        StdinPipe = request.StdinPipe,
        StdoutPipe = request.StdoutPipe,
        Parent = parent?.Id ?? ProcessId.None,
    };

    public static LimitSet LimitsFor(KernelOptions options, LimitSet? parent, ResourceLimits asked)
    {
        var defaults = options.Defaults;
        var most = parent ?? defaults with
        {
            MemoryBytes = long.MaxValue,
            Pids = int.MaxValue,
            OpenFiles = int.MaxValue,
            LogBytes = long.MaxValue,
            WorkBytes = long.MaxValue,
        };
        return new LimitSet
        {
            MemoryBytes = asked.Memory ?? Math.Min(defaults.MemoryBytes, most.MemoryBytes),
            Pids = asked.MaxPids ?? Math.Min(defaults.Pids, most.Pids),
            CpuQuotaUs = asked.CpuQuota ?? parent?.CpuQuotaUs ?? defaults.CpuQuotaUs,
            CpuPeriodUs = asked.CpuPeriod ?? parent?.CpuPeriodUs ?? defaults.CpuPeriodUs,
            CpuWeight = asked.CpuWeight ?? Weight(asked.CpuShares) ?? defaults.CpuWeight,
            WallMs = asked.WallMs ?? defaults.WallMs,
            OpenFiles = asked.OpenFiles ?? Math.Min(defaults.OpenFiles, most.OpenFiles),
            LogBytes = asked.LogBytes ?? Math.Min(defaults.LogBytes, most.LogBytes),
            WorkBytes = asked.WorkBytes ?? Math.Min(defaults.WorkBytes, most.WorkBytes),
        };
    }

    /// <summary>Descendants are one agent with the oldest of their family: they have no share of their own.</summary>
    private static ModelPlan ModelsFor(ModelOptions options, Process? parent, ModelShare asked) =>
        parent is not null
            ? parent.Plan.Models with { Budget = asked.Budget ?? new ModelBudget() }
            : new ModelPlan
            {
                Group = asked.Group ?? GroupOptions.DefaultName,
                Weight = asked.Weight ?? FairNode.WeightDefault,
                Priority = asked.Priority ?? ModelPriority.Normal,
                Limit = new RateLimit(
                    asked.RequestsPerMinute ?? options.AgentLimit.RequestsPerMinute,
                    asked.TokensPerMinute ?? options.AgentLimit.TokensPerMinute),
                Budget = asked.Budget ?? options.AgentBudget,
            };

    private static int? Weight(int? shares) =>
        shares is { } value ? (int)Math.Clamp((long)value * WeightDefault / SharesDefault, 1, 10_000) : null;
}
