using System.Text.Json;
using Analemma.Abi;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Tools;

namespace Analemma.Simulator;

/// <summary>
/// The servers of tools of a simulated world: they start late or not at all, answer, fail, hang, die with calls inside,
/// and change what they have. It is also the one who sees whether a call was permitted and recorded, and whether two
/// starts of one server overlap.
/// </summary>
internal sealed class SimulatedTools(World world)
{
    /// <summary>How long a call may go on for somebody who has gone.</summary>
    private static readonly TimeSpan CancelTimeMax = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan HearTimeMax = TimeSpan.FromMilliseconds(500);

    private static readonly ToolFailure Gone = new(ToolFailureKind.Server, "it has ended");

    private static readonly JsonElement AnyObject = Json("""{"type":"object"}""");

    private static readonly JsonElement Number = Json(
        """{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"],"additionalProperties":false}""");

    private readonly Dictionary<string, Started> _up = new(StringComparer.Ordinal);
    private readonly Dictionary<CallId, Run> _running = [];
    private readonly HashSet<CallId> _answers = [];
    private readonly HashSet<CallId> _made = [];
    private readonly HashSet<CallId> _recorded = [];
    private readonly Dictionary<(string Server, long Start), long> _died = [];

    /// <summary>Calls of tools over all kernel starts.</summary>
    public int Calls { get; private set; }

    /// <summary>Servers that died with a call inside.</summary>
    public int Deaths { get; private set; }

    public int Running(string server) => _running.Values.Count(call => call.Start.Server == server);

    public void Start(StartToolServer start)
    {
        ViolationException.Unless(
            !_up.ContainsKey(start.Server), "one start of a server at a time", start.ToString());
        _died.Remove((start.Server, start.Start - 1));
        var server = new Started(start);
        _up.Add(start.Server, server);
        var fails = !world.IsCalm && world.Random.Chance(world.Options.ToolFaults);
        server.Due = world.Clock.After(
            world.Random.Delay(100, 200_000), () => Come(server, fails));
    }

    public void Stop(StopToolServer stop)
    {
        if (_up.TryGetValue(stop.Server, out var server) && server.Start.Start == stop.Start)
        {
            server.Due.Cancel();
            server.Due = world.Clock.After(world.Random.Delay(100, 300_000), () => End(server, "stopped"));
        }
    }

    public void Call(StartToolCall start)
    {
        ViolationException.Unless(_made.Add(start.Call), "a tool is called once for a call", start.ToString());
        var isUp = _up.TryGetValue(start.Server, out var server) && server.IsReady && server.Start.Start == start.Start;
        ViolationException.Unless(
            isUp || _died.ContainsKey(
                (start.Server, start.Start)), "calls go to servers that are up", start.ToString());
        ViolationException.Unless(
            _recorded.Contains(start.Call), "no tool is called before its record is on disk", start.ToString());
        CheckRight(start);
        Calls++;
        var call = new Run(start);
        _running.Add(start.Call, call);
        var most = world.Options.Kernel.Tools.Servers.First(known => known.Name == start.Server).CallsMax;
        ViolationException.Unless(
            Running(start.Server) <= most,
            "a server gets no more calls than it takes", $"{start.Server} runs {Running(start.Server)} of {most}");
        if (isUp)
        {
            Go(call);
        }
        else
        {
            // The kernel has not heard of its end yet.
            call.Due = world.Clock.After(world.Random.Delay(10, 1_000), () => End(call, Gone));
        }
    }

    public void Cancel(CancelToolCall cancel)
    {
        if (_running.TryGetValue(cancel.Call, out var call))
        {
            call.WasCancelled = true;
            call.Due.Cancel();
            call.Due = world.Clock.After(
                world.Random.Delay(50, 100_000),
                () => End(call, new ToolFailure(ToolFailureKind.Cancelled, "taken back")));
        }
    }

    public void Answer(AnswerToolCall answer)
    {
        ViolationException.Unless(
            _answers.Contains(answer.Call), "a result is what the tool said", answer.ToString());
        world.Calls.Answered(answer.Call, answer.Known with { Content = "42" });
    }

    /// <summary>The journal has the record of a call.</summary>
    public void Recorded(CallId call) => _recorded.Add(call);

    /// <summary>The kernel is gone, and every server with it.</summary>
    public void Clear()
    {
        foreach (var due in _up.Values.Select(server => server.Due).Concat(_running.Values.Select(call => call.Due)))
        {
            due.Cancel();
        }

        _up.Clear();
        _running.Clear();
        _answers.Clear();
        _made.Clear();
        _recorded.Clear();
        _died.Clear();
    }

    /// <summary>What the kernel counts is what runs; what runs for nobody was taken back.</summary>
    public void Check(ToolRegistry tools)
    {
        foreach (var server in tools.Servers)
        {
            ViolationException.Unless(
                server.Running == Running(server.Name),
                "tool accounts are consistent",
                $"{Running(server.Name)} run at {server.Name}, the kernel says {server.Running}");
            ViolationException.Unless(
                server.State is ToolServerState.Idle
                || !_died.TryGetValue((server.Name, server.Starts), out var since)
                || world.Clock.Ticks - since < HearTimeMax.Ticks,
                "the kernel hears of every end of a server", $"{server.Name} is {server.State} long after its end");
        }

        foreach (var call in _running.Values.Where(call => !world.Calls.IsWanted(call.Start.Call)))
        {
            call.UnwantedSince ??= world.Clock.Ticks;
            ViolationException.Unless(
                call.WasCancelled || world.Clock.Ticks - call.UnwantedSince < CancelTimeMax.Ticks,
                "tool calls of those who have gone are taken back", call.Start.ToString());
        }
    }

    private void CheckRight(StartToolCall start)
    {
        if (start.Process == ProcessId.None)
        {
            return;
        }

        // The simulator's own reading of the rights, as simple as can be.
        var plan = world.Kernel.State.Processes.TryGet(start.Process, out var process) ? process.Plan.Tools : [];
        ViolationException.Unless(
            plan.Contains($"{start.Server}/{start.Tool}") || plan.Contains($"{start.Server}/*"),
            "no tool is called without the right", $"{start} with {string.Join(", ", plan)}");
    }

    private void Come(Started server, bool fails)
    {
        if (fails)
        {
            End(server, "it could not be started");
            return;
        }

        server.IsReady = true;
        Arrive(new ToolServerReady(server.Start.Server, server.Start.Start, Tools()) { At = world.Clock.Ticks });
        Live(server);
    }

    /// <summary>Until it changes its tools, or dies, or neither.</summary>
    private void Live(Started server)
    {
        if (!ReferenceEquals(_up.GetValueOrDefault(server.Start.Server), server))
        {
            // What it told the kernel was the kernel's end.
            return;
        }

        var dies = !world.IsCalm && world.Random.Chance(world.Options.ToolFaults);
        var changes = world.Random.Chance(3_000);
        if (!dies && !changes)
        {
            return;
        }

        server.Due = world.Clock.After(world.Random.Delay(1_000, 2_000_000), () =>
        {
            if (dies)
            {
                Deaths += Running(server.Start.Server) > 0 ? 1 : 0;
                End(server, "it died");
                return;
            }

            Arrive(new ToolServerChanged(server.Start.Server, server.Start.Start, Tools()) { At = world.Clock.Ticks });
            Live(server);
        });
    }

    /// <summary>All inside ends first, as the runner has it.</summary>
    private void End(Started server, string reason)
    {
        server.IsReady = false;
        server.Due.Cancel();
        _died[(server.Start.Server, server.Start.Start)] = world.Clock.Ticks;
        foreach (var call in _running.Values.Where(call => call.Start.Server == server.Start.Server).ToArray())
        {
            call.Due.Cancel();
            End(call, new ToolFailure(ToolFailureKind.Server, reason));
        }

        _up.Remove(server.Start.Server);
        var boot = world.Kernel.Boot;
        world.Clock.After(world.Random.Delay(1, 2_000), () =>
        {
            if (world.Kernel.Boot == boot)
            {
                Arrive(new ToolServerEnded(server.Start.Server, server.Start.Start, reason) { At = world.Clock.Ticks });
            }
        });
    }

    private void Go(Run call)
    {
        if (!world.IsCalm && world.Random.Chance(world.Options.ToolHangs))
        {
            return;
        }

        var failure = world.Random.Chance(500)
            ? new ToolFailure(
                world.Random.Pick([ToolFailureKind.Refused, ToolFailureKind.TooLarge, ToolFailureKind.Nonsense]), "no")
            : null;
        call.Due = world.Clock.After(world.Random.Delay(100, 500_000), () => End(call, failure));
    }

    private void End(Run call, ToolFailure? failure)
    {
        if (!_running.Remove(call.Start.Call))
        {
            return;
        }

        if (failure is null)
        {
            _answers.Add(call.Start.Call);
        }

        Arrive(new ToolCallEnded(call.Start.Call, failure)
        {
            IsError = failure is null && world.Random.Chance(1_000),
            At = world.Clock.Ticks,
        });
    }

    private void Arrive(KernelEvent @event) => world.Kernel.Arrive(@event);

    private List<ToolDescription> Tools()
    {
        List<ToolDescription> tools = [new("any", AnyObject), new("number", Number)];
        return world.Random.Chance(2_000) ? tools[..1] : tools;
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    private sealed record Started(StartToolServer Start)
    {
        public SimulatedClock.Due Due { get; set; } = new(() => { });

        public bool IsReady { get; set; }
    }

    private sealed record Run(StartToolCall Start)
    {
        public SimulatedClock.Due Due { get; set; } = new(() => { });

        public bool WasCancelled { get; set; }

        public long? UnwantedSince { get; set; }
    }
}
