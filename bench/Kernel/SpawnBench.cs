using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Analemma.Abi.Syscalls;

namespace Analemma.Bench.Kernel;

/// <summary>
/// From a spawn request to the answer of the new Python agent's first syscall, beside the same script started by
/// fork+exec, by bubblewrap and by crun from the very bundle of a cold sandbox. Both ends read CLOCK_MONOTONIC.
/// </summary>
internal sealed class SpawnBench(BenchReport report, string repository, bool quick)
{
    private const double WarmP50GoalUs = 2_000;
    private const double WarmP99GoalUs = 8_000;
    private const double ColdRatioGoal = 1.3;
    private const double StartGoalMs = 400;
    private const double ResidentGoalMiB = 90;
    private const double KillGoalMs = 50;

    private const string Agent = """
        import analemma, time
        with analemma.Kernel() as kernel:
            kernel.noop(b"first")
            print(time.monotonic_ns(), flush=True)
        """;

    private readonly int _rounds = quick ? 20 : 100;

    public void Run()
    {
        Add("kernel start to first answer, p50", StartTime().TotalMilliseconds, "ms", StartGoalMs);
        using var kernel = BenchKernel.Start(repository);
        var script = Path.Combine(BenchKernel.Folder, "agent.py");
        File.WriteAllText(script, Agent);
        kernel.Settle();
        Add("kernel resident, idle, pool full", kernel.ResidentBytes() / 1048576.0, "MiB", ResidentGoalMiB);

        var plain = Measure("fork+exec", () => Exec("/usr/bin/python3", script), null);
        Measure("unsandboxed", () => Spawn(kernel, new Spawn { Script = script, Sandboxed = false }), plain);
        var bwrap = BenchProcess.Find("bwrap");
        if (bwrap is not null)
        {
            Measure("bwrap --unshare-all", () => Exec(bwrap, [.. Bubblewrap, "/usr/bin/python3", script]), plain);
        }

        var crun = CrunOfTheSame(kernel);
        Latency? crunRun = crun is null ? null : Measure("crun run, bundle of a cold sandbox", crun, plain);
        Spawn fresh = new() { Script = script, Pool = "cold" };
        var cold = Measure("sandboxed, cold", () => Spawn(kernel, fresh), crunRun);
        if (crunRun is { } reference)
        {
            var ratio = cold.P50 / reference.P50;
            report.Add(new BenchRow("spawn", "cold beside crun run, p50", cold.P50, "us")
            {
                Reference = reference.P50,
                Goal = "<= 1.3 x",
                Met = ratio <= ColdRatioGoal,
            });
        }

        Warm(kernel, script);
        Kills(kernel);
    }

    // The first start also fills caches, ours and the host's, and is not counted.
    private TimeSpan StartTime()
    {
        const int starts = 5;
        List<TimeSpan> times = [];
        for (var i = 0; i <= starts; i++)
        {
            HostLoad.WaitForQuiet();
            using var kernel = BenchKernel.Start(repository);
            times.Add(kernel.StartTime);
        }

        times.RemoveAt(0);
        times.Sort();
        return times[starts / 2];
    }

    private static string[] Bubblewrap =>
    [
        "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib",
        "--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
        "--bind", BenchKernel.Folder, BenchKernel.Folder, "--unshare-all", "--die-with-parent", "--new-session",
    ];

    private void Warm(BenchKernel kernel, string script)
    {
        List<double> samples = [];
        for (var i = 0; i <= _rounds; i++)
        {
            samples.Add(Spawn(kernel, new Spawn { Script = script }));
        }

        samples.RemoveAt(0);

        var warm = Latency.Of([.. samples]);
        report.Add(new BenchRow("spawn", "sandboxed, warm, p50", warm.P50, "us")
        {
            Goal = "<= 2 ms",
            Met = warm.P50 <= WarmP50GoalUs,
        });
        report.Add(new BenchRow("spawn", "sandboxed, warm, p99", warm.P99, "us")
        {
            Goal = "<= 8 ms",
            Met = warm.P99 <= WarmP99GoalUs,
        });
    }

    private void Kills(BenchKernel kernel)
    {
        List<double> samples = [];
        for (var i = 0; i < _rounds; i++)
        {
            var agent = kernel.Client.SpawnAsync(new Spawn
            {
                Argv = ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done"],
            }).GetAwaiter().GetResult();
            HostLoad.WaitForQuiet();
            var begun = Stopwatch.GetTimestamp();
            kernel.Client.KillAsync(new Kill { Id = agent.Id, GraceMs = 0 }).GetAwaiter().GetResult();
            samples.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }

        var kill = Latency.Of([.. samples]);
        Add("kill, SIGTERM ignored, no grace, p50", kill.P50, "ms", KillGoalMs);
        Add("kill, SIGTERM ignored, no grace, p99", kill.P99, "ms", KillGoalMs);
    }

    private Latency Measure(string what, Func<double> once, Latency? reference)
    {
        once();
        var latency = Latency.Of([.. Enumerable.Range(0, _rounds).Select(_ => once())]);
        report.Add(new BenchRow("spawn", $"{what}, p50", latency.P50, "us") { Reference = reference?.P50 });
        report.Add(new BenchRow("spawn", $"{what}, p99", latency.P99, "us") { Reference = reference?.P99 });
        return latency;
    }

    private void Add(string what, double value, string unit, double goal) =>
        report.Add(new BenchRow("spawn", what, value, unit) { Goal = $"<= {goal:0} {unit}", Met = value <= goal });

    // On a kernel at rest: what it still cleans up of the agent before, and the pool that it fills, are not this one's.
    private static double Spawn(BenchKernel kernel, Spawn spawn)
    {
        kernel.Settle();
        var begun = MonotonicNs();
        var agent = kernel.Client.SpawnAsync(spawn).GetAwaiter().GetResult();
        var output = kernel.Output(agent);
        kernel.Wait(agent);
        return Elapsed(begun, output);
    }

    private double Exec(string program, params string[] arguments)
    {
        HostLoad.WaitForQuiet();
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true };
        start.Environment["ANALEMMA_SOCKET"] = BenchKernel.Socket;
        start.Environment["PYTHONPATH"] = CopyOfSdk();
        var begun = MonotonicNs();
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return Elapsed(begun, output);
    }

    // Where bubblewrap's sandbox sees it too, and compiled as the kernel's own copy is.
    private string CopyOfSdk()
    {
        var copy = Path.Combine(BenchKernel.StateFolder, "sdk");
        return Directory.Exists(copy) ? copy : Path.Combine(repository, "sdk", "python");
    }

    /// <summary>crun from the bundle of a live cold sandbox, whose socket its agent then speaks through.</summary>
    private static Func<double>? CrunOfTheSame(BenchKernel kernel)
    {
        if (kernel.Status().Engine != "crun" || BenchProcess.Find("crun") is not { } crun)
        {
            return null;
        }

        var holder = kernel.Client.SpawnAsync(new Spawn { Argv = ["/bin/sleep", "1000"], Pool = "cold" })
            .GetAwaiter().GetResult();
        var bundle = Path.Combine(BenchKernel.StateFolder, "sandboxes", $"a{holder.Id}");
        var config = JsonNode.Parse(File.ReadAllBytes(Path.Combine(bundle, "config.json")))!;
        config["process"]!["args"] = new JsonArray("/usr/bin/python3", "-c", Agent);
        config["linux"]!["cgroupsPath"] = "/analemma-bench";
        var view = kernel.Client.InspectAsync(new Inspect { Id = holder.Id }).GetAwaiter().GetResult();
        config["linux"]!["resources"] = Resources(view.Limits!);
        var copy = Directory.CreateDirectory(Path.Combine(BenchKernel.Folder, "bundle")).FullName;
        File.WriteAllText(Path.Combine(copy, "config.json"), config.ToJsonString());
        var latest = 0;
        return () =>
        {
            // The kernel's own mount namespace: there crun finds no hybrid hierarchy in its way.
            string[] run =
            [
                "-t", $"{kernel.Pid}", "-m", crun, "--root", Path.Combine(BenchKernel.Folder, "crun"),
                "--cgroup-manager=cgroupfs", "run", "--bundle", copy, $"bench-{latest++}",
            ];
            ProcessStartInfo start = new("/usr/bin/nsenter", run) { RedirectStandardOutput = true };
            HostLoad.WaitForQuiet();
            var begun = MonotonicNs();
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return Elapsed(begun, output);
        };
    }

    // The limits of our agent, which here the runtime enforces.
    private static JsonObject Resources(ResourceLimits limits) => new()
    {
        ["memory"] = new JsonObject { ["limit"] = limits.Memory, ["swap"] = limits.Memory },
        ["pids"] = new JsonObject { ["limit"] = limits.MaxPids },
        ["cpu"] = new JsonObject { ["quota"] = limits.CpuQuota, ["period"] = limits.CpuPeriod, ["shares"] = 1024 },
    };

    private static double Elapsed(long begun, string output) =>
        long.TryParse(output.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var ended)
            ? (ended - begun) / 1000.0
            : throw new BenchException($"the agent did not come to its first syscall: {output}");

    // On Linux the stopwatch is CLOCK_MONOTONIC in nanoseconds, as is Python's monotonic_ns.
    private static long MonotonicNs() => Stopwatch.GetTimestamp();
}
