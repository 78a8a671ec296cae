using Analemma.Abi.Syscalls;
using Analemma.Kernel.Models;

namespace Analemma.Kernel.Processes;

/// <summary>
/// A process's share of the models, every field decided. All but the budget is looked at for the oldest of a family.
/// </summary>
public sealed record ModelPlan
{
    public string Group { get; init; } = GroupOptions.DefaultName;

    public int Weight { get; init; } = FairNode.WeightDefault;

    public ModelPriority Priority { get; init; } = ModelPriority.Normal;

    public RateLimit Limit { get; init; } = RateLimit.None;

    public ModelBudget Budget { get; init; } = new();
}
