using System.Text.Json;
using Analemma.Abi.Syscalls;

namespace Analemma.Abi.AgentOs;

/// <summary>
/// The store in the AgentOS framing. Its programs know no owners: a value without a scope is for everybody who shares
/// it, and one that is read is looked for everywhere.
/// </summary>
internal static class AgentOsValues
{
    private const double TtlSecondsMax = 86_400 * 365.0 * 100;

    public static AgentOsRequest Store(AgentOsStore store)
    {
        if (string.IsNullOrEmpty(store.Key))
        {
            return Refuse("key is required");
        }

        if (store.Value.ValueKind is JsonValueKind.Undefined)
        {
            return Refuse("value is required");
        }

        if (store.Ttl is { } seconds && !(seconds is >= 0 and <= TtlSecondsMax))
        {
            return Refuse("ttl is a number of seconds, 0 for none");
        }

        return Scope(store.Scope) is not { } scope
            ? Refuse("scope is one of global, agent, session")
            : new AgentOsRequest
            {
                Syscall = new Store
                {
                    Key = store.Key,
                    Value = store.Value,
                    Scope = scope,
                    TtlMs = store.Ttl is > 0 ? Math.Max(1, (long)Math.Ceiling(store.Ttl.Value * 1000)) : null,
                },
            };
    }

    public static AgentOsRequest Fetch(AgentOsStore store) => string.IsNullOrEmpty(store.Key)
        ? Refuse("key is required")
        : new AgentOsRequest { Syscall = new Fetch { Key = store.Key, Scope = StoreScope.Any } };

    public static AgentOsRequest Delete(AgentOsStore store) => string.IsNullOrEmpty(store.Key)
        ? Refuse("key is required")
        : new AgentOsRequest { Syscall = new Delete { Key = store.Key, Scope = StoreScope.Any } };

    public static AgentOsRequest Keys(AgentOsStore store) => new()
    {
        Syscall = new Keys
        {
            Prefix = string.IsNullOrEmpty(store.Prefix) ? null : store.Prefix,
            Scope = StoreScope.Any,
            Limit = 1000,
        },
    };

    public static void Write(Utf8JsonWriter json, Reply reply)
    {
        json.WriteBoolean("success", true);
        switch (reply)
        {
            case StoreReply store:
                json.WriteString("key", store.Key);
                json.WriteString("scope", NameOf(store.Scope));
                break;
            case FetchReply fetch:
                WriteFetched(json, fetch);
                break;
            case DeleteReply delete:
                json.WriteBoolean("deleted", delete.Deleted);
                break;
            case KeysReply keys:
                json.WriteStartArray("keys");
                foreach (var key in keys.Keys.Select(each => each.Key).Distinct(StringComparer.Ordinal))
                {
                    json.WriteStringValue(key);
                }

                json.WriteEndArray();
                json.WriteNumber("count", keys.Keys.Select(each => each.Key).Distinct(StringComparer.Ordinal).Count());
                break;
        }
    }

    private static void WriteFetched(Utf8JsonWriter json, FetchReply fetch)
    {
        json.WriteBoolean("exists", fetch.Exists);
        json.WritePropertyName("value");
        if (fetch.Value is { } value)
        {
            value.WriteTo(json);
        }
        else
        {
            json.WriteNullValue();
        }

        if (fetch.Scope is { } scope)
        {
            json.WriteString("scope", NameOf(scope));
        }
    }

    private static StoreScope? Scope(string? name) => name switch
    {
        null or "" => StoreScope.Any,
        "global" => StoreScope.Any,
        "agent" => StoreScope.Agent,
        "session" or "group" => StoreScope.Group,
        _ => null,
    };

    private static string NameOf(StoreScope scope) => scope switch
    {
        StoreScope.Agent => "agent",
        StoreScope.Group => "session",
        _ => "global",
    };

    private static AgentOsRequest Refuse(string message) => new() { Error = SysError.InvalidArgument(message) };
}
