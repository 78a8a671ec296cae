using System.Globalization;

namespace Analemma.Bench.Ipc;

/// <summary>
/// NOOP through the syscall server beside a C ping-pong over a Unix socket of messages of the same size. Server and
/// clients are processes of their own; each figure is the middle one of a few runs taken in turn with its reference.
/// </summary>
internal sealed class IpcBench(BenchReport report, string repository, bool quick) : IDisposable
{
    private const double RatioGoal = 1.5;
    private const double ThroughputGoal = 500_000;
    private const double FlatGoal = 1.2;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("analemma-bench-");
    private readonly int _runs = quick ? 3 : 7;
    private readonly int _rounds = quick ? 10_000 : 30_000;

    private string Socket => Path.Combine(_folder.FullName, "kernel.sock");

    public void Run()
    {
        Environment.SetEnvironmentVariable("PYTHONPATH", Path.Combine(repository, "sdk", "python"));
        Environment.SetEnvironmentVariable("PYTHONDONTWRITEBYTECODE", "1");
        var pingPong = CProgram.Build(repository, "pingpong", _folder.FullName);
        using var server = BenchProcess.Hold(BenchProcess.Self, "serve", Socket);
        foreach (var (bytes, clients) in new[] { (64, 1), (4096, 1), (64, 16), (4096, 16) })
        {
            RoundTrips(pingPong, bytes, clients);
        }

        Idle();
        var rates = Enumerable.Range(0, _runs).Select(_ => double.Parse(
            BenchProcess.Run(BenchProcess.Self, "pipeline", Socket, quick ? "1" : "3"), CultureInfo.InvariantCulture));
        var rate = rates.Order().ElementAt(_runs / 2);
        report.Add(new BenchRow("ipc", "noop 64 B, pipelined, 1 connection", rate, "1/s")
        {
            Goal = ">= 500000/s",
            Met = rate >= ThroughputGoal,
        });
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private void RoundTrips(string? pingPong, int bytes, int clients)
    {
        var rounds = _rounds / clients;
        List<Latency> floors = [];
        List<Latency> ours = [];
        List<Latency> python = [];
        for (var i = 0; i < _runs; i++)
        {
            if (pingPong is not null)
            {
                floors.Add(Measure(pingPong, [], bytes, rounds, clients));
            }

            ours.Add(Measure(BenchProcess.Self, ["client", Socket], bytes, rounds, clients));
            if (BenchProcess.Find("python3") is { } interpreter)
            {
                var script = Path.Combine(repository, "bench", "python", "noop.py");
                python.Add(Measure(interpreter, [script, Socket], bytes, rounds / 2, clients));
            }
        }

        var what = $"noop {(bytes == 4096 ? "4 KiB" : $"{bytes} B")}, {clients} client{(clients == 1 ? "" : "s")}";
        Latency? floor = floors.Count > 0 ? Latency.Middle(floors) : null;
        Add($"{what}, C ping-pong", floor, null, judged: false);
        Add($"{what}, C#", Latency.Middle(ours), floor, judged: bytes == 64 && clients == 1);
        Add($"{what}, Python", python.Count > 0 ? Latency.Middle(python) : null, floor, judged: false);
    }

    private void Add(string what, Latency? latency, Latency? floor, bool judged)
    {
        if (latency is not { } took)
        {
            return;
        }

        report.Add(new BenchRow("ipc", $"{what}, p50", took.P50, "µs")
        {
            Reference = floor?.P50,
            Goal = judged ? "<= 1.5 x C" : null,
            Met = judged && floor is { } reference ? took.P50 <= RatioGoal * reference.P50 : null,
        });
        report.Add(new BenchRow("ipc", $"{what}, p99", took.P99, "µs") { Reference = floor?.P99 });
    }

    /// <summary>Nothing in the server looks at connections that are idle.</summary>
    private void Idle()
    {
        double? alone = null;
        foreach (var idle in new[] { 0, 1_000, 4_000 })
        {
            using var held = BenchProcess.Hold(
                BenchProcess.Self, "hold", Socket, idle.ToString(CultureInfo.InvariantCulture));
            var took = Latency.Middle(Enumerable.Range(0, _runs)
                .Select(_ => Measure(BenchProcess.Self, ["client", Socket], 64, _rounds, 1)).ToList());
            report.Add(new BenchRow("ipc", $"noop 64 B, {idle} idle connections, p50", took.P50, "µs")
            {
                Reference = alone,
                Goal = alone is null ? null : "<= 1.2 x none",
                Met = alone is { } reference ? took.P50 <= FlatGoal * reference : null,
            });
            alone ??= took.P50;
        }
    }

    private static Latency Measure(string program, string[] first, int bytes, int rounds, int clients)
    {
        HostLoad.WaitForQuiet();
        var numbers = new[] { bytes, rounds, clients }.Select(number => number.ToString(CultureInfo.InvariantCulture));
        return Latency.Parse(BenchProcess.Run(program, [.. first, .. numbers]));
    }
}
