namespace Analemma.Models;

/// <summary>A provider's key, which no text form of anything shows.</summary>
public sealed class ApiKey
{
    private readonly string _value;

    /// <summary>Takes the key as the provider gave it.</summary>
    public ApiKey(string value)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(value);
        _value = value.Trim();
        if (!_value.All(character => character is > ' ' and <= '~'))
        {
            throw new ArgumentException("A key has printable ASCII characters only.", nameof(value));
        }
    }

    /// <summary>Never the key.</summary>
    public override string ToString() => "(key)";

    /// <summary>For the one header that carries it.</summary>
    internal string Reveal() => _value;

    internal string Redact(string text) => text.Replace(_value, ToString(), StringComparison.Ordinal);

    internal bool IsIn(string text) => text.Contains(_value, StringComparison.Ordinal);
}
