namespace Analemma.Daemon.Configuration.Files;

/// <summary>
/// One setting as its source wrote it: a string, long, double, bool, or a list of them. The origin says where, for
/// messages: <c>analemma.toml line 3</c>, <c>ANALEMMA_POOL__CREATED</c>, <c>--pool.created</c>.
/// </summary>
internal sealed record SettingValue(object Value, string Origin);

/// <summary>The settings of one source by dotted key, and what could not be read of it.</summary>
internal sealed class SettingSource
{
    public Dictionary<string, SettingValue> Values { get; } = new(StringComparer.Ordinal);

    public List<string> Problems { get; } = [];

    public void Add(string key, object value, string origin)
    {
        if (!Values.TryAdd(key, new SettingValue(value, origin)))
        {
            Problems.Add($"{origin}: {key} is set twice");
        }
    }
}
