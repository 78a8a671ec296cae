using System.Buffers;
using Analemma.Abi;
using Analemma.Abi.AgentOs;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Sockets;

/// <summary>
/// An AgentOS request that waits for its answer, or for its turn to be answered. What the syscall streams is gathered
/// into the one answer that the framing has.
/// </summary>
internal sealed class AgentOsCall(AgentOsSession session, long id, byte opcode, int bytes, Syscall syscall)
    : SyscallCall(id, session.Connection.Peer, syscall)
{
    private const int GatheredBytesMax = 16 * 1024 * 1024;

    private readonly int _requestBytes = bytes;
    private readonly Lock _gathering = new();
    private ArrayBufferWriter<byte>? _gathered;
    private bool _over;
    private bool _cut;

    public byte Opcode => opcode;

    /// <summary>What this call weighs in its caller's budget.</summary>
    public int Bytes { get; private set; } = bytes;

    /// <summary>The part of it that is the answer's, which waits for its turn.</summary>
    public int AnswerBytes { get; private set; }

    /// <summary>The client's number for an asynchronous request, which is not answered in turn.</summary>
    public ulong? AsyncId { get; init; }

    /// <summary>Set when the call has ended.</summary>
    public byte[]? Answer { get; private set; }

    public override bool IsOver => Volatile.Read(ref _over);

    /// <summary>
    /// Under the session's gate: puts what its answer weighs in the place of what was gathered for that. False, with
    /// nothing more charged, when the budget does not have that.
    /// </summary>
    public bool TryChargeLocked(ByteBudget budget, int answerBytes)
    {
        var more = _requestBytes + answerBytes - Bytes;
        var fits = more <= 0 || budget.TryTake(more);
        if (!fits)
        {
            more = _requestBytes - Bytes;
        }

        if (more < 0)
        {
            budget.Give(-more);
        }

        Bytes += more;
        AnswerBytes = fits ? answerBytes : 0;
        return fits;
    }

    /// <summary>Under the session's gate: true for the one who ends it.</summary>
    public bool EndLocked(byte[]? answer)
    {
        var first = !_over;
        if (first)
        {
            Answer = answer;
            Volatile.Write(ref _over, true);
        }

        return first;
    }

    public override void Reply(Reply reply)
    {
        if (IsOver)
        {
            return;
        }

        if (_cut && reply is not ExecReply)
        {
            Fail(new SysError(
                SysErrorCode.TooLarge, "the answer is larger than one AgentOS answer may be", "read it in pieces"));
            return;
        }

        var whole = _cut && reply is ExecReply exec ? exec with { Truncated = true } : reply;
        byte[] answer;
        lock (_gathering)
        {
            try
            {
                answer = AgentOsEncoder.Encode(
                    Opcode, Syscall, whole, _gathered is null ? default : _gathered.WrittenSpan);
            }
            catch (Exception wrong)
            {
                Fail(session.Connection.Unwritable(this, wrong));
                return;
            }

            _gathered = null;
        }

        session.Finish(this, SysErrorCode.Ok, answer);
    }

    public override void Fail(SysError error)
    {
        if (!IsOver)
        {
            lock (_gathering)
            {
                _gathered = null;
            }

            session.Finish(this, error.Code, AgentOsEncoder.EncodeError(Opcode, error));
        }
    }

    public override ValueTask<bool> SendRawAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        // A command's output is marked with its stream in the first byte; here the two are one text.
        var text = Syscall is Exec or Logs ? bytes.Span[1..] : bytes.Span;
        lock (_gathering)
        {
            var fits = (_gathered?.WrittenCount ?? 0) + text.Length <= GatheredBytesMax;
            lock (session.Gate)
            {
                if (IsOver)
                {
                    return new ValueTask<bool>(false);
                }

                // What the session gives back when it ends this call is what has been taken by then.
                fits = fits && session.Connection.Budget.TryTake(text.Length);
                Bytes += fits ? text.Length : 0;
            }

            if (fits)
            {
                (_gathered ??= new ArrayBufferWriter<byte>()).Write(text);
            }

            _cut |= !fits;
        }

        return new ValueTask<bool>(true);
    }

    public override bool TrySendEvent(EventView piece) => false;
}
