using System.Globalization;
using Analemma.Bench.Kernel;

namespace Analemma.Bench.Messaging;

/// <summary>
/// Messages between two processes through the kernel, beside a socket pair, a relay in C, Redis lists and Streams, NATS
/// and D-Bus in the same run. The two ends are the same C program in all of them. What is not installed is left out:
/// apt-get install redis-server nats-server dbus.
/// </summary>
internal sealed class MessagingBench(
    BenchReport report, string repository, bool quick, BenchParts parts) : IDisposable
{
    private const string Ours = "analemma";
    private const string ManyName = $"{Ours}, 64 a SEND";
    private const string QuietName = $"{Ours}, one SEND of 64 answered";
    private const string RelayName = "C relay";
    private const string Lists = "Redis lists";
    private const double RelayGoal = 1.1;
    private const double RateGoal = 300_000;
    private const double DurableGoal = 20_000;
    private const double HandleGoal = 10;
    private const int Large = 16 * 1024 * 1024;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("analemma-bench-");
    private readonly BenchParts _parts = parts.Of("round-trips", "one-way", "large", "durable");
    private readonly int _runs = quick ? 3 : 5;
    private readonly List<Middle> _middles = [];
    private string _program = "";

    private static string Kernel => BenchKernel.Socket;

    public void Run()
    {
        _program = CProgram.Build(repository, "messaging", _folder.FullName)
            ?? throw new BenchException("both ends of every figure are a C program: install a C compiler");
        using var kernel = BenchKernel.Start(repository);
        using var redis = Peer.Redis(_folder.FullName, durable: false);
        using var kept = Peer.Redis(_folder.FullName, durable: true);
        using var nats = Peer.Nats();
        using var bus = Peer.DBus(_folder.FullName);
        _middles.AddRange(
        [
            new Middle("socket pair", ["pair"]), new Middle(RelayName, ["relay"]),
            new Middle(Ours, [Ours, Kernel]) { Pid = kernel.Pid },
        ]);
        Add(Lists, "redis", redis);
        Add("Redis Streams", "streams", redis);
        Add("NATS", "nats", nats);
        Add("D-Bus", "dbus", bus);
        foreach (var (bytes, rounds) in new[] { (64, 20_000), (4_096, 20_000), (65_536, 4_000) })
        {
            When("round-trips", () => RoundTrips(bytes, quick ? rounds / 4 : rounds));
        }

        When("round-trips", () => OnOneProcessor(64, quick ? 5_000 : 20_000));

        foreach (var bytes in new[] { 64, 4_096, 65_536 })
        {
            When("one-way", () => Rates(bytes));
        }

        When("large", Moves);
        When("durable", () => Durable(kept));
    }

    private void When(string part, Action measure)
    {
        if (_parts.Has(part))
        {
            measure();
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private void RoundTrips(int bytes, int rounds)
    {
        var took = Latencies(
            "rtt", [.. _middles, new Middle($"{Ours}, reply and receive apart", ["apart", Kernel])], bytes, rounds);
        foreach (var (name, latency) in took)
        {
            var judged = name == Ours && bytes == 64;
            report.Add(new BenchRow("messaging", $"round trip {Size(bytes)}, {name}, p50", latency.P50, "µs")
            {
                Reference = took[RelayName].P50,
                Goal = judged ? "<= 1.1 x C relay" : null,
                Met = judged ? latency.P50 <= RelayGoal * took[RelayName].P50 : null,
            });
            report.Add(new BenchRow("messaging", $"round trip {Size(bytes)}, {name}, p99", latency.P99, "µs")
            {
                Reference = took[RelayName].P99,
            });
        }
    }

    /// <summary>
    /// All three on one processor. Else where the scheduler puts who is woken, and what it costs to wake a processor
    /// that sleeps, decides most of a round trip, and by luck.
    /// </summary>
    private void OnOneProcessor(int bytes, int rounds)
    {
        if (BenchProcess.Find("taskset") is not { } taskset)
        {
            return;
        }

        var all = AllowedProcessors();
        var first = all.Split(',', '-')[0];
        var pinned = _middles.Select(middle => middle.Pid).OfType<int>().ToArray();
        Pin(taskset, pinned, first);
        var took = Latencies(["-c", first, _program, "rtt"], taskset, _middles, bytes, rounds);
        Pin(taskset, pinned, all);
        foreach (var (name, latency) in took)
        {
            report.Add(new BenchRow(
                "messaging", $"round trip {Size(bytes)} on one processor, {name}, p50", latency.P50, "µs")
            {
                Reference = took[RelayName].P50,
            });
        }
    }

    private static void Pin(string taskset, IEnumerable<int> processes, string processors)
    {
        foreach (var process in processes)
        {
            BenchProcess.Run(taskset, "-apc", processors, Text(process));
        }
    }

    private static string AllowedProcessors() => File.ReadLines("/proc/self/status")
        .First(line => line.StartsWith("Cpus_allowed_list:", StringComparison.Ordinal)).Split(':')[1].Trim();

    /// <summary>In turn, so that what the host does meanwhile is the same for all.</summary>
    private Dictionary<string, Latency> Latencies(
        string what, IReadOnlyList<Middle> middles, int bytes, int rounds) =>
        Latencies([what], _program, middles, bytes, rounds);

    private Dictionary<string, Latency> Latencies(
        string[] before, string program, IReadOnlyList<Middle> middles, int bytes, int rounds)
    {
        var took = middles.ToDictionary(middle => middle.Name, _ => new List<Latency>(), StringComparer.Ordinal);
        for (var run = 0; run < _runs; run++)
        {
            foreach (var middle in middles)
            {
                string[] arguments = [.. before, .. middle.Where, Text(bytes), Text(rounds)];
                took[middle.Name].Add(Latency.Parse(Measure(program, arguments)));
            }
        }

        return took.ToDictionary(each => each.Key, each => Latency.Middle(each.Value), StringComparer.Ordinal);
    }

    private void Rates(int bytes)
    {
        List<Middle> middles = [.. _middles];
        if (bytes <= 4_096)
        {
            middles.InsertRange(
                middles.FindIndex(each => each.Name == Ours) + 1,
                [new Middle(QuietName, ["quiet", Kernel]), new Middle(ManyName, ["many", Kernel])]);
            if (middles.FindIndex(each => each.Name == Lists) is >= 0 and var at)
            {
                middles.Insert(at + 1, new Middle($"{Lists}, 64 a push", ["pushes", middles[at].Where[1]]));
            }
        }

        var rates = Rates(middles, bytes);
        foreach (var (name, rate) in rates)
        {
            var judged = name == Ours && bytes == 64;
            report.Add(new BenchRow("messaging", $"one way {Size(bytes)}, {name}", rate, "1/s")
            {
                Reference = rates[RelayName],
                Goal = judged ? ">= 300000/s" : null,
                Met = judged ? rate >= RateGoal : null,
            });
        }
    }

    private Dictionary<string, double> Rates(IReadOnlyList<Middle> middles, int bytes)
    {
        var rates = middles.ToDictionary(middle => middle.Name, _ => new List<double>(), StringComparer.Ordinal);
        for (var run = 0; run < _runs; run++)
        {
            foreach (var middle in middles)
            {
                string[] arguments = ["rate", .. middle.Where, Text(bytes), quick ? "0.5" : "2"];
                rates[middle.Name].Add(double.Parse(Measure(_program, arguments), CultureInfo.InvariantCulture));
            }
        }

        return rates.ToDictionary(
            each => each.Key, each => each.Value.Order().ElementAt(_runs / 2), StringComparer.Ordinal);
    }

    /// <summary>Sixteen mebibytes there, and a word back when the other end has them all.</summary>
    private void Moves()
    {
        const string handle = $"{Ours}, by handle";
        var took = Latencies(
            "move",
            [
                .. _middles.Where(middle => middle.Name != "Redis Streams"), new Middle(handle, ["handle", Kernel]),
                new Middle($"{handle}, filled anew and read through", ["filled", Kernel]),
            ],
            Large,
            quick ? 20 : 60);
        foreach (var (name, latency) in took)
        {
            report.Add(new BenchRow("messaging", $"16 MiB, {name}, p50", latency.P50, "µs")
            {
                Reference = took[Ours].P50,
                Goal = name == handle ? "<= 0.1 x by copy" : null,
                Met = name == handle ? HandleGoal * latency.P50 <= took[Ours].P50 : null,
            });
        }
    }

    private void Durable(Peer? redis)
    {
        const string theirs = "Redis lists, appendfsync always";
        List<Middle> middles = [new Middle(Ours, ["durable", Kernel]), new Middle(ManyName, ["kept", Kernel])];
        if (redis is not null)
        {
            middles.Add(new Middle(theirs, ["redis", redis.Where]));
        }

        var rates = Rates(middles, 64);
        report.Add(new BenchRow("messaging", "durable 64 B, analemma, taken in and acknowledged", rates[Ours], "1/s")
        {
            Reference = redis is null ? null : rates[theirs],
            Goal = ">= 20000/s",
            Met = rates[Ours] >= DurableGoal,
        });
        report.Add(new BenchRow(
            "messaging", $"durable 64 B, {ManyName}, taken in and acknowledged", rates[ManyName], "1/s")
        {
            Reference = redis is null ? null : rates[theirs],
        });
        if (redis is not null)
        {
            report.Add(new BenchRow("messaging", $"durable 64 B, {theirs}", rates[theirs], "1/s"));
        }
    }

    private static string Measure(string program, string[] arguments)
    {
        HostLoad.WaitForQuiet();
        return BenchProcess.Run(program, arguments);
    }

    private void Add(string name, string mode, Peer? peer)
    {
        if (peer is not null)
        {
            _middles.Add(new Middle(name, [mode, peer.Where]) { Pid = peer.Pid });
        }
    }

    private static string Size(int bytes) => bytes < 1024 ? $"{bytes} B" : $"{bytes / 1024} KiB";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>What messages go through, and how the C program is told of it.</summary>
    private sealed record Middle(string Name, string[] Where)
    {
        /// <summary>Of what is in the middle, if it is a program of its own.</summary>
        public int? Pid { get; init; }
    }
}
