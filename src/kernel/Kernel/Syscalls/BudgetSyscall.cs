using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Budgets;
using Analemma.Kernel.Models;

namespace Analemma.Kernel.Syscalls;

/// <summary>BUDGETSET: the owner of the machine changes what an agent may spend.</summary>
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

        if (!call.TryTarget(request, deadToo: false, out var target))
        {
            return;
        }

        target.BudgetSet = new ModelBudget
        {
            Tokens = Changed(target.Budget.Tokens, request.Tokens),
            Microdollars = Changed(target.Budget.Microdollars, request.Microdollars),
        };
        var models = call.State.Models;
        call.Answer(new BudgetSetReply(target.Id, target.Name, target.State, [.. models.Budgets.LeftOf(target)])
        {
            Held = models.Of(target.Id).Count(each => each.State is ModelCallState.Held),
        });
    }

    private static long? Changed(long? old, long? asked) => asked is null ? old : asked < 0 ? null : asked;
}
