using Analemma.Abi;
using Analemma.Daemon.Configuration.Providers;
using Analemma.Daemon.Configuration.Sections;
using Analemma.Kernel;
using Analemma.Kernel.Tools;

namespace Analemma.Daemon.Configuration;

/// <summary>
/// All that the owner of the machine decides, from the machine file, the environment and flags, later ones over earlier
/// ones. Read once at start. The defaults here are the documentation: docs/reference/config.md is made of them.
/// </summary>
internal sealed record MachineOptions
{
    public KernelSection Kernel { get; init; } = new();

    public SandboxSection Sandbox { get; init; } = new();

    public PoolSection Pool { get; init; } = new();

    public DefaultsSection Defaults { get; init; } = new();

    public LimitsSection Limits { get; init; } = new();

    public JournalSection Journal { get; init; } = new();

    public StoreSection Store { get; init; } = new();

    public TelemetrySection Telemetry { get; init; } = new();

    public NetworkSection Network { get; init; } = new();

    public ModelsSection Models { get; init; } = new();

    public QueueSection Queue { get; init; } = new();

    public RetrySection Retry { get; init; } = new();

    public RunawaySection Runaway { get; init; } = new();

    public ProviderSection Gemini { get; init; } = new() { Models = KnownModels.Gemini };

    public ProviderSection Openai { get; init; } = new() { Models = KnownModels.OpenAi };

    public ProviderSection Anthropic { get; init; } = new() { Models = KnownModels.Anthropic };

    public SimSection Sim { get; init; } = new();

    public EndpointSection Endpoint { get; init; } = new();

    public WorkflowsSection Workflows { get; init; } = new();

    /// <summary>The sections [tools.NAME], by name.</summary>
    public IReadOnlyList<ToolSection> Tools { get; init; } = [];

    /// <summary>Reads everything; a mistake anywhere is listed with all others and nothing may be started.</summary>
    public static BootRequest Load(
        IReadOnlyList<string> args, IReadOnlyDictionary<string, string> environment, bool root) =>
        new MachineLoader(args, environment, root).Load();

    /// <summary>Every mistake at once, each naming its key.</summary>
    public IEnumerable<string> Problems() =>
    [
        .. Kernel.Problems(),
        .. Sandbox.Problems(),
        .. Pool.Problems(),
        .. Defaults.Problems(),
        .. Limits.Problems(),
        .. Journal.Problems(),
        .. Store.Problems(),
        .. Telemetry.Problems(),
        .. Network.Problems(),
        .. Models.Problems(),
        .. Queue.Problems(),
        .. Retry.Problems(),
        .. Runaway.Problems(),
        .. Gemini.Problems("gemini"),
        .. Openai.Problems("openai"),
        .. Anthropic.Problems("anthropic"),
        .. Sim.Problems(),
        .. Endpoint.Problems(),
        .. Workflows.Problems(),
    ];

    /// <summary>The part that the pure kernel decides by.</summary>
    public KernelOptions ToKernelOptions(IReadOnlyList<string> enforced) => new()
    {
        Defaults = Defaults.ToLimits(),
        GraceMs = Defaults.GraceMs,
        ProcessesMax = Limits.ProcessesMax,
        DeadRecordsMax = Limits.DeadRecordsMax,
        Supervision = Limits.ToSupervision(),
        Enforced = enforced,
        Store = Store.ToOptions(),
        UnsandboxedAllowed = Sandbox.UnsandboxedAllowed,
        Tools = new ToolOptions
        {
            Servers =
            [
                .. Tools.Select(section => new ToolServerOptions(section.Name)
                {
                    IsProgram = section.IsProgram,
                    CallsMax = section.CallsMax,
                    TimeoutMs = section.TimeoutMs,
                    StartsAtBoot = section.StartsAtBoot,
                }),
            ],
        },
    };

    internal MachineOptions Copy() => this with
    {
        Kernel = Kernel with { },
        Sandbox = Sandbox with { },
        Pool = Pool with { },
        Defaults = Defaults with { },
        Limits = Limits with { },
        Journal = Journal with { },
        Telemetry = Telemetry with { },
        Network = Network with { },
        Models = Models with { },
        Queue = Queue with { },
        Retry = Retry with { },
        Runaway = Runaway with { },
        Gemini = Gemini with { },
        Openai = Openai with { },
        Anthropic = Anthropic with { },
        Sim = Sim with { },
        Endpoint = Endpoint with { },
        Workflows = Workflows with { },
    };

    /// <summary>Fills in the paths that depend on the host and on who starts the kernel.</summary>
    internal MachineOptions WithPaths(Func<string, string?> environment, bool root)
    {
        var state = Kernel.StateFolder.Length > 0 ? Kernel.StateFolder : Abi.StateFolder.DefaultPath(environment, root);
        var socket = Kernel.Socket.Length > 0 ? Kernel.Socket : KernelSocket.DefaultPath(environment, root);
        var journal = Journal.Path.Length > 0 ? Journal.Path : Path.Combine(state, "journal.db");
        return this with
        {
            Kernel = Kernel with { Socket = socket, StateFolder = state },
            Journal = Journal with { Path = journal },
        };
    }
}

/// <summary>What the kernel program is asked to do.</summary>
internal enum BootAction
{
    Run,

    /// <summary>Find out what this host can enforce and print it as STATUS would, as JSON.</summary>
    Probe,

    /// <summary>Check the journal and print what is wrong with it, as JSON.</summary>
    VerifyJournal,

    /// <summary>Write all workflows to a file.</summary>
    ExportWorkflows,

    /// <summary>Bring workflows from a file.</summary>
    ImportWorkflows,

    /// <summary>Give back what databases do not use.</summary>
    CompactJournal,

    /// <summary>Print the audit records of the journal, and what is wrong with it, as JSON.</summary>
    PrintAudit,

    PrintConfig,
    Help,
    Version,
}

/// <summary>The program's arguments, understood. With problems, nothing but printing them may be done.</summary>
internal sealed record BootRequest(
    BootAction Action, MachineOptions Options, ModelSetup Models, IReadOnlyList<string> Problems)
{
    /// <summary>Where a kernel that runs prints to; null for where it was started to.</summary>
    public string? LogFile { get; init; }

    /// <summary>Where workflows go to or come from.</summary>
    public string ArchiveFile { get; init; } = "";

    /// <summary>Whether large payloads go there, too.</summary>
    public bool ArchivesPayloads { get; init; } = true;
}
