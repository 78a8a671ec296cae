using Analemma.Abi.Syscalls;
using static Analemma.Kernel.Policy.SyscallRules;

namespace Analemma.Kernel.Policy;

/// <summary>When a request for vectors is well-formed, whatever model it goes to.</summary>
internal static class EmbedRules
{
    private const int TaskTypeCharsMax = 64;

    public static IEnumerable<string> Problems(Embed embed) =>
    [
        .. embed.Inputs.Count is 0 or > Limits.EmbedInputsMax
            ? new[] { $"inputs has {embed.Inputs.Count} items; it must have 1 to {Limits.EmbedInputsMax}" } : [],
        .. Empty(embed.Inputs) is >= 0 and var at
            ? new[] { $"inputs[{at}] is empty; a vector is made of a text" } : [],
        .. ThinkRules.NameProblems(embed.Model),
        .. Range("dimensions", embed.Dimensions, 1, Limits.EmbedDimensionsMax),
        .. embed.TaskType is { } type && (type.Length is 0 or > TaskTypeCharsMax || !type.All(IsTypeCharacter))
            ? new[] { $"task_type is {Quote(type)}; it must be a word such as RETRIEVAL_QUERY" } : [],
        .. Models.ModelOptionRules.BudgetProblems("budget", embed.Budget),
        .. Range("timeout_ms", embed.TimeoutMs, 1, Limits.WaitMsMax),
    ];

    private static bool IsTypeCharacter(char character) => char.IsAsciiLetterOrDigit(character) || character == '_';

    private static int Empty(IReadOnlyList<string> inputs)
    {
        for (var i = 0; i < inputs.Count; i++)
        {
            if (string.IsNullOrEmpty(inputs[i]))
            {
                return i;
            }
        }

        return -1;
    }
}
