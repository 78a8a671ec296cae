using System.Globalization;
using System.Text.Json;
using Analemma.Abi.Syscalls;
using Analemma.Kernel.Events;
using Analemma.Kernel.Values;

namespace Analemma.Simulator;

/// <summary>Requests about the store that collide: few keys, versions that are nearly right, all sizes.</summary>
internal sealed class ValueRequests(World world)
{
    private static readonly string[] KeyNames = ["a", "b", "b/1", "b/2", "c"];

    private static readonly StoreScope?[] Scopes =
        [null, null, StoreScope.Agent, StoreScope.Group, StoreScope.Group, StoreScope.Global, StoreScope.Any];

    private long _next;

    private SeededRandom Random => world.Random;

    public StoreSyscall Next(Caller caller)
    {
        var key = Random.Pick(KeyNames);
        StoreSyscall request = Random.Below(10) switch
        {
            0 or 1 or 2 or 3 or 4 => new Store
            {
                Key = key,
                Value = Value(),
                TtlMs = Random.Chance(2_000) ? Random.Between(1, 3_000) : null,
                IfVersion = Random.Chance(4_000) ? Version(key) : null,
            },
            5 or 6 or 7 => new Fetch { Key = key },
            8 => new Delete { Key = key, IfVersion = Random.Chance(3_000) ? Math.Max(1, Version(key)) : null },
            _ => new Keys { Prefix = Random.Pick([null, "b"]), Limit = Random.Pick<int?>([null, 1]) },
        };
        var owner = caller.IsHost ? Random.Pick([null, null, "a", "family:a"]) : null;
        return request with { Scope = Random.Pick(Scopes), Owner = owner };
    }

    /// <summary>Never the same twice, so that one is told from the other.</summary>
    private JsonElement Value()
    {
        var length = Random.Pick([1, 10, 4_090, 6_000, 20_000]);
        var text = string.Create(CultureInfo.InvariantCulture, $"{++_next:D7}") + new string('x', length);
        return JsonElement.Parse($"\"{text}\"");
    }

    /// <summary>One that the key has somewhere, or had, or none.</summary>
    private long Version(string key)
    {
        List<StoredValue> there = [.. world.Kernel.State.Values.All.Where(value => value.Key == key)];
        return there.Count == 0 || Random.Chance(3_000) ? 0 : Random.Pick(there).Version - Random.Pick([0, 0, 0, 1]);
    }
}
