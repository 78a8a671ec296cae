using Analemma.Abi;
using Analemma.Abi.AgentOs;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;

namespace Analemma.Daemon.Sockets;

// THE AGENTOS FRAMING ON ONE CONNECTION
//
// There are no request ids, so answers leave in the order of their requests, whatever order the calls end in: a call
// that ends early waits for its turn, and is charged to its caller until then; when too much waits, the answer is that
// it does. An asynchronous request (EXEC) is answered with a receipt in its turn; its result is fetched with ASYNC_POLL
// on the same connection.
internal sealed class AgentOsSession(Connection connection) : Session
{
    private readonly Lock _gate = new();
    private Queue<Turn>? _turns;
    private AgentOsResults? _results;
    private long _waitingBytes;

    public override bool IsIdle
    {
        get
        {
            lock (_gate)
            {
                return _turns is not { Count: > 0 };
            }
        }
    }

    public override bool IsFull
    {
        get
        {
            lock (_gate)
            {
                return _turns?.Count >= connection.Server.Options.AgentOsWaitingMax;
            }
        }
    }

    public Connection Connection => connection;

    /// <summary>Guards the line, the results, and what each call weighs.</summary>
    public Lock Gate => _gate;

    public override void Handle(in DecodedFrame frame)
    {
        var opcode = frame.AgentOs.Opcode;
        switch ((SyscallNumber)opcode)
        {
            case SyscallNumber.Noop:
                connection.Io.Noops++;
                Answer(opcode, frame.Payload);
                return;
            case SyscallNumber.Exit:
                Answer(opcode, AgentOsEncoder.Goodbye);
                return;
            case SyscallNumber.Hello:
                Answer(opcode, AgentOsEncoder.Hello(connection.Server.Options.KernelVersion));
                return;
        }

        var request = AgentOsDecoder.Decode(opcode, frame.Payload);
        if (request.Error is { } error)
        {
            connection.Server.Watch?.Refused(opcode, error.Code);
            Answer(opcode, AgentOsEncoder.EncodeError(opcode, error));
        }
        else if (request.Answer is { } answer)
        {
            Answer(opcode, answer);
        }
        else if (request.PollMax > 0)
        {
            Answer(opcode, AgentOsEncoder.Results(TakeResults(request.PollMax)));
        }
        else
        {
            Begin(opcode, frame.Payload.Length, request with { Syscall = WithWholePath(request.Syscall) });
        }
    }

    public override void End(SysError? refusal, byte opcode)
    {
        List<AgentOsCall> over = [];
        lock (_gate)
        {
            foreach (var turn in _turns ?? [])
            {
                connection.Budget.Give(turn.Bytes);
                if (turn.Call is { } call)
                {
                    connection.Budget.Give(call.Bytes);
                    if (call.EndLocked(null))
                    {
                        over.Add(call);
                    }
                }
            }

            _turns = null;
            over.AddRange(_results?.AbandonLocked(connection.Budget) ?? []);
            _results = null;
            if (refusal is not null)
            {
                Send(opcode, AgentOsEncoder.EncodeError(opcode, refusal));
            }
        }

        foreach (var call in over)
        {
            connection.Server.Watch?.Ended(call, SysErrorCode.Cancelled);
            connection.Server.Sink.Cancelled(call);
        }
    }

    public void Finish(AgentOsCall call, SysErrorCode status, byte[] answer)
    {
        lock (_gate)
        {
            if (call.IsOver)
            {
                return;
            }

            // What has gone into the answer is charged as the answer from now on, and one that leaves at once not at
            // all. Those that wait leave together: they must fit the output.
            var leaves = _turns?.TryPeek(out var next) is true && next.Call == call;
            var waiting = call.AsyncId is null && !leaves ? answer.Length : 0;
            if (_waitingBytes + waiting > connection.Server.Options.OutputBytesMax / 2
                || !call.TryChargeLocked(connection.Budget, leaves ? 0 : answer.Length))
            {
                waiting = 0;
                var error = new SysError(
                    SysErrorCode.TryAgain,
                    "too many bytes of answers wait for this caller",
                    "take the answers that are there, or ask for less at once");
                (status, answer) = (error.Code, AgentOsEncoder.EncodeError(call.Opcode, error));
            }

            _waitingBytes += waiting;
            call.EndLocked(answer);

            if (call.AsyncId is null)
            {
                SendTurnsLocked();
            }
        }

        connection.Server.Watch?.Ended(call, status);
        connection.CallEnded();
    }

    // AgentOS ran in the folder of the programs that used it, and they name scripts from there.
    private Syscall? WithWholePath(Syscall? asked) =>
        asked is Spawn { Script: { Length: > 0 } script } spawn
        && connection.Peer.IsHost
        && !Path.IsPathRooted(script)
        && new FileInfo($"/proc/{connection.Credentials.Pid}/cwd").LinkTarget is { } folder
            ? spawn with { Script = Path.Combine(folder, script) }
            : asked;

    private void Begin(byte opcode, int bytes, AgentOsRequest request)
    {
        var error =
            new SysError(SysErrorCode.TryAgain, "too much is in flight for this caller", "wait for answers first");
        AgentOsCall? call = null;
        lock (_gate)
        {
            if (connection.Budget.TryTake(bytes))
            {
                var asyncId = request.Async ? (_results ??= new AgentOsResults()).IdFor(request.AsyncId) : (ulong?)null;
                call = new AgentOsCall(this, connection.Server.NextCallId(), opcode, bytes, request.Syscall!)
                {
                    AsyncId = asyncId,
                };
                if (asyncId is { } id)
                {
                    if (!_results!.TryAddLocked(call, connection.Server.Options.AgentOsAsyncMax))
                    {
                        connection.Budget.Give(bytes);
                        call = null;
                    }
                }
                else
                {
                    (_turns ??= []).Enqueue(new Turn(opcode, call, null));
                }
            }
        }

        if (call is null)
        {
            connection.Server.Watch?.Refused(opcode, error.Code);
            Answer(opcode, AgentOsEncoder.EncodeError(opcode, error));
            return;
        }

        if (call.AsyncId is { } accepted)
        {
            Answer(opcode, AgentOsEncoder.Accepted(accepted));
        }

        connection.Listener.Submit(call);
    }

    private List<(ulong AsyncId, byte Opcode, byte[] Payload)> TakeResults(int resultsMax)
    {
        lock (_gate)
        {
            return _results?.TakeLocked(resultsMax, connection.Budget) ?? [];
        }
    }

    /// <summary>Answers at once, or in its turn when others are before it.</summary>
    private void Answer(byte opcode, ReadOnlySpan<byte> payload)
    {
        lock (_gate)
        {
            if (_turns is not { Count: > 0 })
            {
                Send(opcode, payload);
                return;
            }

            var kept = connection.Budget.TryTake(payload.Length)
                ? payload.ToArray()
                : AgentOsEncoder.EncodeError(opcode, new SysError(SysErrorCode.TryAgain, "too much is in flight"));
            _turns.Enqueue(new Turn(opcode, null, kept));
        }
    }

    private void SendTurnsLocked()
    {
        while (_turns is not null && _turns.TryPeek(out var turn) && turn.Answered is { } answer)
        {
            _turns.Dequeue();
            _waitingBytes -= turn.Call?.AnswerBytes ?? 0;
            connection.Budget.Give(turn.Bytes + (turn.Call?.Bytes ?? 0));
            Send(turn.Opcode, answer);
        }
    }

    private void Send(byte opcode, ReadOnlySpan<byte> payload)
    {
        var process = connection.Identity.Process;
        var id = process.Value > 0 ? (uint)process.Value : connection.Number;
        Span<byte> header = stackalloc byte[AgentOsFrame.HeaderSize];
        new AgentOsFrame(id, opcode, payload.Length).WriteTo(header);
        connection.Output.Write(header, payload);
    }

    /// <summary>One request in line: a call, or an answer that is there already and only waits.</summary>
    private sealed record Turn(byte Opcode, AgentOsCall? Call, byte[]? Kept)
    {
        public byte[]? Answered => Kept ?? Call!.Answer;

        public int Bytes => Kept?.Length ?? 0;
    }
}
