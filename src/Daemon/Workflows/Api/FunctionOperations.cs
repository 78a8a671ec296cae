using System.Text.RegularExpressions;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Workflows.Functions;
using Analemma.Kernel.Policy;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>Functions of the kernel's own. Operations of the owner alone: the service has none for them.</summary>
internal sealed partial class FunctionOperations(AgentFunctions functions)
{
    private const int SourceBytesMax = 1024 * 1024;
    private const int ConcurrencyMax = 10_000;
    private const int HandlerCharsMax = 128;
    private const long TimeoutMsMax = 15 * 60_000;
    private const long IdleMsMax = 24L * 60 * 60_000;

    private static readonly string[] Members =
    [
        "name", "source", "runtime", "handler", "argv", "folder", "timeoutMs", "memoryBytes", "concurrency",
        "reserved", "idleMs", "maxUses", "env", "agent",
    ];

    public async Task<JsonValue> PutAsync(ApiRequest request)
    {
        request.CheckMembers(Members);
        var name = request.Text("name", 64);
        if (!Name().IsMatch(name))
        {
            throw ApiRefusedException.Invalid($"name is '{name}'; it must be of letters, digits, - and _");
        }

        var runtime = AgentFunction.RuntimeOf(
            request.Word("runtime", "python", "node", "provided", "command") ?? "python")!.Value;
        AgentFunction function = new(name)
        {
            Runtime = runtime,
            Source = request.MaybeText("source", SourceBytesMax),
            Argv = Texts(request, "argv"),
            Folder = request.MaybeText("folder"),
            Handler = request.MaybeText("handler", HandlerCharsMax)
                ?? (runtime is FunctionRuntime.Node ? "index.handler" : "handler.handler"),
            TimeoutMs = Whole(request, "timeoutMs", AgentFunction.TimeoutMsDefault, 1, TimeoutMsMax),
            MemoryBytes = request.Has("memoryBytes") ? Whole(request, "memoryBytes", 0, 1, long.MaxValue) : null,
            Concurrency = (int)Whole(request, "concurrency", AgentFunction.ConcurrencyDefault, 1, ConcurrencyMax),
            Reserved = request.Has("reserved") ? (int)Whole(request, "reserved", 0, 0, ConcurrencyMax) : null,
            IdleMs = Whole(request, "idleMs", AgentFunction.IdleMsDefault, 1, IdleMsMax),
            UsesMax = (int)Whole(request, "maxUses", 0, 0, int.MaxValue),
            Env = EnvOf(request),
            Agent = AgentOf(request),
        };
        // What is reserved is looked at and taken in one go.
        return await functions.ChangeAsync(async () =>
        {
            Check(function, request);
            await functions.PutAsync(function);
            return Described(functions.Find(name)!);
        });
    }

    public async Task<JsonValue> RemoveAsync(ApiRequest request)
    {
        var name = request.Text("name");
        return await functions.ChangeAsync(() => functions.RemoveAsync(name))
            ? JsonObject.Empty
            : throw new ApiRefusedException("ResourceNotFound", $"Function not found: {name}");
    }

    public Task<JsonValue> ListAsync()
    {
        JsonArrayBuilder items = new();
        foreach (var pool in functions.All.OrderBy(each => each.Function.Name, StringComparer.Ordinal))
        {
            items.Add(Described(pool));
        }

        return Task.FromResult<JsonValue>(JsonObject.Of(("functions", items.Build())));
    }

    private void Check(AgentFunction function, ApiRequest request)
    {
        var hasHandler = function.Runtime is FunctionRuntime.Python or FunctionRuntime.Node;
        if (hasHandler ? (function.Source is null) == (function.Folder is null)
            : function.Source is null && function.Argv.Count == 0)
        {
            throw ApiRefusedException.Invalid(hasHandler
                ? "give source, the program, or folder, the host's folder that it is in"
                : "give argv, the program and its arguments, or source, the program");
        }

        if (hasHandler && function.Argv.Count > 0)
        {
            throw ApiRefusedException.Invalid("argv is of the runtimes provided and command; handlers have none");
        }

        if (function.Folder is { } folder && (!folder.StartsWith('/') || !Directory.Exists(folder)))
        {
            throw ApiRefusedException.Invalid(
                $"folder is '{folder}'; it must be a folder of the host, by its path from /");
        }

        if (function.Reserved is { } reserved)
        {
            if (request.Has("concurrency"))
            {
                throw ApiRefusedException.Invalid(
                    "give reserved, environments that are kept for it and no more, or concurrency, at most so many "
                    + "of those that all share");
            }

            var most = functions.ReservableFor(function.Name);
            if (reserved > most)
            {
                throw new ApiRefusedException(
                    "InvalidParameterValueException",
                    $"reserved is {reserved}; at most {most} of workflows.environments can be reserved yet, for one "
                    + "must be left to functions that share");
            }
        }
    }

    // What else its agents are spawned with, in the words of SPAWN. What the function itself decides is not among it.
    private static Spawn? AgentOf(ApiRequest request)
    {
        if (!request.Has("agent"))
        {
            return null;
        }

        if (!AbiJson.TryRead(request["agent"].ToUtf8(), AbiJsonContext.Default.Spawn, out var agent, out var wrong))
        {
            throw ApiRefusedException.Invalid($"agent: {wrong.Message}");
        }

        if (agent.Name is not null || agent.Script is not null || agent.Argv is not null || agent.Args is not null
            || agent.Python is not null || agent.StdinPipe is not null || agent.StdoutPipe is not null)
        {
            throw ApiRefusedException.Invalid(
                "agent: name, script, argv, args, python and pipes are the function's own to decide");
        }

        return SyscallRules.Check(agent with { Argv = ["true"] }) is { } problem
            ? throw ApiRefusedException.Invalid($"agent: {problem.Message}")
            : agent;
    }

    private static Dictionary<string, string> EnvOf(ApiRequest request)
    {
        Dictionary<string, string> env = new(StringComparer.Ordinal);
        if (request["env"].TryGetObject(out var members))
        {
            foreach (var (key, value) in members)
            {
                env[key] = value.TryGetString(out var text)
                    ? text : throw ApiRefusedException.Invalid($"env.{key} must be text");
            }
        }

        return env;
    }

    private static string[] Texts(ApiRequest request, string name)
    {
        if (!request.Has(name))
        {
            return [];
        }

        return request[name].TryGetArray(out var items) && items.Items.ToArray().All(each => each.IsString)
            ? [.. items.Items.ToArray().Select(each => each.AsString())]
            : throw ApiRefusedException.Invalid($"{name} must be a list of texts");
    }

    // Without its program and its environment, which may hold what is not to be listed.
    private static JsonValue Described(FunctionPool pool)
    {
        var function = pool.Function;
        var (environments, busy, waiting) = pool.Counts;
        return JsonObject.Of(
            ("name", function.Name),
            ("runtime", AgentFunction.Word(function.Runtime)),
            ("handler", function.Handler),
            ("timeoutMs", function.TimeoutMs),
            ("concurrency", function.EnvironmentsMax),
            ("reserved", function.Reserved is { } reserved ? reserved : JsonValue.Undefined),
            ("idleMs", function.IdleMs),
            ("maxUses", function.UsesMax),
            ("environments", environments),
            ("busy", busy),
            ("waiting", waiting),
            ("processes", JsonArray.Of([.. pool.Processes.Select(id => JsonValue.From((long)id.Value))])));
    }

    private static long Whole(ApiRequest request, string name, long usual, long least, long most)
    {
        if (!request.Has(name))
        {
            return usual;
        }

        return request[name].TryGetInt64(out var value) && value >= least && value <= most
            ? value
            : throw ApiRefusedException.Invalid($"{name} must be a whole number, {least} to {most}");
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{1,64}\\z")]
    private static partial Regex Name();
}
