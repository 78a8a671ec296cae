using Analemma.Abi.Syscalls;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Runners;
using Analemma.Daemon.Telemetry.Store;
using Analemma.Kernel;
using Analemma.Kernel.Effects;

namespace Analemma.Daemon.Telemetry;

/// <summary>Answers METRICS: the host gets all that is kept, an agent what is its own.</summary>
internal sealed class MetricsRunner(
    MetricStore store, FigureSource source, CallTable calls, BackgroundTasks tasks, TimeProvider time)
{
    public void Start(DescribeMetrics describe)
    {
        if (calls.Remove(describe.Call.Value) is not { } call)
        {
            return;
        }

        if (call is FigureCall question)
        {
            question.Take(describe.Known);
        }
        else if (describe.Known.Own is { } own)
        {
            call.Reply(OwnFigures.Of(own, time.GetUtcNow()));
        }
        else
        {
            // Not on the kernel's own thread: there may be thousands of series.
            tasks.Run(_ =>
            {
                source.Keep(describe.Known);
                call.Reply(All());
                return Task.CompletedTask;
            });
        }
    }

    /// <summary>As Prometheus is shown it: with figures of now.</summary>
    public async Task<MetricsReply> CollectAsync()
    {
        await source.RefreshAsync();
        return All();
    }

    private MetricsReply All() => new(time.GetUtcNow(), store.Collect()) { Machine = HostMachine.Read() };
}

/// <summary>What an agent is told of itself.</summary>
internal static class OwnFigures
{
    public static MetricsReply Of(AgentFigures own, DateTimeOffset at)
    {
        var (view, limits) = (own.View, own.View.Limits ?? new ResourceLimits());
        var memory = limits.Memory ?? 0;
        return new MetricsReply(at, [.. Families(own)])
        {
            Machine = new MachineUse
            {
                Cpus = limits.CpuQuota is { } quota and > 0
                    ? (double)quota / (limits.CpuPeriod ?? 100_000)
                    : Environment.ProcessorCount,
                CpuMs = view.CpuMs,
                MemoryBytes = memory,
                MemoryAvailableBytes = Math.Max(0, memory - view.MemoryBytes),
            },
        };
    }

    private static IEnumerable<MetricFamily> Families(AgentFigures own)
    {
        var left = Instruments.MetricSpecs.BudgetLeft;
        yield return new MetricFamily(left.Name, left.Kind)
        {
            Description = left.Description,
            Series =
            [
                .. own.Budgets.Select(budget => new MetricSeries(new Dictionary<string, string>
                {
                    ["scope"] = budget.Scope,
                    ["of"] = budget.Of,
                    ["unit"] = budget.Unit,
                })
                {
                    Value = budget.Left,
                }),
            ],
        };
    }
}
