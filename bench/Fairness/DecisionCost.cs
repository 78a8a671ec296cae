using System.Diagnostics;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Kernel;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;
using Analemma.Kernel.Models;

namespace Analemma.Bench.Fairness;

/// <summary>What a turn costs while 10,000 calls of 1,000 agents wait: in the queue, and in the kernel.</summary>
internal sealed class DecisionCost(BenchReport report, bool quick)
{
    private const int Agents = 1_000;
    private const int CallsPerAgent = 10;
    private const double GoalUs = 2;

    private int Turns => quick ? 200_000 : 2_000_000;

    public void Run()
    {
        Add("turn with 10,000 queued of 1,000 agents: choose, charge, settle, queue again", Queue(), GoalUs);
        Add("the same in the whole kernel: THINK, start, end, settled usage, answer", Kernel(), null);
    }

    private double Queue()
    {
        FairQueue queue = new();
        Random random = new(1);
        for (var i = 0; i < Agents * CallsPerAgent; i++)
        {
            var leaf = queue.Leaf(
                ModelPriority.Normal, new FairShare($"g{i % 10}"), new FairShare($"a{i % Agents}"), "model");
            queue.Enqueue(new Job(i % Agents, 256, 256, 0), leaf, random.Next(100, 5_000));
        }

        return BestOf(turns =>
        {
            for (var i = 0; i < turns; i++)
            {
                var entry = queue.Peek()!;
                queue.Admit(entry);
                queue.Settle(entry, entry.Cost / 2);
                queue.Enqueue(entry, entry.Leaf!, random.Next(100, 5_000));
            }
        });
    }

    private double Kernel()
    {
        KernelState state = new();
        List<Effect> effects = [];
        var (now, calls, running) = (1L, 0L, new Queue<StartModelCall>());
        void Apply(KernelEvent @event)
        {
            effects.Clear();
            state.Apply(@event, effects);
            foreach (var effect in effects.ToArray())
            {
                if (effect is StartModelCall start)
                {
                    running.Enqueue(start);
                }
                else if (effect is Raise raise)
                {
                    Apply(raise.Event);
                }
            }
        }

        void Think(long agent) => Apply(new SyscallArrived(
            new CallId(++calls), new Caller(new ProcessId(agent), 0), new Think { Prompt = $"call {calls}" })
        {
            At = now++,
        });

        var models = new ModelOptions { Runaway = new RunawayOptions { SameRequestMax = 0, CallsPerMinuteMax = 0 } };
        Apply(new KernelStarted("bench", "none", new KernelOptions { Models = models }) { At = now });
        for (var agent = 1; agent <= Agents; agent++)
        {
            Apply(new SyscallArrived(new CallId(++calls), default, new Spawn { Argv = ["a"] }) { At = now++ });
            Apply(new SandboxStarted(new ProcessId(agent), "k", 1, "none", "cold", []) { At = now++ });
        }

        for (var i = 0; i < Agents * CallsPerAgent; i++)
        {
            Think((i % Agents) + 1);
        }

        return BestOf(turns =>
        {
            for (var i = 0; i < turns; i++)
            {
                var ended = running.Dequeue();
                var result = new ModelResult { InputTokens = 10, OutputTokens = (i % 100) + 1 };
                Apply(new ModelCallEnded(ended.Call, ended.Attempt, result) { At = now++ });
                Think(ended.Process.Value);
            }
        });
    }

    /// <summary>Microseconds a turn, the best of five stretches: others share the machine.</summary>
    private double BestOf(Action<int> run)
    {
        run(Turns / 10);
        var best = double.MaxValue;
        for (var stretch = 0; stretch < 5; stretch++)
        {
            var watch = Stopwatch.StartNew();
            run(Turns / 10);
            best = Math.Min(best, watch.Elapsed.TotalMicroseconds / (Turns / 10));
        }

        return best;
    }

    private void Add(string name, double value, double? goal) => report.Add(new BenchRow("fairness", name, value, "us")
    {
        Goal = goal is { } us ? $"{us:0} us" : null,
        Met = goal is { } most ? value <= most : null,
    });
}
