using System.Diagnostics;
using System.Diagnostics.Metrics;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Daemon.Telemetry.Instruments;

// INSTRUMENTS
//
// All that the daemon counts and measures goes through here, to whoever listens: the store behind METRICS and the
// Prometheus endpoint, and OpenTelemetry when it is configured. It decides nothing, and is told only what has happened.
//
// No text of prompts or answers, no paths and no keys come in; attributes are names from closed sets, models and
// providers of the configuration, and names of agents, of which only so many are kept apart (AgentLabels).

/// <summary>The instruments that are told of each thing as it happens. Any thread.</summary>
internal sealed class KernelMeter : ISyscallWatch, IDisposable
{
    public const string Name = "Analemma";

    private readonly Counter<long> _syscalls;
    private readonly Histogram<double> _syscallDuration;
    private readonly Counter<long> _commits;
    private readonly Counter<long> _records;
    private readonly Histogram<double> _commitDuration;
    private readonly Histogram<double> _agentStart;
    private readonly Histogram<double> _queueWait;
    private readonly Counter<long> _calls;
    private readonly Counter<long> _tokens;
    private readonly Counter<long> _cost;
    private readonly Counter<long> _attempts;

    public KernelMeter(string version, int agentsMax)
    {
        Meter = new Meter(Name, version);
        Agents = new AgentLabels(agentsMax);
        GenAi = new GenAiMeter(this);
        _syscalls = Counter(MetricSpecs.Syscalls);
        _syscallDuration = Histogram(MetricSpecs.SyscallDuration);
        _commits = Counter(MetricSpecs.JournalCommits);
        _records = Counter(MetricSpecs.JournalRecords);
        _commitDuration = Histogram(MetricSpecs.JournalDuration);
        _agentStart = Histogram(MetricSpecs.AgentStart);
        _queueWait = Histogram(MetricSpecs.QueueWait);
        _calls = Counter(MetricSpecs.Calls);
        _tokens = Counter(MetricSpecs.ModelTokens);
        _cost = Counter(MetricSpecs.ModelCost);
        _attempts = Counter(MetricSpecs.Attempts);
    }

    public Meter Meter { get; }

    public AgentLabels Agents { get; }

    public GenAiMeter GenAi { get; }

    public void Ended(SyscallCall call, SysErrorCode status)
    {
        CallSpans.End(call, status);
        var name = Names.Of(call.Syscall.Number);
        _syscalls.Add(1, Tag("syscall", name), Tag("status", Names.Of(status)));
        _syscallDuration.Record(Stopwatch.GetElapsedTime(call.Received.Timestamp).TotalSeconds, Tag("syscall", name));
    }

    public void Refused(int opcode, SysErrorCode status) => _syscalls.Add(
        1, Tag("syscall", Names.Of((SyscallNumber)opcode)), Tag("status", Names.Of(status)));

    public void Committed(int records, TimeSpan took, bool isKept)
    {
        _commits.Add(1, Tag("outcome", isKept ? "ok" : "failed"));
        _records.Add(isKept ? records : 0);
        _commitDuration.Record(took.TotalSeconds);
    }

    public void AgentStarted(string tier, TimeSpan took) => _agentStart.Record(took.TotalSeconds, Tag("tier", tier));

    public void TurnGiven(StartModelCall start)
    {
        Agents.Counts(start.Process, start.Agent);
        if (start.WaitTicks is { } wait)
        {
            _queueWait.Record(TimeSpan.FromTicks(wait).TotalSeconds, Tag("provider", start.Provider));
            _calls.Add(1, Tag("agent", Agents.Label(start.Agent)), Tag("throttled", wait > 0 ? "true" : "false"));
        }
    }

    public void AttemptEnded(StartModelCall start, ModelResult result) => _attempts.Add(
        1,
        Tag("provider", start.Provider),
        Tag("model", start.Model),
        Tag("outcome", result.Failure is { } failure ? Names.Of(failure.Kind) : "ok"));

    public void Settled(UsageSettled settled)
    {
        var (agent, spend) = (Tag("agent", Agents.Of(settled.Process)), settled.Spend);
        var (provider, model) = (Tag("provider", settled.Provider), Tag("model", settled.Model));
        _tokens.Add(spend.InputTokens, agent, provider, model, Tag("type", "input"));
        _tokens.Add(spend.OutputTokens, agent, provider, model, Tag("type", "output"));
        _cost.Add(spend.Microdollars, agent, provider, model);
    }

    public void Dispose() => Meter.Dispose();

    public static KeyValuePair<string, object?> Tag(string name, string? value) => new(name, value);

    public Counter<long> Counter(MetricSpec spec) => Meter.CreateCounter<long>(spec.Name, spec.Unit, spec.Description);

    public Histogram<double> Histogram(MetricSpec spec) => Meter.CreateHistogram(
        spec.Name,
        spec.Unit,
        spec.Description,
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = spec.Bounds });

    /// <summary>A gauge or counter that is looked at when somebody collects.</summary>
    public void Observe(MetricSpec spec, Func<IEnumerable<Measurement<double>>> look)
    {
        if (spec.Kind is MetricKind.Counter)
        {
            Meter.CreateObservableCounter(spec.Name, look, spec.Unit, spec.Description);
        }
        else
        {
            Meter.CreateObservableGauge(spec.Name, look, spec.Unit, spec.Description);
        }
    }
}
