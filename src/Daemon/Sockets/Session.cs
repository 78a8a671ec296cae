using Analemma.Abi;
using Analemma.Abi.Frames;

namespace Analemma.Daemon.Sockets;

/// <summary>What a connection does with its frames, in the framing that the client chose.</summary>
internal abstract class Session
{
    /// <summary>Serves one request frame. On the reactor's thread; the payload is valid only during the call.</summary>
    public abstract void Handle(in DecodedFrame frame);

    /// <summary>True when no request waits for its answer.</summary>
    public abstract bool IsIdle { get; }

    /// <summary>True when a request body is on its way in pieces.</summary>
    public virtual bool HasOpenBody => false;

    /// <summary>True when further requests must wait.</summary>
    public virtual bool IsFull => false;

    /// <summary>
    /// The connection ends: every call is over, and the sink is told. A refusal is the last thing that the client gets;
    /// <paramref name="opcode"/> is the offending frame's, if known.
    /// </summary>
    public abstract void End(SysError? refusal, byte opcode);
}
