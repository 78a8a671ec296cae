using Analemma.Abi;

namespace Analemma.Client;

/// <summary>The kernel refused a syscall. Carries the refusal as the kernel worded it.</summary>
public sealed class SyscallException : Exception
{
    /// <summary>Makes an exception of a refusal.</summary>
    /// <param name="error">What the kernel answered.</param>
    public SyscallException(SysError error)
        : base(error.Message) => Error = error;

    /// <summary>The whole refusal.</summary>
    public SysError Error { get; }

    /// <summary>The stable code to decide by.</summary>
    public SysErrorCode Code => Error.Code;

    /// <summary>What to do about it, when the kernel knows.</summary>
    public string? Hint => Error.Hint;
}

/// <summary>
/// There is no connection to a kernel: none listens, or the one that did has gone. What was in flight may or may not
/// have happened.
/// </summary>
public sealed class KernelConnectionException : Exception
{
    /// <summary>Makes an exception about the kernel at a socket.</summary>
    /// <param name="socketPath">The socket's path.</param>
    /// <param name="message">What happened.</param>
    /// <param name="inner">The cause, when an exception is the cause.</param>
    public KernelConnectionException(string socketPath, string message, Exception? inner = null)
        : base(message, inner) => SocketPath = socketPath;

    /// <summary>The socket that was tried.</summary>
    public string SocketPath { get; }
}
