using Analemma.Abi;
using Analemma.Kernel.Policy;

namespace Analemma.Kernel.Models;

/// <summary>What is said to who names a model that this kernel has not.</summary>
internal static class UnknownModel
{
    /// <summary>Names that are told; the rest is counted.</summary>
    private const int NamesMax = 20;

    public static SysError Refusal(ModelOptions options, string name)
    {
        // Ordinal, so that the same configuration always says the same.
        var known = options.Models.Select(model => (model.Name, Told: model.Name))
            .Concat(options.Aliases.Select(alias => (Name: alias.Key, Told: $"{alias.Key} ({alias.Value})")))
            .OrderBy(each => each.Name, StringComparer.Ordinal)
            .ToList();
        var there = string.Join(", ", known.Take(NamesMax).Select(each => each.Told))
            + (known.Count > NamesMax ? $" and {known.Count - NamesMax} more" : "");
        if (options.Absent.FirstOrDefault(absent => absent.MayHave(name)) is { } absent)
        {
            return new SysError(
                SysErrorCode.NotConfigured,
                $"model {SyscallRules.Quote(name)} is one of {absent.Name}, for which no key is set; there are {there}",
                $"{absent.Remedy}, or ask for \"sim\", the simulated model, which `sim.any_model` lets answer for all");
        }

        var near = Suggestion.For(name, known.Select(each => each.Name));
        return new SysError(
            SysErrorCode.NoSuchModel,
            $"there is no model {SyscallRules.Quote(name)}; there are {there}",
            near is null ? "leave model out to get the default" : $"did you mean {SyscallRules.Quote(near)}?");
    }
}
