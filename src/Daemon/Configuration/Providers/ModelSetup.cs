using Analemma.Abi.Syscalls;
using Analemma.Kernel.Models;
using Analemma.Models;
using Analemma.Models.Simulated;

namespace Analemma.Daemon.Configuration.Providers;

/// <summary>
/// The models of one kernel, from its settings and its environment: what the pure kernel decides by, and what the
/// drivers are opened with. Only the second holds keys, and shows them to nobody.
/// </summary>
internal sealed record ModelSetup(ModelOptions Kernel, IReadOnlyList<ModelDriverOptions> Drivers)
{
    /// <summary>The embedded model, which a kernel without settings has.</summary>
    public static ModelSetup Simulated { get; } = From(new MachineOptions(), _ => null, []);

    public static ModelSetup From(
        MachineOptions machine, Func<string, string?> environment, List<string> problems)
    {
        var real = KnownProvider.All
            .Select(known => (Known: known, Driver: ProviderDrivers.Open(known, machine, environment, problems)))
            .Where(each => each.Driver is not null)
            .ToList();
        List<ProviderOptions> providers =
        [
            .. real.Select(each => Provider(each.Known.Name, each.Known.Section(machine))),
            ProviderOptions.Simulator with
            {
                Slots = machine.Sim.Slots,
                Limit = new RateLimit(machine.Sim.RequestsPerMinute, machine.Sim.TokensPerMinute),
                AnyModel = machine.Sim.AnyModel ? ModelEntry.Simulator.Name : null,
            },
        ];
        List<ModelEntry> models =
        [
            .. real.SelectMany(each => NamedValues.Names(each.Known.Section(machine).Models)
                .Select(name => KnownModels.Entry(name, each.Known.Name))),
            ModelEntry.Simulator,
        ];
        var kernel = Options(machine, providers, ModelPrices.Apply(machine, models, problems), problems) with
        {
            Absent = [.. KnownProvider.All.Where(known => real.All(each => each.Known != known)).Select(Absent)],
        };
        problems.AddRange(kernel.Problems());
        return new ModelSetup(kernel, [.. real.Select(each => each.Driver!), Simulator(machine)]);
    }

    private static AbsentProvider Absent(KnownProvider known) => new(
        known.Name,
        known.ModelPrefixes,
        $"set {string.Join(" or ", known.KeyVariables)} in the environment of the kernel and start it again");

    private static ProviderOptions Provider(string name, Sections.ProviderSection section) => new(name)
    {
        Slots = section.Slots,
        Limit = new RateLimit(section.RequestsPerMinute, section.TokensPerMinute),
    };

    private static ModelOptions Options(
        MachineOptions machine, List<ProviderOptions> providers, List<ModelEntry> models, List<string> problems)
    {
        var section = machine.Models;
        var aliases = NamedValues.Pairs("models.aliases", section.Aliases, problems);
        return new ModelOptions
        {
            Providers = [.. providers.Select(each => each with { AttemptMs = machine.Queue.AttemptMs })],
            Models = ModelGroups.WithRates(
                machine, ModelGroups.WithFallback(machine, models, problems), problems),
            Aliases = aliases,
            Hedges = ModelGroups.Hedges(machine, models, aliases.Keys, problems),
            Default = section.Default.Length > 0 ? section.Default : models[0].Name,
            DayBudget = Budget(section.DayTokens, section.DayMicrodollars),
            AgentBudget = Budget(section.AgentTokens, section.AgentMicrodollars),
            PauseWhenExhausted = section.PauseWhenExhausted,
            CallBudget = Budget(section.CallTokens, section.CallMicrodollars),
            AgentLimit = new RateLimit(section.AgentRequestsPerMinute, section.AgentTokensPerMinute),
            Groups = ModelGroups.Groups(machine, problems),
            Queue = machine.Queue.ToOptions(section.QueueTimeoutMs),
            Retry = machine.Retry.ToOptions(),
            Runaway = machine.Runaway.ToOptions(),
        };
    }

    private static ModelBudget Budget(long tokens, long microdollars) => new()
    {
        Tokens = tokens > 0 ? tokens : null,
        Microdollars = microdollars > 0 ? microdollars : null,
    };

    private static ModelDriverOptions Simulator(MachineOptions machine) => new()
    {
        Name = ProviderOptions.Simulator.Name,
        Kind = ModelProviderKind.Sim,
        Simulated = new SimulatedModelOptions
        {
            Seed = (ulong)Math.Max(0, machine.Sim.Seed),
            Engine = new SimulatedEngineOptions
            {
                Slots = Math.Max(1, machine.Sim.Slots),
                Speed = machine.Sim.Speed > 0 ? machine.Sim.Speed : double.PositiveInfinity,
            },
        },
    };
}
