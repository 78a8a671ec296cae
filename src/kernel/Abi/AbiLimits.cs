namespace Analemma.Abi;

/// <summary>The bounds that both sides of the wire must know. The kernel's own bounds are in its Limits.cs.</summary>
public static class AbiLimits
{
    /// <summary>
    /// One frame's payload in either framing. The AgentOS protocol set it; larger bodies come in pieces.
    /// </summary>
    public const int PayloadBytesMax = 1024 * 1024;

    /// <summary>A native request body put together from several frames.</summary>
    public const int BodyBytesMax = 16 * 1024 * 1024;

    /// <summary>What one handle of a message may hold.</summary>
    public const long HandleBytesMax = 1024L * 1024 * 1024;

    /// <summary>Objects and arrays inside each other in one JSON payload.</summary>
    public const int JsonDepthMax = 32;

    /// <summary>Native requests of one connection that wait for their answer.</summary>
    public const int InFlightMax = 1024;

    /// <summary>The version of the native framing that this library speaks.</summary>
    public const int Version = 2;

    /// <summary>A process name: letters, digits, and . _ - inside.</summary>
    public const int NameLengthMax = 64;

    /// <summary>A socket path that fits sockaddr_un with its final NUL: unix(7).</summary>
    public const int SocketPathBytesMax = 107;
}
