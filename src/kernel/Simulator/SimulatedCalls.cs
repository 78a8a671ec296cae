using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;
using Analemma.Kernel.Models;
using Analemma.Kernel.Network;

namespace Analemma.Simulator;

/// <summary>One request of a simulated client, and what became of it.</summary>
internal sealed record SimulatedCall(CallId Id, SimulatedConnection Connection, Syscall Syscall, long IssuedAt)
{
    public int Ends { get; set; }

    /// <summary>The client took it back or has gone: it expects nothing any more.</summary>
    public bool IsOver { get; set; }

    public bool IsOpen => !IsOver && Ends == 0;

    /// <summary>Waits as long as others let it; every other call must come to an end by itself.</summary>
    public bool MayWaitForever =>
        Syscall is Subscribe { Stream: not false } or Wait { TimeoutMs: null } or Recv { TimeoutMs: null };

    public override string ToString() => $"call {Id.Value} of {Connection.Caller} {Syscall}";
}

/// <summary>A socket with somebody at its other end.</summary>
internal sealed record SimulatedConnection(Caller Caller)
{
    public List<SimulatedCall> Calls { get; } = [];

    public bool IsOpen { get; set; } = true;

    /// <summary>When the last message arrives: a socket keeps order.</summary>
    public long ArrivesAt { get; set; }
}

/// <summary>
/// All requests of one kernel start. Ids begin again with each, as the kernel's contract allows. Counts every end, so
/// that an answer too many is noticed as well as one too few. A quiet SEND ends once as any call does: that its client
/// is told of a refusal only is the connection's doing.
/// </summary>
internal sealed class SimulatedCalls(SimulatedClock clock, Action<Syscall, Reply> answered)
{
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(120);

    private readonly Dictionary<CallId, SimulatedCall> _calls = [];
    private readonly Queue<SimulatedCall> _oldest = new();
    private long _next = 1;

    public long Total { get; private set; }

    /// <summary>Told of every end.</summary>
    public Action<Syscall, string>? Ended { get; set; }

    /// <summary>How THINKs ended, by the code of their refusal or ok.</summary>
    public SortedDictionary<string, long> Thoughts { get; } = new(StringComparer.Ordinal);

    /// <summary>How CALLTOOLs ended, likewise.</summary>
    public SortedDictionary<string, long> ToolCalls { get; } = new(StringComparer.Ordinal);

    /// <summary>How requests about conversations ended.</summary>
    public SortedDictionary<string, long> Talks { get; } = new(StringComparer.Ordinal);

    /// <summary>How requests about the store ended.</summary>
    public SortedDictionary<string, long> Values { get; } = new(StringComparer.Ordinal);

    public SimulatedCall Issue(SimulatedConnection connection, Syscall syscall)
    {
        var call = new SimulatedCall(new CallId(_next++), connection, syscall, clock.Ticks);
        _calls.Add(call.Id, call);
        _oldest.Enqueue(call);
        connection.Calls.Add(call);
        Total++;
        return call;
    }

    public void Answered(CallId id, Reply reply)
    {
        var call = End(id, reply);
        var expected = call.Syscall switch
        {
            Spawn => reply is SpawnReply,
            Kill => reply is KillReply,
            Pause or Resume => reply is PauseReply,
            List => reply is ListReply,
            Wait or Inspect => reply is ProcessView,
            Status => reply is StatusReply,
            Llm => reply is LlmReply,
            Subscribe => reply is SubscribeReply,
            PollEvents => reply is PollEventsReply,
            Unsubscribe => reply is UnsubscribeReply,
            PipeOpen or PipeClose => reply is PipeView,
            PipeWrite => reply is PipeWriteReply,
            PipeRead => reply is PipeReadReply,
            PipeList => reply is PipeListReply,
            Emit => reply is EmitReply,
            Shutdown => reply is ShutdownReply,
            BudgetSet => reply is BudgetSetReply,
            Think => reply is ThinkReply,
            Embed => reply is EmbedReply,
            Endpoint => reply is EndpointReply,
            WorkflowCall => reply is WorkflowCallReply,
            WorkflowListen => reply is WorkflowListenReply,
            Http or Relay => reply is HttpReply,
            ConversationOpen or ConversationAppend or ConversationFork or ConversationTruncate =>
                reply is ConversationView,
            ConversationCompact => reply is ConversationCompactReply,
            ConversationTokens => reply is ConversationTokensReply,
            ConversationShow => reply is ConversationShowReply,
            ConversationList => reply is ConversationListReply,
            ConversationClose => reply is ConversationCloseReply,
            Store => reply is StoreReply,
            Fetch => reply is FetchReply,
            Delete => reply is DeleteReply,
            Keys => reply is KeysReply,
            SecretSet => reply is SecretSetReply,
            SecretList => reply is SecretListReply,
            SecretRemove => reply is SecretRemoveReply,
            ListTools => reply is ListToolsReply,
            CallTool => reply is CallToolReply,
            ToolServers => reply is ToolServersReply,
            RestartTools => reply is ToolServerView,
            Send => reply is SendReply,
            Recv => reply is RecvReply,
            Broadcast => reply is BroadcastReply,
            Register => reply is MailboxView,
            Unregister => reply is UnregisterReply,
            Ack or Nack => reply is AckReply,
            FleetApply => reply is FleetApplyReply,
            FleetDown => reply is FleetDownReply,
            FleetStatus => reply is FleetStatusReply,
            FleetRestart => reply is FleetRestartReply,
            Watch => reply is WatchReply,
            Restart => reply is RestartReply,
            Escalate => reply is EscalateReply,
            Ready => reply is ReadyReply,
            _ => true,
        };
        ViolationException.Unless(expected, "an answer fits its request", $"{call} got {reply}");
        answered(call.Syscall, reply);
    }

    public void Refused(CallId id, SysError error)
    {
        ViolationException.Unless(
            error.Code is not (SysErrorCode.Ok or SysErrorCode.Internal) && error.Message.Length > 0,
            "a refusal says why", $"call {id.Value} got {error}");
        End(id, error);
    }

    /// <summary>A subscriber is sent an event. One that has just gone away does not mind.</summary>
    public SimulatedCall? Published(CallId id)
    {
        ViolationException.Unless(
            _calls.TryGetValue(id, out var call) && call is { Syscall: Subscribe { Stream: not false }, Ends: 0 },
            "events go to subscribers", $"call {id.Value}: {call}");
        return call!.IsOver ? null : call;
    }

    /// <summary>Every connection is gone, as when the kernel is killed.</summary>
    public void CloseAll()
    {
        foreach (var call in _calls.Values)
        {
            call.IsOver = true;
            call.Connection.IsOpen = false;
        }

        _calls.Clear();
        _oldest.Clear();
        _next = 1;
    }

    public SimulatedCall? Find(CallId id) => _calls.GetValueOrDefault(id);

    public Caller? CallerOf(CallId id) => _calls.TryGetValue(id, out var call) ? call.Connection.Caller : null;

    /// <summary>Somebody still waits for its answer.</summary>
    public bool IsWanted(CallId id) => _calls.TryGetValue(id, out var call) && call.IsOpen;

    public void CheckAges(SimulatedKernel kernel)
    {
        bool IsHeld(SimulatedCall call) => call.Syscall is Think or Embed or ConversationCompact && kernel.IsUp
            && kernel.State.Models.Calls.Any(
            known => known.Id == call.Id && known.State is ModelCallState.Held);

        while (_oldest.TryPeek(out var oldest) && (!oldest.IsOpen || oldest.MayWaitForever || IsHeld(oldest)))
        {
            _oldest.Dequeue();
        }

        ViolationException.Unless(
            !_oldest.TryPeek(out var call) || clock.Ticks - call.IssuedAt < AnswerTimeMax.Ticks,
            "every request is answered", $"{call} has waited for {AnswerTimeMax.TotalSeconds} s");
    }

    /// <summary>When a kernel stops, nobody lives any more, so there is nothing left to wait for but events.</summary>
    public void CheckAllAnswered()
    {
        var justNow = clock.Ticks - TimeSpan.TicksPerSecond;
        var open = _calls.Values.FirstOrDefault(
            call => call.IsOpen
                && call.Syscall is (Spawn or Kill or Wait or Think or Embed or CallTool or ListTools or ConversationOpen
                    or ConversationSyscall or StoreSyscall)
                && call.IssuedAt < justNow);
        ViolationException.Unless(open is null, "every request is answered", $"{open} has no answer at the end");
    }

    private SimulatedCall End(CallId id, object with)
    {
        ViolationException.Unless(
            _calls.TryGetValue(id, out var call), "answers go to requests", $"nobody made call {id.Value}, got {with}");
        call!.Ends++;
        ViolationException.Unless(
            call.Ends == 1, "every request is answered once", $"{call} was answered again, with {with}");
        call.Connection.Calls.Remove(call);
        var outcome = with is SysError error ? error.CodeName : "ok";
        if (call.Syscall is Think or CallTool)
        {
            var outcomes = call.Syscall is Think ? Thoughts : ToolCalls;
            outcomes[outcome] = outcomes.GetValueOrDefault(outcome) + 1;
        }

        if (call.Syscall is StoreSyscall)
        {
            var what = $"{call.Syscall.Number} {outcome}";
            Values[what] = Values.GetValueOrDefault(what) + 1;
        }

        if (call.Syscall is ConversationSyscall or ConversationOpen or Think { Conversation: not null })
        {
            var what = $"{call.Syscall.Number} {outcome}";
            Talks[what] = Talks.GetValueOrDefault(what) + 1;
        }

        Ended?.Invoke(call.Syscall, outcome);
        return call;
    }
}
