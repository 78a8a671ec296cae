using Analemma.Daemon.Configuration;
using Analemma.Daemon.Configuration.Providers;
using Analemma.Daemon.Configuration.Sections;
using Analemma.Daemon.Runners;
using Analemma.Daemon.Runners.Network;
using Analemma.Daemon.Telemetry;
using Analemma.Daemon.Workflows;
using Analemma.Journal;
using Analemma.Kernel;
using Analemma.Models;
using Analemma.Sandbox;
using Analemma.Sandbox.Pool;

namespace Analemma.Daemon.Boot;

/// <summary>What one kernel is started with.</summary>
internal sealed record KernelHostOptions
{
    public required string Socket { get; init; }

    public required string StateFolder { get; init; }

    public required string Journal { get; init; }

    /// <summary>What of the journal outlives its pruning.</summary>
    public Func<TimeProvider, AuditKeeping> Audit { get; init; } = _ => AuditKeeping.Nothing;

    public KernelOptions Kernel { get; init; } = new();

    /// <summary>How to reach the models that <see cref="Kernel"/> knows.</summary>
    public IReadOnlyList<ModelDriverOptions> Drivers { get; init; } = [];

    /// <summary>How hosts of agents' network rules are found.</summary>
    public required HostAddresses Addresses { get; init; }

    /// <summary>How to reach the servers of tools that <see cref="Kernel"/> knows.</summary>
    public IReadOnlyList<ToolSection> Tools { get; init; } = [];

    public required SandboxEngineOptions Sandbox { get; init; }

    public required PoolOptions Pool { get; init; }

    public TelemetryOptions Telemetry { get; init; } = new();

    /// <summary>Whether sandboxes of a kernel that was killed live on, or are ended.</summary>
    public bool AdoptLeftovers { get; init; }

    /// <summary>The port on the host for programs that speak HTTP; 0 for one that is free.</summary>
    public int EndpointPort { get; init; }

    /// <summary>Whether to listen there from the start.</summary>
    public bool EndpointListens { get; init; }

    public required WorkflowOptions Workflows { get; init; }

    public static KernelHostOptions From(MachineOptions machine, ModelSetup models) => new()
    {
        Socket = machine.Kernel.Socket,
        StateFolder = machine.Kernel.StateFolder,
        Journal = machine.Journal.Path,
        Audit = machine.Journal.ToKeeping,
        Kernel = machine.ToKernelOptions([]) with { Models = models.Kernel },
        Drivers = models.Drivers,
        Addresses = machine.Network.ToAddresses(),
        Tools = machine.Tools,
        Pool = new PoolOptions
        {
            Created = machine.Pool.Created,
            Preloaded = machine.Pool.Preloaded,
            Limits = SandboxPolicies.LimitsOf(machine.Defaults.ToLimits()),
            Env = SandboxPolicies.BaseEnvironment,
        },
        Telemetry = machine.Telemetry.ToOptions(Environment.GetEnvironmentVariable),
        AdoptLeftovers = machine.Kernel.Adopts,
        EndpointPort = machine.Endpoint.Port,
        EndpointListens = machine.Endpoint.Listen,
        Workflows = machine.Workflows.ToOptions(machine.Kernel.StateFolder, Environment.GetEnvironmentVariable),
        Sandbox = new SandboxEngineOptions
        {
            StateFolder = machine.Kernel.StateFolder,
            Engine = machine.Sandbox.Engine.ToString().ToLowerInvariant(),
            Cgroup = machine.Sandbox.Cgroup is { Length: > 0 } cgroup ? cgroup : null,
            UidBase = (uint)machine.Sandbox.UidBase,
            UidCount = (uint)machine.Sandbox.UidCount,
            TmpBytes = machine.Sandbox.TmpBytes,
            SdkFolder = machine.Sandbox.SdkFolder is { Length: > 0 } folder ? folder : OwnSdk(),
            InitFile = SandboxEngineOptions.BuiltInit,
        },
    };

    /// <summary>The SDK that was built with this kernel.</summary>
    private static string? OwnSdk()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "sdk", "python");
        return Directory.Exists(folder) ? folder : null;
    }
}
