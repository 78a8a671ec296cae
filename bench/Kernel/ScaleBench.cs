using System.Diagnostics;
using Analemma.Abi.Syscalls;

namespace Analemma.Bench.Kernel;

/// <summary>
/// Many sandboxed agents at once, and many one after another: what the kernel keeps for each, how long LIST takes, that
/// NOOP does not notice them, and that nothing is left of those that ended.
/// </summary>
internal sealed class ScaleBench(BenchReport report, string repository, bool quick)
{
    private const double MemoryGoalKiB = 64;
    private const double ListGoalMs = 5;
    private const int ListRuns = 10;
    private const int ListRounds = 200;
    private const double FlatGoal = 1.2;

    private readonly int _agents = quick ? 100 : 500;
    private readonly int _cycles = quick ? 200 : 1000;

    public void Run()
    {
        using var kernel = BenchKernel.Start(repository, "--pool.created=0", "--pool.preloaded=0");
        Cycle(kernel, 20);
        var alone = Noop(kernel);
        kernel.WaitForTrim();
        var before = kernel.ResidentBytes();
        var agents = Enumerable.Range(0, _agents).Chunk(8).SelectMany(chunk => Task.WhenAll(chunk.Select(
            _ => kernel.Client.SpawnAsync(new Spawn { Argv = ["/bin/sleep", "100000"] }))).GetAwaiter().GetResult())
            .ToArray();
        kernel.WaitForTrim();
        var each = (kernel.ResidentBytes() - before) / 1024.0 / _agents;
        Add($"kernel memory per agent, {_agents} idle", each, "KiB", MemoryGoalKiB);
        var list = Lists(kernel);
        Add($"LIST of {_agents}, p50", list.P50, "ms", ListGoalMs);
        Add($"LIST of {_agents}, p99", list.P99, "ms", ListGoalMs);
        var beside = Noop(kernel);
        report.Add(new BenchRow("scale", $"noop beside {_agents} agents, p50", beside.P50, "us")
        {
            Reference = alone.P50,
            Goal = "<= 1.2 x",
            Met = beside.P50 / alone.P50 <= FlatGoal,
        });
        var begun = Stopwatch.GetTimestamp();
        Task.WhenAll(agents.Select(agent => kernel.Client.KillAsync(new Kill { Id = agent.Id, GraceMs = 0 })))
            .GetAwaiter().GetResult();
        report.Add(new BenchRow("scale", $"kill {_agents} agents", Seconds(begun), "s"));
        Leaks(kernel);
    }

    private void Leaks(BenchKernel kernel)
    {
        Settle(kernel);
        var before = Traces.Of(kernel);
        var begun = Stopwatch.GetTimestamp();
        Cycle(kernel, _cycles);
        report.Add(new BenchRow("scale", $"spawn and reap, {_cycles} agents", _cycles / Seconds(begun), "1/s"));
        Settle(kernel);
        var after = Traces.Of(kernel);
        foreach (var (what, count) in after.Counts)
        {
            // The runtime's own threads and pools come and go by a few; a leak goes with the number of agents.
            var more = count - before.Counts[what];
            report.Add(new BenchRow("scale", $"{what} left over after {_cycles} agents", Math.Max(0, more), "")
            {
                Goal = "none",
                Met = more <= (what == "descriptors" ? 8 : 0),
            });
        }
    }

    // The last clean-ups are the kernel's own business, after it has answered; they end soon, or they are leaks.
    private static void Settle(BenchKernel kernel)
    {
        var deadline = Stopwatch.GetTimestamp() + (10 * Stopwatch.Frequency);
        while (Traces.Of(kernel) is { RunFolders: > 0 } && Stopwatch.GetTimestamp() < deadline)
        {
            Thread.Yield();
        }
    }

    private static void Cycle(BenchKernel kernel, int count)
    {
        foreach (var chunk in Enumerable.Range(0, count).Chunk(4))
        {
            Task.WhenAll(chunk.Select(async _ =>
            {
                var agent = await kernel.Client.SpawnAsync(new Spawn { Argv = ["/bin/true"] });
                await kernel.Client.WaitAsync(new Wait { Id = agent.Id });
            })).GetAwaiter().GetResult();
        }
    }

    // Enough for a 99th percentile, over several of the kernel's rounds of reading counters.
    private static Latency Lists(BenchKernel kernel)
    {
        List<double> samples = [];
        for (var run = -1; run < ListRuns; run++)
        {
            HostLoad.WaitForQuiet();
            var times = Enumerable.Range(0, ListRounds).Select(_ => List(kernel)).ToArray();
            samples.AddRange(run < 0 ? [] : times);
        }

        return Latency.Of([.. samples]);
    }

    private static double List(BenchKernel kernel)
    {
        var begun = Stopwatch.GetTimestamp();
        kernel.Client.ListAsync().GetAwaiter().GetResult();
        return Seconds(begun) * 1000;
    }

    // Where the two processes are put decides how fast a run is.
    private static Latency Noop(BenchKernel kernel) =>
        Latency.Middle(Enumerable.Range(0, 5).Select(_ => NoopRun(kernel)));

    private static Latency NoopRun(BenchKernel kernel)
    {
        HostLoad.WaitForQuiet();
        var payload = new byte[64];
        var reply = new byte[64];
        var samples = new double[20_000];
        for (var i = 0; i < samples.Length; i++)
        {
            var begun = Stopwatch.GetTimestamp();
            kernel.Client.Echo(payload, reply);
            samples[i] = Seconds(begun) * 1_000_000;
        }

        return Latency.Of(samples[5_000..]);
    }

    private static double Seconds(long begun) => Stopwatch.GetElapsedTime(begun).TotalSeconds;

    private void Add(string what, double value, string unit, double goal) =>
        report.Add(new BenchRow("scale", what, value, unit) { Goal = $"<= {goal:0} {unit}", Met = value <= goal });

    /// <summary>What agents that have ended could leave behind.</summary>
    private sealed record Traces(int Descriptors, int Cgroups, int Mounts, int RunFolders, int Processes)
    {
        public Dictionary<string, int> Counts => new()
        {
            ["descriptors"] = Descriptors,
            ["cgroups"] = Cgroups,
            ["mounts"] = Mounts,
            ["run folders"] = RunFolders,
            ["processes"] = Processes,
        };

        public static Traces Of(BenchKernel kernel)
        {
            var state = BenchKernel.StateFolder;
            return new Traces(
                Directory.GetFileSystemEntries($"/proc/{kernel.Pid}/fd").Length,
                CountCgroups(),
                File.ReadLines($"/proc/{kernel.Pid}/mountinfo").Count(),
                Directory.GetDirectories(Path.Combine(state, "run")).Length,
                Directory.GetDirectories($"/proc/{kernel.Pid}/task").Sum(Children));
        }

        private static int Children(string task) =>
            File.ReadAllText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;

        // Groups of every kernel on this host, by version: what matters is whether they grow.
        private static int CountCgroups()
        {
            string[] tops = ["/sys/fs/cgroup/memory/analemma", "/sys/fs/cgroup/analemma"];
            return tops.Where(Directory.Exists).Sum(top =>
                Directory.GetDirectories(top, "*", SearchOption.AllDirectories).Length);
        }
    }
}
