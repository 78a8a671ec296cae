using Analemma.Kernel.Effects;
using Analemma.Kernel.Events;

namespace Analemma.Simulator;

/// <summary>Probes of agents and tellings of escalations, as the daemon's runner has them.</summary>
internal sealed class SimulatedSupervision(World world)
{
    public int Escalations { get; private set; }

    public void Probe(ProbeUnit probe) => Later(world.Random.Delay(100, 200_000), () =>
    {
        var runs = world.Host.TryFind(probe.Process, out var child) && child.State is ChildState.Running;
        var isReady = runs && world.Random.Chance(6_000);
        world.Kernel.Arrive(new ProbeEnded(probe.Unit, probe.Process, isReady, "simulated") { At = world.Clock.Ticks });
    });

    public void Tell(TellEscalation tell)
    {
        ViolationException.Unless(
            tell.Escalation.Chain.Count > 0, "an escalation has a cause", tell.Escalation.ToString());
        Escalations++;
        Later(world.Random.Delay(50, 20_000), () =>
            world.Kernel.Arrive(new EscalationTold(tell.Escalation, ["simulated"]) { At = world.Clock.Ticks }));
    }

    /// <summary>A zone of this world: schedules are due whenever chance wants it, and now and then never.</summary>
    public void Ask(AskSchedule ask)
    {
        var due = world.Random.Chance(200) ? (long?)null : ask.After + world.Random.Delay(1_000, 2_000_000).Ticks;
        Later(world.Random.Delay(10, 5_000), () => world.Kernel.Arrive(
            new ScheduleTold(ask.Unit, ask.Cron, ask.Zone, due, due is null ? "never" : null)
            {
                At = world.Clock.Ticks,
            }));
    }

    private void Later(TimeSpan delay, Action act)
    {
        var boot = world.Kernel.Boot;
        world.Clock.After(delay, () =>
        {
            if (world.Kernel.Boot == boot && world.Kernel.IsUp)
            {
                act();
            }
        });
    }
}
