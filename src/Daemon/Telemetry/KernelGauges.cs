using System.Diagnostics;
using System.Diagnostics.Metrics;
using Analemma.Daemon.Loop;
using Analemma.Daemon.Sockets;
using Analemma.Daemon.Telemetry.Instruments;
using Analemma.Daemon.Workflows.Concurrency;
using Analemma.Kernel;

namespace Analemma.Daemon.Telemetry;

/// <summary>Metrics that are looked at when somebody collects: the kernel's own figures, and the daemon's.</summary>
internal static class KernelGauges
{
    /// <summary>What the kernel decides.</summary>
    public static void OfKernel(KernelMeter meter, FigureSource source)
    {
        Many(MetricSpecs.Agents, now => now.Processes.Select(row => One(row.Count, ("state", Names.Of(row.State)))));
        Many(MetricSpecs.Exits, now => now.Exits.Select(row => One(row.Count, ("cause", Names.Of(row.Cause)))));
        Many(MetricSpecs.Denials, now => now.Denials.Select(row => One(row.Count, ("kind", row.Kind))));
        Many(MetricSpecs.Spawns, now => [One(now.Spawns)]);
        Many(MetricSpecs.OomKills, now => [One(now.OomKills)]);
        Many(MetricSpecs.QueueLength, now => now.Lanes.Select(lane => One(lane.Waiting, ("provider", lane.Provider))));
        Many(MetricSpecs.Slots, now => now.Lanes.SelectMany(lane => new[]
        {
            One(lane.Slots, ("provider", lane.Provider), ("state", "limit")),
            One(lane.Running, ("provider", lane.Provider), ("state", "used")),
        }));
        Many(MetricSpecs.BudgetLeft, now => Budgets(meter, now));
        Many(MetricSpecs.Kernel, now => [One(now.Boot, ("version", now.Version), ("engine", now.Engine))]);

        void Many(MetricSpec spec, Func<KernelFigures, IEnumerable<Measurement<double>>> look) =>
            meter.Observe(spec, () => look(source.Current()));
    }

    /// <summary>What the daemon knows of itself.</summary>
    public static void OfDaemon(
        KernelMeter meter, KernelLoop loop, SyscallServer server, Func<(int Created, int Preloaded)> pool,
        TimeProvider time)
    {
        var began = time.GetTimestamp();
        meter.Observe(MetricSpecs.Turns, () => [One(loop.TurnCount)]);
        meter.Observe(MetricSpecs.Events, () => [One(loop.EventCount)]);
        meter.Observe(MetricSpecs.EventsWaiting, () => [One(loop.WaitingCount)]);
        meter.Observe(MetricSpecs.Noops, () => [One(server.Noops)]);
        meter.Observe(MetricSpecs.Connections, () => [One(server.Connections)]);
        meter.Observe(MetricSpecs.ConnectionsRefused, () => [One(server.Refusals)]);
        meter.Observe(
            MetricSpecs.PoolSlots,
            () => [One(pool().Created, ("tier", "created")), One(pool().Preloaded, ("tier", "preloaded"))]);
        meter.Observe(MetricSpecs.Uptime, () => [One(time.GetElapsedTime(began).TotalSeconds)]);
        meter.Observe(MetricSpecs.Memory, () => [One(Environment.WorkingSet)]);
        meter.Observe(MetricSpecs.Cpu, () => [One(CpuSeconds())]);
    }

    /// <summary>Workflows, once somebody has asked for them.</summary>
    public static void OfWorkflows(
        KernelMeter meter, Func<(ConcurrencyFigures Executions, ConcurrencyFigures Tasks)?> figures)
    {
        Many(MetricSpecs.WorkflowExecutions, now => States(now.Executions));
        Many(MetricSpecs.WorkflowTasks, now => States(now.Tasks));
        Many(
            MetricSpecs.WorkflowQueueAge,
            now =>
            [
                One(now.Executions.OldestSeconds, ("of", "execution")),
                One(now.Tasks.OldestSeconds, ("of", "task")),
            ]);
        Many(MetricSpecs.WorkflowRefused, now => [One(now.Executions.Refused)]);

        void Many(
            MetricSpec spec,
            Func<(ConcurrencyFigures Executions, ConcurrencyFigures Tasks), IEnumerable<Measurement<double>>> look) =>
            meter.Observe(spec, () => figures() is { } now ? look(now) : []);

        static IEnumerable<Measurement<double>> States(ConcurrencyFigures of) =>
            [One(of.Running, ("state", "running")), One(of.Queued, ("state", "queued"))];
    }

    /// <summary>Agents without series of their own are left out: what is left is nothing to add up.</summary>
    private static IEnumerable<Measurement<double>> Budgets(KernelMeter meter, KernelFigures now) =>
        from budget in now.Budgets
        let of = budget.Scope == "agent" ? meter.Agents.Label(budget.Of) : budget.Of
        where of != AgentLabels.Other
        select One(budget.Left, ("scope", budget.Scope), ("of", of), ("unit", budget.Unit));

    private static double CpuSeconds()
    {
        using var self = Process.GetCurrentProcess();
        return self.TotalProcessorTime.TotalSeconds;
    }

    private static Measurement<double> One(double value, params ReadOnlySpan<(string Name, string Value)> tags)
    {
        var list = new KeyValuePair<string, object?>[tags.Length];
        for (var i = 0; i < list.Length; i++)
        {
            list[i] = new(tags[i].Name, tags[i].Value);
        }

        return new Measurement<double>(value, list);
    }
}
