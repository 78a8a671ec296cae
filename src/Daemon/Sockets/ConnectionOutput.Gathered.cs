using Analemma.Linux;

namespace Analemma.Daemon.Sockets;

/// <summary>What the answers of one turn gather to, and how it leaves.</summary>
internal sealed partial class ConnectionOutput
{
    /// <summary>What one turn's answers gather to at most before they are sent.</summary>
    private const int GatheredBytesMax = 64 * 1024;

    private bool _gathered;

    /// <summary>Sends what a turn's answers have gathered; what the client does not take now waits as ever.</summary>
    public void SendGathered()
    {
        lock (_gate)
        {
            SendGatheredLocked();
        }

        owner.OutputLeft();
    }

    /// <summary>
    /// Makes room for a frame that a turn answers with, or sends what was gathered when there is none: then it goes as
    /// any other does. False when the connection has gone.
    /// </summary>
    private bool GatherLocked(int bytes)
    {
        if (_gathered && (Queued + bytes > GatheredBytesMax || !ReserveLocked(bytes)))
        {
            return SendGatheredLocked();
        }

        if (_pending is null && bytes < CopiedBytesMax && GatheredSends.IsOpen && ReserveLocked(bytes))
        {
            _gathered = true;
            GatheredSends.Add(this);
        }

        return true;
    }

    /// <summary>False when the connection has gone.</summary>
    private bool SendGatheredLocked()
    {
        if (!_gathered || _closed || _broken || _pending is null)
        {
            _gathered = false;
            return !_closed && !_broken;
        }

        _gathered = false;
        var sent = SendPendingLocked();
        if (sent < 0 && sent is not (-Errno.EAGAIN or -Errno.EINTR))
        {
            return BreakLocked();
        }

        TakenLocked(Math.Max(sent, 0));
        if (_pending is not null)
        {
            InterestLocked(_interest | Readiness.Write);
        }

        return true;
    }
}
