using System.Text.Json;

namespace Analemma.Tools;

/// <summary>
/// How a session with a server is bounded. Every bound is against a server that means harm, or has a bug.
/// </summary>
public sealed record ToolSessionOptions
{
    /// <summary>From the connection to the list of tools.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Tools beyond are not offered.</summary>
    public int ToolsMax { get; init; } = 256;

    /// <summary>A longer description is cut.</summary>
    public int DescriptionCharsMax { get; init; } = 8_192;

    /// <summary>A tool with a larger schema is not offered.</summary>
    public int SchemaBytesMax { get; init; } = 65_536;

    /// <summary>A result with more text and data is refused.</summary>
    public int ResultBytesMax { get; init; } = 1024 * 1024;

    /// <summary>One message of the server. Beyond, the session ends.</summary>
    public int MessageBytesMax { get; init; } = 32 * 1024 * 1024;

    /// <summary>What a program may print, between two messages, that is none. Beyond, the session ends.</summary>
    public int GarbageBytesMax { get; init; } = 1024 * 1024;

    /// <summary>Values that are never to be seen in what the server says: it may say back what it was sent.</summary>
    public IReadOnlyList<string> Hidden { get; init; } = [];

    /// <summary>Told when the server has other tools now.</summary>
    public Action<IReadOnlyList<FoundTool>> Changed { get; init; } = _ => { };

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>A tool as its server describes it, within the bounds.</summary>
/// <param name="Name">The server's name for it.</param>
/// <param name="Parameters">The JSON Schema of its arguments.</param>
public sealed record FoundTool(string Name, JsonElement Parameters)
{
    /// <summary>A name for people.</summary>
    public string? Title { get; init; }

    /// <summary>What it does.</summary>
    public string? Description { get; init; }

    /// <summary>The JSON Schema of its structured result.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>It says that it changes nothing.</summary>
    public bool? ReadOnly { get; init; }
}
