using System.Text.Json;

namespace Analemma.Kernel.Tools;

/// <summary>
/// The servers of tools that the owner of the machine configured, as far as the kernel decides by it.
/// </summary>
public sealed record ToolOptions
{
    public IReadOnlyList<ToolServerOptions> Servers { get; init; } = [];
}

/// <summary>One server.</summary>
/// <param name="Name">Lower-case letters, digits and - inside; 1 to 32.</param>
public sealed record ToolServerOptions(string Name)
{
    /// <summary>A program in a sandbox of its own; otherwise somewhere else, by HTTP.</summary>
    public bool IsProgram { get; init; } = true;

    /// <summary>Calls at once; others wait for their turn.</summary>
    public int CallsMax { get; init; } = 16;

    /// <summary>From request to result, when the call does not say.</summary>
    public long TimeoutMs { get; init; } = 60_000;

    /// <summary>Started with the kernel rather than when it is first needed.</summary>
    public bool StartsAtBoot { get; init; }
}

/// <summary>A tool as its server described it, within the bounds of the runner.</summary>
/// <param name="Name">The server's name for it.</param>
/// <param name="Parameters">The JSON Schema of its arguments.</param>
public sealed record ToolDescription(string Name, JsonElement Parameters)
{
    public string? Title { get; init; }

    public string? Description { get; init; }

    public JsonElement? Result { get; init; }

    public bool? ReadOnly { get; init; }
}
