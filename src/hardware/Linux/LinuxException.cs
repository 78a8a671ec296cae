using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Analemma.Linux;

/// <summary>A libc call failed. Says which call, with which arguments as written, and why.</summary>
public sealed class LinuxException(int errno, string call)
    : Exception($"{call}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno})")
{
    public int Errno { get; } = errno;

    /// <summary>What the error number means, without the call.</summary>
    public string Reason { get; } = Marshal.GetPInvokeErrorMessage(errno);

    internal static int ThrowIfFailed(int result, [CallerArgumentExpression(nameof(result))] string call = "") =>
        result >= 0 ? result : throw new LinuxException(Marshal.GetLastPInvokeError(), call);

    internal static nint ThrowIfFailed(nint result, [CallerArgumentExpression(nameof(result))] string call = "") =>
        result >= 0 ? result : throw new LinuxException(Marshal.GetLastPInvokeError(), call);
}
