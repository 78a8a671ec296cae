using System.Globalization;
using Analemma.Bench.Kernel;

namespace Analemma.Bench.Messaging;

/// <summary>
/// Messages between two processes through the kernel, beside a socket pair, a relay in C, Redis and NATS in the same
/// run. The two ends are the same C program in all of them. What is not installed is left out:
/// apt-get install redis-server nats-server.
/// </summary>
internal sealed class MessagingBench(BenchReport report, string repository, bool quick) : IDisposable
{
    private const double RelayGoal = 1.1;
    private const double RateGoal = 300_000;
    private const double DurableGoal = 20_000;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("analemma-bench-");
    private readonly int _runs = quick ? 3 : 5;
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
        foreach (var (bytes, rounds) in new[] { (64, 20_000), (4_096, 20_000), (65_536, 4_000) })
        {
            RoundTrips(bytes, quick ? rounds / 4 : rounds, redis, nats);
        }

        foreach (var bytes in new[] { 64, 4_096, 65_536 })
        {
            Rates(bytes, redis, nats);
        }

        Durable(kept);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private void RoundTrips(int bytes, int rounds, Peer? redis, Peer? nats)
    {
        List<(string Name, string[] Where)> middles =
        [
            ("socket pair", ["pair"]), ("C relay", ["relay"]), ("analemma", ["analemma", Kernel]),
        ];
        Add(middles, "Redis lists", "redis", redis);
        Add(middles, "NATS", "nats", nats);
        // In turn, so that what the host does meanwhile is the same for all.
        var took = middles.ToDictionary(middle => middle.Name, _ => new List<Latency>(), StringComparer.Ordinal);
        for (var run = 0; run < _runs; run++)
        {
            foreach (var (name, where) in middles)
            {
                took[name].Add(Latency.Parse(Measure(["rtt", .. where, Text(bytes), Text(rounds)])));
            }
        }

        var relay = Latency.Middle(took["C relay"]);
        foreach (var (name, _) in middles)
        {
            var latency = Latency.Middle(took[name]);
            var judged = name == "analemma" && bytes == 64;
            report.Add(new BenchRow("messaging", $"round trip {Size(bytes)}, {name}, p50", latency.P50, "µs")
            {
                Reference = relay.P50,
                Goal = judged ? "<= 1.1 x C relay" : null,
                Met = judged ? latency.P50 <= RelayGoal * relay.P50 : null,
            });
            report.Add(new BenchRow("messaging", $"round trip {Size(bytes)}, {name}, p99", latency.P99, "µs")
            {
                Reference = relay.P99,
            });
        }
    }

    private void Rates(int bytes, Peer? redis, Peer? nats)
    {
        List<(string Name, string[] Where)> middles =
            [("socket pair", ["pair"]), ("C relay", ["relay"]), ("analemma", ["analemma", Kernel])];
        Add(middles, "Redis lists", "redis", redis);
        Add(middles, "NATS", "nats", nats);
        var rates = middles.ToDictionary(
            middle => middle.Name, middle => Rate(middle.Where, bytes), StringComparer.Ordinal);
        foreach (var (name, _) in middles)
        {
            var judged = name == "analemma" && bytes == 64;
            report.Add(new BenchRow("messaging", $"one way {Size(bytes)}, {name}", rates[name], "1/s")
            {
                Reference = rates["C relay"],
                Goal = judged ? ">= 300000/s" : null,
                Met = judged ? rates[name] >= RateGoal : null,
            });
        }
    }

    private void Durable(Peer? redis)
    {
        double? reference = redis is null ? null : Rate(["redis", redis.Where], 64);
        var rate = Rate(["durable", Kernel], 64);
        report.Add(new BenchRow("messaging", "durable 64 B, analemma, taken in and acknowledged", rate, "1/s")
        {
            Reference = reference,
            Goal = ">= 20000/s",
            Met = rate >= DurableGoal,
        });
        if (reference is { } theirs)
        {
            report.Add(new BenchRow("messaging", "durable 64 B, Redis lists, appendfsync always", theirs, "1/s"));
        }
    }

    private double Rate(string[] where, int bytes) => Enumerable.Range(0, _runs)
        .Select(_ => double.Parse(
            Measure(["rate", .. where, Text(bytes), quick ? "0.5" : "2"]), CultureInfo.InvariantCulture))
        .Order().ElementAt(_runs / 2);

    private string Measure(string[] arguments)
    {
        HostLoad.WaitForQuiet();
        return BenchProcess.Run(_program, arguments);
    }

    private static void Add(List<(string Name, string[] Where)> middles, string name, string mode, Peer? peer)
    {
        if (peer is not null)
        {
            middles.Add((name, [mode, peer.Where]));
        }
    }

    private static string Size(int bytes) => bytes < 1024 ? $"{bytes} B" : $"{bytes / 1024} KiB";

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
