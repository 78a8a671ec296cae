using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Functions;

/// <summary>A program with a handler that is called with an event and returns a value.</summary>
internal sealed record AgentFunction(string Name, string Source)
{
    public const int TimeoutMsDefault = 60_000;
    public const int ConcurrencyDefault = 8;

    /// <summary>module.function; of the module only the function is looked for.</summary>
    public string Handler { get; init; } = "handler.handler";

    /// <summary>Of Node; else of Python.</summary>
    public bool IsNode { get; init; }

    public long TimeoutMs { get; init; } = TimeoutMsDefault;

    /// <summary>Null for the kernel's default.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>Invocations at once; others wait.</summary>
    public int Concurrency { get; init; } = ConcurrencyDefault;

    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    public byte[] Write()
    {
        JsonObjectBuilder env = new(Env.Count);
        foreach (var (name, value) in Env)
        {
            env.Set(name, value);
        }

        return JsonValue.From(JsonObject.Of(
            ("source", Source),
            ("handler", Handler),
            ("node", IsNode),
            ("timeout", TimeoutMs),
            ("memory", MemoryBytes is { } bytes ? bytes : JsonValue.Undefined),
            ("concurrency", Concurrency),
            ("env", env.Build()))).ToUtf8();
    }

    public static AgentFunction Read(string name, byte[] bytes)
    {
        var json = JsonValue.Parse(bytes, JsonLimits.Widest);
        Dictionary<string, string> env = new(StringComparer.Ordinal);
        if (json["env"].TryGetObject(out var members))
        {
            foreach (var (key, value) in members)
            {
                env[key] = value.AsString();
            }
        }

        return new AgentFunction(name, json["source"].AsString())
        {
            Handler = json["handler"].AsString(),
            IsNode = json["node"].IsTrue,
            TimeoutMs = json["timeout"].TryGetInt64(out var timeout) ? timeout : TimeoutMsDefault,
            MemoryBytes = json["memory"].TryGetInt64(out var memory) ? memory : null,
            Concurrency = json["concurrency"].TryGetInt32(out var concurrency) ? concurrency : ConcurrencyDefault,
            Env = env,
        };
    }
}
