using System.Diagnostics;
using System.Globalization;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;

namespace Analemma.Bench.Kernel;

/// <summary>
/// A kernel under 200,000 model calls of its simulated model, many at once: whole answers, streams, faults that are
/// retried, and callers that leave. What it holds after a tenth of them, it holds after all: memory, descriptors,
/// threads; and every call is answered once and counted once.
/// </summary>
internal sealed class SoakBench(BenchReport report, string repository, bool quick)
{
    private const int InFlight = 64;
    private const double MemoryGoal = 1.10;

    /// <summary>A connection, a timer's or the store's descriptor may come and go while one looks.</summary>
    private const int DescriptorsMore = 8;

    private readonly int _calls = quick ? 20_000 : 200_000;
    private int _next;
    private int _answered;
    private int _left;

    public void Run() => RunAsync().GetAwaiter().GetResult();

    private async Task RunAsync()
    {
        using var kernel = BenchKernel.Start(
            repository, "--sim.speed=0", "--sim.slots=32", "--pool.created=0", "--pool.preloaded=0");
        var watch = Stopwatch.StartNew();
        await AskAsync(_calls / 10);
        var early = await HeldAsync(kernel);
        await AskAsync(_calls);
        var took = watch.Elapsed;
        var late = await HeldAsync(kernel);
        var counted = await CountedAsync(kernel.Client);
        Add("calls asked for a second, 64 at once", _calls / took.TotalSeconds, "1/s", null, null, null);
        Add("calls answered or left by their callers (reference: asked)", _answered + _left, "", _calls, "all",
            _answered + _left == _calls);
        Add("calls that the kernel has counted as ended (reference: asked)", counted, "", _calls, "all",
            (long)counted == _calls);
        Add("resident memory at the end (reference: after a tenth)", late.MiB, "MiB", early.MiB,
            $"<= {MemoryGoal:0.0} x", late.MiB <= MemoryGoal * early.MiB);
        Add("descriptors at the end (reference: after a tenth)", late.Descriptors, "", early.Descriptors,
            $"<= {DescriptorsMore} more", late.Descriptors <= early.Descriptors + DescriptorsMore);
        Add("threads at the end (reference: after a tenth)", late.Threads, "", early.Threads, null, null);
    }

    private Task AskAsync(int until) => Task.WhenAll(Enumerable.Range(0, InFlight).Select(async _ =>
    {
        await using var client = await KernelClient.ConnectAsync(BenchKernel.Socket);
        for (var call = Interlocked.Increment(ref _next); call <= until; call = Interlocked.Increment(ref _next))
        {
            await AskAsync(client, call);
        }

        Interlocked.Decrement(ref _next);
    }));

    private async Task AskAsync(KernelClient client, int call)
    {
        var think = new Think { Prompt = $"Call {call}: what is the answer?", MaxTokens = 60 };
        try
        {
            switch (call % 10)
            {
                case 0 or 1 or 2:
                    await foreach (var _ in client.Think(think))
                    {
                    }

                    break;
                case 3:
                    await client.ThinkAsync(think with { Prompt = $"[[sim:malformed times=1]] {call}" });
                    break;
                case 4:
                    using (CancellationTokenSource leaves = new())
                    {
                        var asked = client.ThinkAsync(think with { Prompt = $"[[sim:stall]] {call}" }, leaves.Token);
                        await leaves.CancelAsync();
                        await asked;
                    }

                    break;
                default:
                    await client.ThinkAsync(think);
                    break;
            }

            Interlocked.Increment(ref _answered);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref _left);
        }
        catch (SyscallException refused) when (refused.Code is SysErrorCode.Cancelled or SysErrorCode.ModelFailed)
        {
            Interlocked.Increment(ref _answered);
        }
    }

    /// <summary>Once it has closed the connections that are over.</summary>
    private static async Task<Held> HeldAsync(BenchKernel kernel)
    {
        while ((await kernel.Client.StatusAsync()).Connections > 1)
        {
            Pause.For(10);
        }

        return Held.By(kernel.Pid);
    }

    /// <summary>What the kernel says of itself.</summary>
    private static async Task<double> CountedAsync(KernelClient client)
    {
        var metrics = await client.MetricsAsync();
        return metrics.Families.Single(family => family.Name == "analemma.syscalls").Series
            .Where(series => series.Attributes["syscall"] == "think")
            .Sum(series => series.Value ?? 0);
    }

    private void Add(string name, double value, string unit, double? reference, string? goal, bool? met) =>
        report.Add(new BenchRow("soak", name, value, unit) { Reference = reference, Goal = goal, Met = met });

    /// <summary>What a process holds, of proc(5).</summary>
    private readonly record struct Held(double MiB, int Descriptors, int Threads)
    {
        public static Held By(int pid)
        {
            var status = File.ReadAllLines($"/proc/{pid}/status").Select(line => line.Split(':'))
                .ToDictionary(pair => pair[0], pair => pair[1].Trim().Split(' ')[0]);
            return new Held(
                long.Parse(status["VmRSS"], CultureInfo.InvariantCulture) / 1024.0,
                Directory.GetFileSystemEntries($"/proc/{pid}/fd").Length,
                int.Parse(status["Threads"], CultureInfo.InvariantCulture));
        }
    }
}
