using System.Globalization;
using Analemma.Bench.Kernel;

namespace Analemma.Bench.Models;

/// <summary>
/// What the kernel adds to a model call, with queue, budgets and journal: beside the same call made directly, and
/// beside a gateway from npm, in turn in one run.
/// </summary>
internal sealed class LlmBench(BenchReport report, string repository, bool quick, bool soaks)
{
    private const double AddedGoal = 200;
    private const double FirstGoal = 300;
    private const double FirstTailGoal = 5_000;
    private const double TimesGoal = 10;
    private const int Clients = 16;
    private const int SoakCalls = 200_000;
    private const double FlatGoal = 1.1;

    // Its place among what is measured in turn.
    private const int Peer = 2;

    private readonly int _runs = quick ? 3 : 5;
    private readonly int _rounds = quick ? 500 : 3_000;

    public void Run()
    {
        using var upstream = BenchServer.Start(BenchProcess.Self, ["upstream"]);
        using var gateway = Gateway.TryStart(repository);
        Target direct = new(upstream.Port, "");
        Target? peer = gateway is null ? null : new Target(gateway.Port, Gateway.Headers(upstream.Port));
        using (var kernel = Start(upstream.Port))
        {
            var ours = TargetOf(kernel);
            Latencies(direct, ours, peer, streams: false);
            Latencies(direct, ours, peer, streams: true);
            Rates(direct, ours, peer);
            Resident(kernel, gateway);
            if (soaks)
            {
                Soak(kernel, ours);
            }
        }

        InMemory(upstream.Port, direct);
    }

    private BenchKernel Start(int upstream, params string[] more) => BenchKernel.StartWith(
        repository,
        new Dictionary<string, string>
        {
            ["OPENAI_BASE_URL"] = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{upstream}/v1"),
            ["OPENAI_API_KEY"] = "none",
        },
        [
            "--openai.models=bench", "--openai.slots=256", "--models.prices=bench=100/200",
            "--models.day_tokens=1000000000000", "--models.day_microdollars=1000000000000",
            "--pool.created=0", "--pool.preloaded=0", .. more,
        ]);

    private static Target TargetOf(BenchKernel kernel)
    {
        var endpoint = kernel.Client.EndpointAsync().GetAwaiter().GetResult();
        return new Target(new Uri(endpoint.Url).Port, $"Authorization: Bearer {endpoint.Token}");
    }

    // Usage is written beside the answers and not before: in memory the same tells what that takes from them.
    private void InMemory(int upstream, Target direct)
    {
        const string memory = "/dev/shm";
        if (!Directory.Exists(memory))
        {
            return;
        }

        var journal = $"{memory}/analemma-bench-{Environment.ProcessId}.db";
        try
        {
            using var kernel = Start(upstream, $"--journal.path={journal}");
            var took = Measure([direct, TargetOf(kernel)], streams: false);
            Add(
                "whole call, added by analemma with its journal in memory, p50",
                took[1].P50 - took[0].P50, "µs", took[0].P50);
        }
        finally
        {
            foreach (var file in Directory.GetFiles(memory, $"{Path.GetFileName(journal)}*"))
            {
                File.Delete(file);
            }
        }
    }

    // In turn, and of each the middle run.
    private List<Latency> Measure(IReadOnlyList<Target> targets, bool streams)
    {
        List<List<Latency>> took = [.. targets.Select(_ => new List<Latency>())];
        for (var run = 0; run < _runs; run++)
        {
            HostLoad.WaitForQuiet();
            for (var i = 0; i < targets.Count; i++)
            {
                took[i].Add(Ask(targets[i], streams, i == Peer ? _rounds / 5 : _rounds, 1).Latency);
            }
        }

        return [.. took.Select(Latency.Middle)];
    }

    private void Latencies(Target direct, Target ours, Target? peer, bool streams)
    {
        var took = Measure(peer is null ? [direct, ours] : [direct, ours, peer], streams);
        var (what, goal) = streams ? ("first piece of a stream", FirstGoal) : ("whole call", AddedGoal);
        Add($"{what}, direct, p50", took[0].P50, "µs", null);
        Add($"{what}, direct, p99", took[0].P99, "µs", null);
        for (var i = 1; i < took.Count; i++)
        {
            var (name, judged) = (i == Peer ? "portkey" : "analemma", i != Peer);
            var (added, tail) = (took[i].P50 - took[0].P50, took[i].P99 - took[0].P99);
            report.Add(new BenchRow("llm", $"{what}, added by {name}, p50", added, "µs")
            {
                Reference = took[0].P50,
                Goal = judged ? $"<= {goal:0} µs" : null,
                Met = judged ? added <= goal : null,
            });
            report.Add(new BenchRow("llm", $"{what}, added by {name}, p99", tail, "µs")
            {
                Reference = took[0].P99,
                Goal = judged && streams ? $"<= {FirstTailGoal:0} µs" : null,
                Met = judged && streams ? tail <= FirstTailGoal : null,
            });
        }
    }

    private void Rates(Target direct, Target ours, Target? peer)
    {
        var own = Rate(direct, _rounds);
        Add($"calls a second, {Clients} clients, direct", own, "1/s", null);
        double? other = peer is null ? null : Rate(peer, _rounds / 5);
        if (other is { } known)
        {
            Add($"calls a second, {Clients} clients, portkey", known, "1/s", own);
        }

        var rate = Rate(ours, _rounds);
        report.Add(new BenchRow("llm", $"calls a second, {Clients} clients, analemma", rate, "1/s")
        {
            Reference = other,
            Goal = ">= 10 x portkey",
            Met = other is { } reference ? rate >= TimesGoal * reference : null,
        });
    }

    private double Rate(Target target, int rounds)
    {
        HostLoad.WaitForQuiet();
        return Enumerable.Range(0, _runs)
            .Select(_ => Ask(target, streams: false, rounds / 2, Clients).Rate).Order().ElementAt(_runs / 2);
    }

    private void Resident(BenchKernel kernel, Gateway? gateway)
    {
        const double MiB = 1024 * 1024;
        report.Add(new BenchRow("llm", "resident after these calls", kernel.ResidentBytes() / MiB, "MiB")
        {
            Reference = gateway?.ResidentBytes() / MiB,
        });
    }

    // A quarter of the calls to get warm, then the rest, which may leave nothing behind.
    private void Soak(BenchKernel kernel, Target target)
    {
        Ask(target, streams: false, SoakCalls / 4 / Clients, Clients);
        var before = kernel.ResidentBytes();
        Ask(target, streams: false, SoakCalls * 3 / 4 / Clients, Clients);
        var ratio = (double)kernel.ResidentBytes() / before;
        report.Add(new BenchRow("llm", $"resident after {SoakCalls} calls, to after a quarter of them", ratio, "x")
        {
            Goal = "<= 1.1 x",
            Met = ratio <= FlatGoal,
        });
    }

    private static (Latency Latency, double Rate) Ask(Target target, bool streams, int rounds, int clients)
    {
        string[] numbers = [.. new[] { rounds, clients }.Select(one => one.ToString(CultureInfo.InvariantCulture))];
        var output = BenchProcess.Run(
            BenchProcess.Self,
            ["ask", target.Port.ToString(CultureInfo.InvariantCulture), target.Headers, streams ? "stream" : "whole",
                .. numbers]);
        return (Latency.Parse(output), double.Parse(output.Split(' ')[2], CultureInfo.InvariantCulture));
    }

    private void Add(string what, double value, string unit, double? reference) =>
        report.Add(new BenchRow("llm", what, value, unit) { Reference = reference });

    private sealed record Target(int Port, string Headers);
}
