using System.Diagnostics.CodeAnalysis;
using Analemma.Abi;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Processes;

namespace Analemma.Kernel.Models;

// THE MODEL SCHEDULER
//
//   THINK ──► checks, reservation ──► Queued ──► Running ──► Settling ──► answered
//                   │ too little       ▲  ▲         │ failed
//                   ▼                  │  │         ├──► BackingOff ──► Queued again, first in line (retry)
//                 Held ── resumed ─────┘  └─────────┘    in the queue of another model (fallback)
//
// A call that is Running may have two attempts under way (ModelHedging).
//
// A call is in one of these states from its arrival to its one answer (ModelAdmission, ModelDispatch, ModelEnd,
// ModelCancel are the ways between them). All of it is volatile, and begins anew with each kernel start: callers are
// gone then too. The durable part, what was spent, is the ledger's (see Budgets).
//
// Turns: each provider has a lane with slots and a fair queue, whose counters are its own: a slot of one provider is of
// no use to who waits for another. Whatever may let calls go marks its lane; at the end of the event all marked lanes
// give out turns, so that one event's order of changes never decides who goes first.
public sealed class ModelScheduler
{
    private readonly Dictionary<CallId, ModelCall> _calls = [];
    private readonly Dictionary<ProcessId, Dictionary<CallId, ModelCall>> _byProcess = [];
    private readonly Dictionary<ProcessId, AgentAccount> _accounts = [];
    private readonly Dictionary<string, ModelGate> _gates = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HedgeMeter> _hedges = new(StringComparer.Ordinal);
    private readonly List<ProviderLane> _lanes = [];
    private readonly Queue<ProviderLane> _dirty = new();
    private ModelOptions _options = new();

    public ModelScheduler() => Reset(new ModelOptions());

    public IReadOnlyCollection<ModelCall> Calls => _calls.Values;

    internal Budgets.Budgets Budgets { get; private set; } = new();

    /// <summary>Of the clients on the host, all together.</summary>
    internal ModelMeter HostMeter { get; private set; } = new();

    /// <summary>What all have had since the kernel started, of which each has a share.</summary>
    internal long ServiceTotal { get; set; }

    internal KernelRandom Random { get; private set; } = new(0);

    internal IReadOnlyList<ProviderLane> Lanes => _lanes;

    /// <summary>One for each model and alias whose calls may be hedged.</summary>
    internal IReadOnlyCollection<HedgeMeter> Hedges => _hedges.Values;

    /// <summary>Calls that came into a queue with this event: they need a timer if they stay.</summary>
    internal List<ModelCall> Fresh { get; } = [];

    /// <summary>Calls under way at a provider.</summary>
    public int Running(string provider) => _lanes.First(lane => lane.Options.Name == provider).Running;

    /// <summary>Calls that wait for their turn at a provider.</summary>
    public int Waiting(string provider) => _lanes.First(lane => lane.Options.Name == provider).Queue.Count;

    /// <summary>Tokens and money that are reserved by calls that are not settled.</summary>
    public Budgets.Amount Reserved => Budgets.Reserved;

    /// <summary>The part of it that was answered, by calls that are over, and is not on disk.</summary>
    public Budgets.Amount Answered => Budgets.Leases.Used;

    /// <summary>What a process and its descendants have reserved.</summary>
    public Budgets.Amount ReservedOf(ProcessId process) => Budgets.ReservedOf(process);

    /// <summary>A kernel starts: nobody of before waits, and the options are new.</summary>
    internal void Reset(ModelOptions options)
    {
        Invariant.Holds(!options.Problems().Any(), "the daemon checks options before it starts the kernel");
        _options = options;
        _calls.Clear();
        _byProcess.Clear();
        _accounts.Clear();
        _gates.Clear();
        _hedges.Clear();
        _lanes.Clear();
        _dirty.Clear();
        Fresh.Clear();
        Budgets = new Budgets.Budgets();
        Random = new KernelRandom(options.Seed);
        HostMeter = new ModelMeter();
        ServiceTotal = 0;
        _lanes.AddRange(options.Providers.Select((provider, index) => new ProviderLane(provider, index)));
        foreach (var entry in options.Models)
        {
            var lane = _lanes.First(lane => lane.Options.Name == entry.Provider);
            _gates.Add(entry.Name, new ModelGate(entry, lane, options.Retry));
        }

        foreach (var (name, hedge) in options.Hedges)
        {
            _hedges.Add(name, new HedgeMeter(name, hedge));
        }
    }

    /// <summary>A model by its name, an alias, or as one of the names that a provider takes all of.</summary>
    internal bool TryGate(string? name, [NotNullWhen(true)] out ModelGate? gate)
    {
        var wanted = name ?? _options.Default;
        wanted = _options.Aliases.GetValueOrDefault(wanted, wanted);
        if (_gates.TryGetValue(wanted, out gate))
        {
            return true;
        }

        return _options.Providers.FirstOrDefault(provider => provider.AnyModel is not null) is { } any
            && _gates.TryGetValue(any.AnyModel!, out gate);
    }

    internal ModelGate Gate(string model) => _gates[model];

    /// <summary>By the name that was asked for, which may be an alias, else by the model's.</summary>
    internal HedgeMeter? HedgesOf(string? name, ModelGate gate) => _hedges.Count == 0 ? null
        : _hedges.GetValueOrDefault(name ?? _options.Default) ?? _hedges.GetValueOrDefault(gate.Entry.Name);

    internal AgentAccount Account(KernelState state, Process? caller)
    {
        var root = caller;
        while (root is not null && state.Processes.TryGet(root.Parent, out var above))
        {
            root = above;
        }

        var id = root?.Id ?? ProcessId.None;
        if (!_accounts.TryGetValue(id, out var account))
        {
            _accounts.Add(id, account = NewAccount(root));
        }

        return account;
    }

    /// <summary>Whether it has calls that are not over.</summary>
    internal bool IsAsking(ProcessId process) => _byProcess.ContainsKey(process);

    internal bool TryGet(CallId id, [NotNullWhen(true)] out ModelCall? call) => _calls.TryGetValue(id, out call);

    internal IReadOnlyList<ModelCall> Of(ProcessId process) =>
        _byProcess.TryGetValue(process, out var calls) ? [.. calls.Values] : [];

    internal void Add(ModelCall call)
    {
        _calls.Add(call.Id, call);
        call.Account.Calls++;
        if (!_byProcess.TryGetValue(call.Process, out var calls))
        {
            _byProcess.Add(call.Process, calls = []);
        }

        calls.Add(call.Id, call);
    }

    internal void Remove(ModelCall call)
    {
        _calls.Remove(call.Id);
        call.Account.Calls--;
        var calls = _byProcess[call.Process];
        calls.Remove(call.Id);
        if (calls.Count == 0)
        {
            _byProcess.Remove(call.Process);
        }

        Forget(call.Account);
    }

    /// <summary>A process has ended; if its family ends with it, so does its account, after its last call.</summary>
    internal void Gone(Process process)
    {
        if (_accounts.TryGetValue(process.Id, out var account))
        {
            account.IsGone = true;
            Forget(account);
        }
    }

    /// <summary>The agent did something else than think.</summary>
    internal void Acted(KernelState state, Caller caller)
    {
        if ((_options.Runaway.TokensWithoutProgressMax > 0 || state.Fleets.Watchdogs.HeedsTokens) && !caller.IsHost
            && state.Processes.TryGet(caller.Process, out var process))
        {
            Account(state, process).Runaway.TokensWithoutProgress = 0;
        }
    }

    internal void Mark(ProviderLane lane)
    {
        if (!lane.IsDirty)
        {
            lane.IsDirty = true;
            _dirty.Enqueue(lane);
        }
    }

    /// <summary>Ends an event: gives out turns wherever something changed.</summary>
    internal void GiveTurns(KernelState state, List<Effect> effects)
    {
        while (_dirty.TryDequeue(out var lane))
        {
            lane.IsDirty = false;
            ModelDispatch.GiveTurns(state, lane, effects);
        }

        foreach (var call in Fresh)
        {
            ModelDispatch.ArmQueueTimer(state, call, effects);
        }

        Fresh.Clear();
    }

    private void Forget(AgentAccount account)
    {
        if (account is { IsGone: true, Calls: 0 } && _accounts.Remove(account.Root))
        {
            foreach (var lane in _lanes)
            {
                lane.Queue.Forget(account.Share.Name);
            }
        }
    }

    private AgentAccount NewAccount(Process? root)
    {
        var plan = root?.Plan.Models ?? new ModelPlan();
        var group = _options.Groups.FirstOrDefault(group => group.Name == plan.Group)
            ?? new GroupOptions(plan.Group);
        return new AgentAccount(
            root?.Id ?? ProcessId.None,
            new FairShare(root is null ? "host" : root.Id.ToString(), plan.Weight),
            new FairShare(group.Name, group.Weight),
            plan.Priority,
            root is null ? RateLimit.None : plan.Limit,
            _options.Runaway)
        {
            Name = root?.Name ?? "host",
            IsGone = root is { IsAlive: false },
            Meter = root?.Meter ?? HostMeter,
        };
    }
}
