using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Models;

namespace Analemma.Kernel.Syscalls;

/// <summary>BUDGETSET: the owner of the machine changes what an agent, a group or a day may spend.</summary>
internal static class BudgetSyscall
{
    public static void Handle(SyscallContext call, BudgetSet request)
    {
        if (!call.Caller.IsHost)
        {
            call.Deny("BUDGETSET", SysError.PermissionDenied(
                "an agent cannot change budgets", "missing capability: budgets"));
            return;
        }

        if (request.Day)
        {
            OfDay(call, request);
        }
        else if (request.Group is { } group)
        {
            OfGroup(call, request, group);
        }
        else
        {
            OfAgent(call, request);
        }
    }

    private static void OfAgent(SyscallContext call, BudgetSet request)
    {
        if (!call.TryTarget(request, deadToo: false, out var target))
        {
            return;
        }

        target.BudgetSet = Changed(target.Budget, request);
        var models = call.State.Models;
        call.Answer(new BudgetSetReply(target.Id, target.Name, target.State, [.. models.Budgets.LeftOf(target)])
        {
            Held = models.Of(target.Id).Count(IsHeld),
        });
    }

    private static void OfGroup(SyscallContext call, BudgetSet request, string name)
    {
        var state = call.State;
        if (state.Options.Models.Groups.FirstOrDefault(group => group.Name == name) is not { } group)
        {
            var known = string.Join(", ", state.Options.Models.Groups.Select(each => each.Name));
            call.Refuse(SysError.InvalidArgument(
                $"there is no group {name}", known.Length == 0 ? "models.groups has none" : $"there are: {known}"));
            return;
        }

        state.Ledger.SetLimit(name, Changed(BudgetLimits.OfGroup(state, group), request));
        call.Answer(new BudgetSetReply(
            ProcessId.None, name, null, [.. state.Models.Budgets.LeftOf(state, group)])
        {
            Held = state.Models.Calls.Count(each => IsHeld(each) && each.Hold.Group == name),
        });
    }

    private static void OfDay(SyscallContext call, BudgetSet request)
    {
        var state = call.State;
        state.Ledger.DayLimit = Changed(BudgetLimits.OfDay(state), request);
        call.Answer(new BudgetSetReply(ProcessId.None, "day", null, [.. state.Models.Budgets.LeftOfDay(state)])
        {
            Held = state.Models.Calls.Count(IsHeld),
        });
    }

    private static bool IsHeld(ModelCall call) => call.State is ModelCallState.Held;

    private static ModelBudget? Changed(ModelBudget old, BudgetSet request) => request.Reset ? null : new ModelBudget
    {
        Tokens = Changed(old.Tokens, request.Tokens),
        Microdollars = Changed(old.Microdollars, request.Microdollars),
    };

    private static long? Changed(long? old, long? asked) => asked is null ? old : asked < 0 ? null : asked;
}
