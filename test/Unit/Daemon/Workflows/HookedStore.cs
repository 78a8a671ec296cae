using System.Reflection;
using System.Runtime.ExceptionServices;
using Analemma.Journal;
using Analemma.Journal.Executions;

namespace Analemma.Unit.Tests.Daemon.Workflows;

/// <summary>A store of executions that a test looks into: before a call it may wait, throw, or do something.</summary>
public class HookedStore : DispatchProxy
{
    private IExecutionStore? _inner;

    /// <summary>Called with a method's name and arguments before the store is; may throw.</summary>
    public Action<string, object?[]>? Before { get; set; }

    /// <summary>Fails the writes that it says true of, as a disk without room does.</summary>
    public Func<ExecutionStoreChange, bool>? IsFull { get; set; }

    public static (IExecutionStore Store, HookedStore Hooks) Make(IExecutionStore inner)
    {
        var store = Create<IExecutionStore, HookedStore>();
        var hooks = (HookedStore)(object)store;
        hooks._inner = inner;
        return (store, hooks);
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        Before?.Invoke(targetMethod!.Name, args!);
        if (args is [ExecutionStoreChange change, Action<JournalStoreException?> done]
            && IsFull?.Invoke(change) == true)
        {
            ThreadPool.QueueUserWorkItem(_ => done(new JournalStoreException(JournalStoreFailure.Full, "no room")));
            return null;
        }

        try
        {
            return targetMethod!.Invoke(_inner, args);
        }
        catch (TargetInvocationException wrong)
        {
            ExceptionDispatchInfo.Throw(wrong.InnerException!);
            throw;
        }
    }
}
