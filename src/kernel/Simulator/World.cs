namespace Analemma.Simulator;

/// <summary>All simulated parts, made from one seed.</summary>
internal sealed class World
{
    public World(long seed, Sabotage sabotage, bool areSleepers = false)
    {
        Random = new SeededRandom(seed);
        // By a chance of its own, so that the other worlds stay as they were.
        var options = WorldOptions.Draw(Random).WithHedges(new SeededRandom(seed ^ 0x6865646765));
        Options = areSleepers ? options.OfSleepers() : options;
        Clock = new SimulatedClock(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Trace = new Trace(Clock);
        Sabotage = sabotage;
        Disk = new SimulatedDisk(Random, Clock, Options);
        Calls = new SimulatedCalls(Clock, (request, reply) => Values!.Answered(request, reply));
        Shadow = new Shadow(this);
        Host = new SimulatedHost(this);
        Models = new SimulatedModels(this);
        Bodies = new SimulatedBodies(this);
        Values = new SimulatedValues(this);
        Secrets = new SimulatedSecrets(this);
        Http = new SimulatedHttp(this);
        Tools = new SimulatedTools(this);
        Supervision = new SimulatedSupervision(this);
        Pipes = new SimulatedPipes(this);
        Watchers = new SimulatedWatchers(this);
        Mail = new SimulatedMail(this);
        Calls.Ended = Mail.Ended;
        Supervised = new SupervisionInvariants(this);
        Effects = new SimulatedEffects(this);
        Clients = new SimulatedClients(this);
        Kernel = new SimulatedKernel(this);
        Invariants = new Invariants(this);
    }

    public SeededRandom Random { get; }

    public WorldOptions Options { get; }

    public SimulatedClock Clock { get; }

    public Trace Trace { get; }

    public Sabotage Sabotage { get; }

    public SimulatedDisk Disk { get; }

    public SimulatedCalls Calls { get; }

    public Shadow Shadow { get; }

    public SimulatedHost Host { get; }

    public SimulatedModels Models { get; }

    public SimulatedBodies Bodies { get; }

    public SimulatedValues Values { get; }

    public SimulatedSecrets Secrets { get; }

    public SimulatedHttp Http { get; }

    public SimulatedTools Tools { get; }

    public SimulatedSupervision Supervision { get; }

    public SimulatedMail Mail { get; }

    public SimulatedPipes Pipes { get; }

    public SimulatedWatchers Watchers { get; }

    public SupervisionInvariants Supervised { get; }

    public RightsInvariants Rights { get; } = new();

    public LeaseInvariants Leases { get; } = new();

    public SimulatedEffects Effects { get; }

    public SimulatedClients Clients { get; }

    public SimulatedKernel Kernel { get; }

    public Invariants Invariants { get; }

    /// <summary>Set while a world is brought to its end: nothing goes wrong any more.</summary>
    public bool IsCalm { get; set; }

    public bool CrashesNow() => !IsCalm && Random.Chance(Options.Crash);
}
