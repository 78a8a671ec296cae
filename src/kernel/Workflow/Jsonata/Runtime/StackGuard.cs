using System.Runtime.CompilerServices;

namespace Analemma.Workflow.Jsonata.Runtime;

/// <summary>
/// Depth is counted, and its limit ends an expression before a stack of the usual size is full. On a smaller one, which
/// only the thread knows, this does.
/// </summary>
internal static class StackGuard
{
    /// <exception cref="JsonataException">The thread's stack is nearly full.</exception>
    public static void Check(string code, int limit)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new JsonataException(code, limit) { IsStackFull = true };
        }
    }
}
