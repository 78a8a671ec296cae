using Analemma.Abi;
using Analemma.Abi.Syscalls;
using static Analemma.Kernel.Policy.SyscallRules;

namespace Analemma.Kernel.Policy;

/// <summary>When a spawn request is well-formed.</summary>
internal static class SpawnRules
{
    public static IEnumerable<string> Problems(Spawn spawn) =>
    [
        .. ProgramProblems(spawn),
        .. NameProblems(spawn.Name),
        .. ArgumentProblems("argv", spawn.Argv),
        .. ArgumentProblems("args", spawn.Args),
        .. EnvProblems(spawn.Env),
        .. AbsoluteProblems("cwd", spawn.Cwd),
        .. OneOf("audit", spawn.Audit, "writes", "reads"),
        .. OneOf("pool", spawn.Pool, "auto", "cold"),
        .. RequireProblems(spawn.Require),
        .. Network.NetworkRules.Problems(spawn.Network),
        .. MountProblems(spawn.Mounts),
        .. LimitProblems(spawn.Limits ?? new ResourceLimits()),
        .. ShareProblems(spawn.Models ?? new ModelShare()),
        .. ToolRules.PatternProblems(spawn.Tools),
        .. PermissionRules.Problems(spawn.Permissions),
    ];

    private static IEnumerable<string> ProgramProblems(Spawn spawn)
    {
        if (string.IsNullOrEmpty(spawn.Script) == (spawn.Argv is not { Count: > 0 }))
        {
            yield return "script path required: give exactly one of script and argv";
        }

        if (spawn.Script is { } script && (script.Length > Limits.PathCharsMax || script.Contains('\0')))
        {
            yield return $"script: at most {Limits.PathCharsMax} characters, no NUL";
        }

        if (spawn.Argv is { Count: > 0 } argv && string.IsNullOrEmpty(argv[0]))
        {
            yield return "argv[0] is empty; it must be a program";
        }

        if (spawn.Python is { } python && (python.Length is 0 or > 255 || python.Contains('\0')))
        {
            yield return "python: the name or path of an interpreter";
        }
    }

    internal static bool IsName(string name)
    {
        foreach (var character in name)
        {
            if (!(char.IsAsciiLetterOrDigit(character) || character is '.' or '_' or '-'))
            {
                return false;
            }
        }

        return name.Length is > 0 and <= AbiLimits.NameLengthMax && char.IsAsciiLetterOrDigit(name[0]);
    }

    private static IEnumerable<string> NameProblems(string? name)
    {
        if (name is not null && !IsName(name))
        {
            yield return $"name is {Quote(name)}; it must be 1 to {AbiLimits.NameLengthMax} letters, digits, "
                + "and . _ - inside";
        }
    }

    private static IEnumerable<string> RequireProblems(IReadOnlyList<string>? require)
    {
        foreach (var name in (require ?? []).Where(name => !GuaranteeNames.All.Contains(name)))
        {
            yield return $"require: there is no guarantee {Quote(name ?? "null")}; there are "
                + string.Join(", ", GuaranteeNames.All);
        }
    }

    private static IEnumerable<string> MountProblems(IReadOnlyList<MountRequest>? mounts)
    {
        if (mounts?.Count > Limits.MountsMax)
        {
            yield return $"mounts has {mounts.Count} items; at most {Limits.MountsMax}";
        }

        foreach (var mount in mounts ?? [])
        {
            if (mount?.Source is not { Length: > 0 } source || !source.StartsWith('/') || source.Contains('\0'))
            {
                yield return "mounts: a source is an absolute host path";
            }
            else if (mount.Target is not { } target || target.Contains('\0') || target.Split('/').Contains("..")
                || !(target.StartsWith("/mnt/", StringComparison.Ordinal)
                    || target.StartsWith("/work/", StringComparison.Ordinal)))
            {
                yield return $"mounts: the target of {Quote(source)} must be below /mnt or /work, without ..";
            }
        }
    }

    private static IEnumerable<string> ShareProblems(ModelShare share) =>
    [
        .. Range("models.weight", share.Weight, 1, Models.FairNode.WeightMax),
        .. share.Priority is { } priority && !Enum.IsDefined(priority)
            ? new[] { "models.priority must be low or normal or high" } : [],
        .. Range("models.requests_per_minute", share.RequestsPerMinute, 0, Models.TokenBucket.PerMinuteMax),
        .. Range("models.tokens_per_minute", share.TokensPerMinute, 0, Models.TokenBucket.PerMinuteMax),
        .. Models.ModelOptionRules.BudgetProblems("models.budget", share.Budget),
    ];

    private static IEnumerable<string> LimitProblems(ResourceLimits limits) =>
    [
        .. Range("limits.memory", limits.Memory, Limits.MemoryBytesMin, Limits.MemoryBytesMax),
        .. Range("limits.max_pids", limits.MaxPids, 1, Limits.PidsMax),
        .. limits.CpuQuota == LimitSet.NoQuota
            ? []
            : Range("limits.cpu_quota", limits.CpuQuota, Limits.CpuQuotaUsMin, Limits.CpuQuotaUsMax),
        .. Range("limits.cpu_period", limits.CpuPeriod, Limits.CpuPeriodUsMin, Limits.CpuPeriodUsMax),
        .. Range("limits.cpu_weight", limits.CpuWeight, 1, 10_000),
        .. Range("limits.cpu_shares", limits.CpuShares, 2, 262_144),
        .. Range("limits.wall_ms", limits.WallMs, 1, Limits.WallMsMax),
        .. Range("limits.open_files", limits.OpenFiles, Limits.OpenFilesMin, Limits.OpenFilesMax),
        .. Range("limits.log_bytes", limits.LogBytes, Limits.LogBytesMin, Limits.LogBytesMax),
        .. Range("limits.work_bytes", limits.WorkBytes, Limits.WorkBytesMin, Limits.WorkBytesMax),
    ];
}
