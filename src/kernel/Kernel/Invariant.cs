using System.Diagnostics.CodeAnalysis;

namespace Analemma.Kernel;

/// <summary>Says what must be true. On in every build: a kernel that is wrong must stop, not go on.</summary>
public static class Invariant
{
    public static void Holds([DoesNotReturnIf(false)] bool condition, string because)
    {
        if (!condition)
        {
            throw new KernelPanicException(because);
        }
    }
}

/// <summary>The kernel found itself wrong. Nobody handles it: the daemon ends, and a new one recovers.</summary>
public sealed class KernelPanicException(string message) : Exception(message);
