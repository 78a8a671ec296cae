using System.Diagnostics.CodeAnalysis;

namespace Analemma.Kernel.Values;

/// <summary>What one family, or the host, has in the store.</summary>
public readonly record struct ValueAccount(int Keys, long Bytes)
{
    internal ValueAccount Plus(StoredValue value, int sign) =>
        new(Keys + sign, Bytes + (sign * value.Weight));
}

/// <summary>
/// All values of the store, each in its place, with what they come to for each who pays, and in the order in which
/// their time is up. Durable.
/// </summary>
public sealed class ValueTable
{
    private readonly SortedDictionary<ValuePlace, ValueShelf> _places = new(ValuePlace.Order);
    private readonly Dictionary<string, ValueAccount> _accounts = new(StringComparer.Ordinal);
    private readonly SortedDictionary<(long ExpiresAt, long Version), StoredValue> _expiring = [];

    /// <summary>The version that the next value gets.</summary>
    public long NextVersion { get; internal set; } = 1;

    /// <summary>By place, then by key.</summary>
    public IEnumerable<StoredValue> All => _places.Values.SelectMany(shelf => shelf.All);

    /// <summary>Places with a value in them.</summary>
    public IEnumerable<ValuePlace> Places => _places.Keys;

    /// <summary>Of everybody.</summary>
    public ValueAccount Total { get; private set; }

    /// <summary>Of the values that are in the kernel's state themselves.</summary>
    public long InlineBytes { get; private set; }

    public IReadOnlyDictionary<string, ValueAccount> Accounts => _accounts;

    /// <summary>Every body that is used.</summary>
    public IEnumerable<long> Bodies => All.Select(value => value.Body).OfType<long>();

    /// <summary>When the next value's time is up.</summary>
    public long? NextExpiry => _expiring.Count > 0 ? _expiring.First().Key.ExpiresAt : null;

    public ValueAccount AccountOf(string payer) => _accounts.GetValueOrDefault(payer);

    public bool TryGet(ValuePlace place, string key, [NotNullWhen(true)] out StoredValue? value)
    {
        value = null;
        return _places.TryGetValue(place, out var shelf) && shelf.TryGet(key, out value);
    }

    /// <summary>The values of a place whose keys come after one, in order.</summary>
    public IEnumerable<StoredValue> From(ValuePlace place, string first) =>
        _places.TryGetValue(place, out var shelf) ? shelf.From(first) : [];

    /// <summary>Those whose time is up.</summary>
    public List<StoredValue> Over(long now, int most) =>
        [.. _expiring.TakeWhile(pair => pair.Key.ExpiresAt <= now).Take(most).Select(pair => pair.Value)];

    /// <summary>Puts a value in its place; gives the one that was there.</summary>
    internal StoredValue? Put(StoredValue value)
    {
        if (!_places.TryGetValue(value.Place, out var shelf))
        {
            _places.Add(value.Place, shelf = new ValueShelf());
        }

        var before = shelf.Put(value);
        if (before is not null)
        {
            Count(before, -1);
        }

        Count(value, 1);
        return before;
    }

    internal void Remove(StoredValue value)
    {
        var shelf = _places[value.Place];
        shelf.Remove(value.Key);
        if (shelf.IsEmpty)
        {
            _places.Remove(value.Place);
        }

        Count(value, -1);
    }

    private void Count(StoredValue value, int sign)
    {
        Total = Total.Plus(value, sign);
        InlineBytes += sign * (value.Inline?.Length ?? 0);
        var account = AccountOf(value.Payer).Plus(value, sign);
        if (account.Keys == 0)
        {
            _accounts.Remove(value.Payer);
        }
        else
        {
            _accounts[value.Payer] = account;
        }

        if (value.ExpiresAt is not { } at)
        {
            return;
        }

        if (sign > 0)
        {
            _expiring.Add((at, value.Version), value);
        }
        else
        {
            _expiring.Remove((at, value.Version));
        }
    }
}

/// <summary>The values of one place, in the order of their keys.</summary>
internal sealed class ValueShelf
{
    // Found by the one, listed by the other.
    private readonly Dictionary<string, StoredValue> _byKey = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _keys = new(StringComparer.Ordinal);

    public bool IsEmpty => _byKey.Count == 0;

    public IEnumerable<StoredValue> All => _keys.Select(key => _byKey[key]);

    public bool TryGet(string key, [NotNullWhen(true)] out StoredValue? value) => _byKey.TryGetValue(key, out value);

    public IEnumerable<StoredValue> From(string first) => _keys.Count == 0 || Above(first)
        ? [] : _keys.GetViewBetween(first, _keys.Max).Select(key => _byKey[key]);

    public StoredValue? Put(StoredValue value)
    {
        _byKey.TryGetValue(value.Key, out var before);
        _byKey[value.Key] = value;
        _keys.Add(value.Key);
        return before;
    }

    public void Remove(string key)
    {
        _byKey.Remove(key);
        _keys.Remove(key);
    }

    private bool Above(string first) => string.CompareOrdinal(first, _keys.Max) > 0;
}
