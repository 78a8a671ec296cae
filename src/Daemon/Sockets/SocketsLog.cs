using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Sockets;

/// <summary>Event ids 900-999.</summary>
internal static partial class SocketsLog
{
    [LoggerMessage(901, LogLevel.Warning, "{Path}: accept failed with errno {Errno}; trying again in {Delay}")]
    public static partial void AcceptFailed(this ILogger log, string path, int errno, TimeSpan delay);

    [LoggerMessage(902, LogLevel.Debug, "ended a connection: {Code}, {Message}")]
    public static partial void Refused(this ILogger log, string code, string message);
}
