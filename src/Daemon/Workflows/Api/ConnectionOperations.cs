using System.Text.Json;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Workflows.Catalog;
using Analemma.Kernel.Policy;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>Connections, by which tasks reach the network. Operations of the owner alone.</summary>
internal sealed class ConnectionOperations(Connections connections)
{
    public async Task<JsonValue> PutAsync(ApiRequest request)
    {
        request.CheckMembers("name", "network");
        var name = Arns.CheckName(request.Text("name", 64));
        if (!Connections.TryRead(request["network"], out var rules, out var wrong))
        {
            throw ApiRefusedException.Invalid($"network: {wrong}");
        }

        // The rules of rules are SPAWN's.
        if (SyscallRules.Check(new Spawn { Argv = ["true"], Network = new NetworkAccess { Rules = rules } }) is { } bad)
        {
            throw ApiRefusedException.Invalid(bad.Message);
        }

        await connections.PutAsync(name, rules);
        return JsonObject.Of(("name", name));
    }

    public async Task<JsonValue> RemoveAsync(ApiRequest request)
    {
        var name = request.Text("name");
        return await connections.RemoveAsync(name)
            ? JsonObject.Empty
            : throw new ApiRefusedException("ResourceNotFound", $"Connection '{name}' does not exist.");
    }

    public Task<JsonValue> ListAsync()
    {
        JsonArrayBuilder items = new();
        foreach (var (name, rules) in connections.All.OrderBy(each => each.Name, StringComparer.Ordinal))
        {
            var network = JsonSerializer.SerializeToUtf8Bytes(
                rules.ToArray(), AbiJsonContext.Default.NetworkRuleArray);
            items.Add(JsonObject.Of(("name", name), ("network", JsonValue.Parse(network))));
        }

        return Task.FromResult<JsonValue>(JsonObject.Of(("connections", items.Build())));
    }
}
