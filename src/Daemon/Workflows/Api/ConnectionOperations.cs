using System.Text.Json;
using System.Text.RegularExpressions;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Workflows.Catalog;
using Analemma.Kernel.Policy;
using Analemma.Workflow.Json;

namespace Analemma.Daemon.Workflows.Api;

/// <summary>Connections, by which tasks reach the network. Operations of the owner alone.</summary>
internal sealed partial class ConnectionOperations(Connections connections)
{
    private const string Hidden = "***";

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
                rules.Select(Shown).ToArray(), AbiJsonContext.Default.NetworkRuleArray);
            items.Add(JsonObject.Of(("name", name), ("network", JsonValue.Parse(network))));
        }

        return Task.FromResult<JsonValue>(JsonObject.Of(("connections", items.Build())));
    }

    // A header that is written out may be a key: only what names a secret is told, with the word before it.
    private static NetworkRule Shown(NetworkRule rule) => rule.Headers is null ? rule : rule with
    {
        Headers = rule.Headers.ToDictionary(
            each => each.Key, each => NamesASecret().IsMatch(each.Value) ? each.Value : Hidden),
    };

    [GeneratedRegex(@"^([A-Za-z-]{1,16} )?\$\{secret:[^}]+\}$")]
    private static partial Regex NamesASecret();
}
