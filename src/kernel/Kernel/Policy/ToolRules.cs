using System.Text.Json;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Tools;
using static Analemma.Kernel.Policy.SyscallRules;

namespace Analemma.Kernel.Policy;

/// <summary>When requests about tools are well-formed.</summary>
internal static class ToolRules
{
    private const string Form = "server/tool, the server of lower-case letters, digits and -";

    public static IEnumerable<string> Problems(CallTool call)
    {
        if (!ToolPattern.TrySplit(call.Name, out _, out _) || call.Name.EndsWith("/*", StringComparison.Ordinal))
        {
            yield return $"name is {Quote(call.Name ?? "null")}; it must be {Form}";
        }

        if (call.Arguments is { ValueKind: not (JsonValueKind.Object or JsonValueKind.Null) } wrong)
        {
            yield return $"arguments is {wrong.ValueKind.ToString().ToLowerInvariant()}; it must be an object";
        }

        foreach (var problem in Range("timeout_ms", call.TimeoutMs, 1, Limits.WaitMsMax))
        {
            yield return problem;
        }
    }

    public static IEnumerable<string> ServerProblems(string? name)
    {
        if (name is not null && !ToolPattern.IsServerName(name))
        {
            yield return $"server is {Quote(name)}; it must be lower-case letters, digits and -, at most "
                + $"{ToolPattern.ServerCharsMax}";
        }
    }

    /// <summary>What an agent may call, as SPAWN takes it.</summary>
    public static IEnumerable<string> PatternProblems(IReadOnlyList<string>? patterns)
    {
        if (patterns?.Count > Limits.ToolPatternsMax)
        {
            yield return $"tools has {patterns.Count} items; at most {Limits.ToolPatternsMax}";
        }

        foreach (var pattern in (patterns ?? []).Where(pattern => !ToolPattern.IsPattern(pattern)))
        {
            yield return $"tools: {Quote(pattern ?? "null")} must be {Form}, or server/* for all of it";
        }
    }
}
