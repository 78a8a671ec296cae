using Analemma.Abi;

namespace Analemma.Daemon.Sockets;

/// <summary>Is told of every syscall but NOOP when it has ended. Any thread; returns at once.</summary>
public interface ISyscallWatch
{
    /// <summary>A call has had its answer, or will have none: then it is cancelled.</summary>
    void Ended(SyscallCall call, SysErrorCode status);

    /// <summary>A request became no call: it could not be read, or too much was in flight.</summary>
    void Refused(int opcode, SysErrorCode status);
}
