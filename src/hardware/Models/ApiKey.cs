namespace Analemma.Models;

/// <summary>What a look for a key found: the key, or why there is none.</summary>
public readonly record struct KeyLookup(string? Value, string? Problem)
{
    /// <summary>Never the key.</summary>
    public override string ToString() => Problem ?? "(key)";
}

/// <summary>A provider's key, which no text form of anything shows.</summary>
public sealed class ApiKey
{
    /// <summary>Values that answers may still echo: the current one, and those of calls that are under way.</summary>
    private const int SeenMax = 4;

    private readonly Func<KeyLookup>? _look;
    private volatile string[] _seen;

    /// <summary>Takes the key as the provider gave it.</summary>
    public ApiKey(string value)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(value);
        var key = value.Trim();
        if (!IsKey(key))
        {
            throw new ArgumentException("A key has printable ASCII characters only.", nameof(value));
        }

        _seen = [key];
    }

    private ApiKey(string secret, Func<KeyLookup> look) => (Secret, _look, _seen) = (secret, look, []);

    /// <summary>The name of the secret that it is, when it is kept as one.</summary>
    public string? Secret { get; }

    /// <summary>A key that is kept as a secret. Until it is bound to where secrets are, a call has none.</summary>
    public static ApiKey OfSecret(string name) =>
        new(name, () => new KeyLookup(null, $"nobody has the secret {name} at hand"));

    /// <summary>The same key, looked up for each request.</summary>
    public ApiKey ReadBy(Func<KeyLookup> look) => new(
        Secret ?? throw new InvalidOperationException("The key is no secret's."), look);

    /// <summary>Never the key.</summary>
    public override string ToString() => "(key)";

    /// <summary>For the one header that carries it.</summary>
    /// <exception cref="ProviderFault">The secret is not set, is no key, or cannot be read.</exception>
    internal string Reveal()
    {
        if (_look is null)
        {
            return _seen[0];
        }

        var found = _look();
        if (found.Value?.Trim() is not { Length: > 0 } key)
        {
            throw new ProviderFault(ModelCallReason.NoKey, found.Problem ?? $"the secret {Secret} is empty");
        }

        if (!IsKey(key))
        {
            throw new ProviderFault(
                ModelCallReason.NoKey,
                $"the secret {Secret} is no key: it has characters that are not printable ASCII");
        }

        if (!_seen.Contains(key, StringComparer.Ordinal))
        {
            _seen = [key, .. _seen.Take(SeenMax - 1)];
        }

        return key;
    }

    internal string Redact(string text) =>
        _seen.Aggregate(text, (shown, key) => shown.Replace(key, ToString(), StringComparison.Ordinal));

    internal bool IsIn(string text) => _seen.Any(key => text.Contains(key, StringComparison.Ordinal));

    private static bool IsKey(string key) => key.All(character => character is > ' ' and <= '~');
}
