using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Frames;
using Analemma.Abi.Syscalls;
using Analemma.Bench.Kernel;

namespace Analemma.Bench.Supervision;

/// <summary>
/// A fleet of sandboxed agents that all crash at once: when the last is back, beside what is planned; that none came
/// before its time and none twice; and how long other calls take meanwhile. The plan is the bound of the delays, and
/// the host's bucket of restarts or, if that is slower, as long as the host took to start them all at first.
/// </summary>
internal sealed class SupervisorBench(BenchReport report, string repository, bool quick)
{
    private const string Name = "crowd";
    private const string Key = "asked";
    private const int BackoffMs = 1_000;
    private const int PerSecond = 50;
    private const int Burst = 100;
    private const int Forks = 10_000;
    private const int ForksAtOnce = 16;
    private const int PauseUs = 1_000;
    private const double PlanGoal = 1.1;
    private const double LatencyGoal = 2;
    private const double EarlyMsMax = 1;

    private static readonly TimeSpan UpMax = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan IdleFor = TimeSpan.FromSeconds(10);

    private readonly int _agents = quick ? 150 : 1000;

    public void Run()
    {
        using var kernel = BenchKernel.Start(
            repository, $"--limits.restarts_per_second={PerSecond}", $"--limits.restart_burst={Burst}");
        Store asked = new() { Key = Key, Scope = StoreScope.Global, Value = JsonSerializer.SerializeToElement(1) };
        kernel.Client.StoreAsync(asked).GetAwaiter().GetResult();
        CrowdStory story = new(_agents);
        using CancellationTokenSource over = new();
        var listening = story.ListenAsync(kernel.Client, over.Token);
        var applied = Stopwatch.GetTimestamp();
        kernel.Client.FleetApplyAsync(Declared()).GetAwaiter().GetResult();
        story.Wait(incarnation: 1, UpMax);
        var up = Stopwatch.GetElapsedTime(applied).TotalSeconds;
        report.Add(new BenchRow("supervisor", $"{_agents} agents up", up, "s"));
        kernel.Settle();
        var calm = Stopwatch.GetTimestamp();
        var idle = Calls(() => Stopwatch.GetElapsedTime(calm) < IdleFor);
        var forks = BesideForks();

        var crashed = TimeProvider.System.GetUtcNow();
        var killing = Stopwatch.GetTimestamp();
        Crash(kernel);
        var killed = Stopwatch.GetElapsedTime(killing);
        var storm = Calls(
            () => !story.AreAll(incarnation: 2) && Stopwatch.GetElapsedTime(killing) < UpMax);
        story.Wait(incarnation: 2, UpMax);
        over.Cancel();
        listening.GetAwaiter().GetResult();
        report.Add(new BenchRow("supervisor", $"SIGKILL to {_agents} agents", killed.TotalMilliseconds, "ms"));
        Judge(kernel, story, crashed, up);
        Judge(idle, forks, storm);
    }

    /// <summary>
    /// The same client beside programs that are only started: what it waits for then, it waits for a processor itself.
    /// </summary>
    private static Latency BesideForks()
    {
        ProcessStartInfo start = new(
            "/bin/sh", ["-c", $"seq {Forks} | xargs -P {ForksAtOnce} -n 1 /bin/true"]);
        using var starting = Process.Start(start)!;
        return Calls(() => !starting.HasExited);
    }

    private static void Crash(BenchKernel kernel)
    {
        foreach (var agent in kernel.Client.ListAsync().GetAwaiter().GetResult())
        {
            using var process = Process.GetProcessById(agent.Pid);
            process.Kill();
        }
    }

    private FleetApply Declared() => new()
    {
        Fleet = Name,
        Agents =
        [
            new FleetAgent
            {
                Name = Name,
                Replicas = _agents,
                Spawn = new Spawn { Argv = ["/bin/sleep", "100000"], Limits = new ResourceLimits { MaxPids = 4 } },
                Restart = new RestartRule { BackoffMs = BackoffMs },
            },
        ],
    };

    private void Judge(BenchKernel kernel, CrowdStory story, DateTimeOffset crashed, double up)
    {
        var plan = (BackoffMs / 1000.0) + Math.Max(up, (double)(_agents - Burst) / PerSecond);
        var took = (story.LastReadyAt - crashed).TotalSeconds;
        report.Add(new BenchRow("supervisor", $"until all {_agents} are back (reference: the plan)", took, "s")
        {
            Reference = plan,
            Goal = $"<= {PlanGoal} x",
            Met = took <= plan * PlanGoal,
        });
        report.Add(new BenchRow("supervisor", "earliest restart before its drawn time", story.EarlyMs, "ms")
        {
            Goal = "none",
            Met = story.EarlyMs <= EarlyMsMax,
        });
        var units = kernel.Client.FleetStatusAsync(Name).GetAwaiter().GetResult().Units;
        var wrong = units.Count(unit => unit is not { State: UnitState.Ready, Incarnation: 2, Restarts: 1 });
        report.Add(new BenchRow("supervisor", "agents not back, or started twice", wrong + _agents - units.Count, "")
        {
            Goal = "none",
            Met = wrong == 0 && units.Count == _agents,
        });
    }

    private void Judge(Latency idle, Latency forks, Latency storm)
    {
        report.Add(new BenchRow("supervisor", "FETCH beside plain fork+exec, p50 (reference: idle)", forks.P50, "us")
        {
            Reference = idle.P50,
        });
        report.Add(new BenchRow("supervisor", "FETCH beside plain fork+exec, p99 (reference: idle)", forks.P99, "us")
        {
            Reference = idle.P99,
        });
        report.Add(new BenchRow("supervisor", "FETCH meanwhile, p50 (reference: idle)", storm.P50, "us")
        {
            Reference = idle.P50,
        });
        report.Add(new BenchRow("supervisor", "FETCH meanwhile, p99 (reference: idle)", storm.P99, "us")
        {
            Reference = idle.P99,
            Goal = $"<= {LatencyGoal} x",
            Met = storm.P99 <= idle.P99 * LatencyGoal,
        });
        report.Add(new BenchRow(
            "supervisor", "FETCH meanwhile, p99 (reference: beside plain fork+exec)", storm.P99, "us")
        {
            Reference = forks.P99,
        });
    }

    // A call that the kernel decides, and that needs no disk: what is measured is how long a turn has to wait. On one
    // thread, since each that is woken on the way to an answer waits for a processor as the kernel does; and seldom,
    // since who asks without a pause takes a processor from those that start. It waits where it asks, for an answer
    // that does not come: a timer's threads would want processors too, and look for more to do awake.
    private static Latency Calls(Func<bool> goOn)
    {
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(BenchKernel.Socket));
        var payload = Encoding.UTF8.GetBytes($$"""{"key":"{{Key}}","scope":"global"}""");
        var request = new byte[NativeFrame.HeaderSize + payload.Length];
        new NativeFrame(
            FrameKind.Request, FrameFlags.None, (ushort)SyscallNumber.Fetch, 1, SysErrorCode.Ok, payload.Length)
            .WriteTo(request);
        payload.CopyTo(request, NativeFrame.HeaderSize);
        var answer = new byte[4096];
        List<double> samples = new(100_000);
        while (goOn())
        {
            var begun = Stopwatch.GetTimestamp();
            socket.Send(request);
            socket.Poll(-1, SelectMode.SelectRead);
            var received = socket.Receive(answer);
            samples.Add(Stopwatch.GetElapsedTime(begun).TotalMicroseconds);
            Check(answer.AsSpan(0, received));
            socket.Poll(PauseUs, SelectMode.SelectRead);
        }

        return Latency.Of([.. samples]);
    }

    private static void Check(ReadOnlySpan<byte> answer)
    {
        if (!new FrameDecoder().TryRead(answer, out var frame, out _, out _) || frame.Native.Status != SysErrorCode.Ok)
        {
            throw new BenchException("a FETCH was not answered as it should be");
        }
    }
}
