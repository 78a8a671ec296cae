using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Functions;

/// <summary>What runs a function's program.</summary>
internal enum FunctionRuntime
{
    /// <summary>A handler in Python.</summary>
    Python,

    /// <summary>A handler in Node.</summary>
    Node,

    /// <summary>A program that speaks the Lambda Runtime API.</summary>
    Provided,

    /// <summary>A program that is run once for each event: the event on its input, the result on its output.</summary>
    Command,
}

/// <summary>A program that is called with an event and returns a value.</summary>
internal sealed record AgentFunction(string Name)
{
    public const int TimeoutMsDefault = 60_000;
    public const int ConcurrencyDefault = 8;
    public const int IdleMsDefault = 5 * 60_000;

    public FunctionRuntime Runtime { get; init; }

    /// <summary>The program; null when it is in the folder, or is a command.</summary>
    public string? Source { get; init; }

    /// <summary>module.function.</summary>
    public string Handler { get; init; } = "handler.handler";

    /// <summary>Program and arguments of a provided runtime or a command.</summary>
    public IReadOnlyList<string> Argv { get; init => field = value ?? []; } = [];

    /// <summary>A folder of the host that environments see, read-only; null for none.</summary>
    public string? Folder { get; init; }

    /// <summary>Of one invocation.</summary>
    public long TimeoutMs { get; init; } = TimeoutMsDefault;

    /// <summary>Null for the kernel's default.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Environments at most: so many invocations at once; others wait.</summary>
    public int Concurrency { get; init; } = ConcurrencyDefault;

    /// <summary>Environments that are kept for it and nobody else, and no more than these; null to share.</summary>
    public int? Reserved { get; init; }

    /// <summary>How long an environment waits for an event before it ends.</summary>
    public long IdleMs { get; init; } = IdleMsDefault;

    /// <summary>Events that an environment takes in its life; 0 for any number.</summary>
    public int UsesMax { get; init; }

    public IReadOnlyDictionary<string, string> Env { get; init => field = value ?? Nothing; } = Nothing;

    /// <summary>What else its environments are spawned with.</summary>
    public Spawn? Agent { get; init; }

    /// <summary>Environments at most, shared or its own.</summary>
    public int EnvironmentsMax => Reserved ?? Concurrency;

    private static Dictionary<string, string> Nothing { get; } = [];

    public byte[] Write()
    {
        JsonObjectBuilder env = new(Env.Count);
        foreach (var (name, value) in Env)
        {
            env.Set(name, value);
        }

        JsonObjectBuilder made = new(14);
        made.Set("runtime", Word(Runtime)).Set("source", Json.Maybe(Source)).Set("handler", Handler);
        made.Set("argv", JsonArray.Of([.. Argv.Select(JsonValue.From)])).Set("folder", Json.Maybe(Folder));
        made.Set("timeout", TimeoutMs).Set("memory", MemoryBytes is { } bytes ? bytes : JsonValue.Undefined);
        made.Set("concurrency", Concurrency).Set("reserved", Reserved is { } kept ? kept : JsonValue.Undefined);
        made.Set("idle", IdleMs).Set("uses", UsesMax).Set("env", env.Build());
        if (Agent is not null)
        {
            made.Set("agent", JsonValue.Parse(AbiJson.Write(Agent, AbiJsonContext.Default.Spawn)));
        }

        return JsonValue.From(made.Build()).ToUtf8();
    }

    public static AgentFunction Read(string name, byte[] bytes)
    {
        var json = JsonValue.Parse(bytes, JsonLimits.Widest);
        // Functions of the first kind had two runtimes, and said which by a flag.
        var runtime = json.MaybeText("runtime") is { } word ? RuntimeOf(word) ?? FunctionRuntime.Python
            : json["node"].IsTrue ? FunctionRuntime.Node : FunctionRuntime.Python;
        Spawn? agent = null;
        if (json["agent"].IsDefined)
        {
            AbiJson.TryRead(json["agent"].ToUtf8(), AbiJsonContext.Default.Spawn, out agent, out _);
        }

        return new AgentFunction(name)
        {
            Runtime = runtime,
            Source = json.MaybeText("source"),
            Handler = json.MaybeText("handler") ?? "handler.handler",
            Argv = json["argv"].TryGetArray(out var argv)
                ? [.. argv.Items.ToArray().Select(each => each.AsString())] : [],
            Folder = json.MaybeText("folder"),
            TimeoutMs = json["timeout"].TryGetInt64(out var timeout) ? timeout : TimeoutMsDefault,
            MemoryBytes = json["memory"].TryGetInt64(out var memory) ? memory : null,
            Concurrency = json["concurrency"].TryGetInt32(out var concurrency) ? concurrency : ConcurrencyDefault,
            Reserved = json["reserved"].TryGetInt32(out var reserved) ? reserved : null,
            IdleMs = json["idle"].TryGetInt64(out var idle) ? idle : IdleMsDefault,
            UsesMax = json["uses"].TryGetInt32(out var uses) ? uses : 0,
            Env = EnvOf(json["env"]),
            Agent = agent,
        };
    }

    public static string Word(FunctionRuntime runtime) => runtime.ToString().ToLowerInvariant();

    /// <summary>Null for none.</summary>
    public static FunctionRuntime? RuntimeOf(string word) => word switch
    {
        "python" => FunctionRuntime.Python,
        "node" => FunctionRuntime.Node,
        "provided" => FunctionRuntime.Provided,
        "command" => FunctionRuntime.Command,
        _ => null,
    };

    private static Dictionary<string, string> EnvOf(JsonValue json)
    {
        Dictionary<string, string> env = new(StringComparer.Ordinal);
        if (json.TryGetObject(out var members))
        {
            foreach (var (key, value) in members)
            {
                env[key] = value.AsString();
            }
        }

        return env;
    }
}
