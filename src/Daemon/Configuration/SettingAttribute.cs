namespace Analemma.Daemon.Configuration;

/// <summary>What one setting is for: a line of docs/reference/config.md and of <c>--print-config</c>.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SettingAttribute(string description) : Attribute
{
    public string Description { get; } = description;

    /// <summary>A number of bytes, which may also be written as <c>"256M"</c>.</summary>
    public bool IsBytes { get; init; }

    /// <summary>How a default that depends on the host is written in the reference.</summary>
    public string? DefaultText { get; init; }
}
