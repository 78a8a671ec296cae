using Analemma.Daemon.Workflows.Functions;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>Functions of the kernel's own. Operations of the owner alone: the service has none for them.</summary>
internal sealed class FunctionOperations(AgentFunctions functions)
{
    private const int SourceBytesMax = 1024 * 1024;
    private const int ConcurrencyMax = 1000;
    private const long TimeoutMsMax = 15 * 60_000;

    public async Task<JsonValue> PutAsync(ApiRequest request)
    {
        var name = Arns.CheckName(request.Text("name", 64));
        var source = request.Text("source", SourceBytesMax);
        var isNode = request.Word("runtime", "python", "node") == "node";
        Dictionary<string, string> env = new(StringComparer.Ordinal);
        if (request["env"].TryGetObject(out var members))
        {
            foreach (var (key, value) in members)
            {
                env[key] = value.TryGetString(out var text)
                    ? text : throw ApiRefusedException.Invalid($"env.{key} must be text");
            }
        }

        AgentFunction function = new(name, source)
        {
            IsNode = isNode,
            Handler = request.MaybeText("handler", 128) ?? (isNode ? "index.handler" : "handler.handler"),
            TimeoutMs = Whole(request, "timeoutMs", AgentFunction.TimeoutMsDefault, TimeoutMsMax),
            MemoryBytes = request.Has("memoryBytes") ? Whole(request, "memoryBytes", 0, long.MaxValue) : null,
            Concurrency = (int)Whole(request, "concurrency", AgentFunction.ConcurrencyDefault, ConcurrencyMax),
            Env = env,
        };
        await functions.PutAsync(function);
        return Described(function);
    }

    public async Task<JsonValue> RemoveAsync(ApiRequest request)
    {
        var name = request.Text("name");
        return await functions.RemoveAsync(name)
            ? JsonObject.Empty
            : throw new ApiRefusedException("ResourceNotFound", $"Function not found: {name}");
    }

    public Task<JsonValue> ListAsync()
    {
        JsonArrayBuilder items = new();
        foreach (var function in functions.All.OrderBy(each => each.Name, StringComparer.Ordinal))
        {
            items.Add(Described(function));
        }

        return Task.FromResult<JsonValue>(JsonObject.Of(("functions", items.Build())));
    }

    // Without its program and its environment, which may hold what is not to be listed.
    private static JsonValue Described(AgentFunction function) => JsonObject.Of(
        ("name", function.Name),
        ("runtime", function.IsNode ? "node" : "python"),
        ("handler", function.Handler),
        ("timeoutMs", function.TimeoutMs),
        ("concurrency", function.Concurrency));

    private static long Whole(ApiRequest request, string name, long usual, long most)
    {
        if (!request.Has(name))
        {
            return usual;
        }

        return request[name].TryGetInt64(out var value) && value > 0 && value <= most
            ? value
            : throw ApiRefusedException.Invalid($"{name} must be a whole number, 1 to {most}");
    }
}
