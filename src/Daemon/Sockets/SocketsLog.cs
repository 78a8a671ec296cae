using Microsoft.Extensions.Logging;

namespace Analemma.Daemon.Sockets;

/// <summary>Event ids 900-999.</summary>
internal static partial class SocketsLog
{
    [LoggerMessage(901, LogLevel.Warning, "{Path}: accept failed with errno {Errno}; trying again in {Delay}")]
    public static partial void AcceptFailed(this ILogger log, string path, int errno, TimeSpan delay);

    [LoggerMessage(902, LogLevel.Debug, "ended a connection: {Code}, {Message}")]
    public static partial void Refused(this ILogger log, string code, string message);

    [LoggerMessage(903, LogLevel.Error, "a connection of {Who} was closed: serving it went wrong")]
    public static partial void ConnectionFailed(this ILogger log, Exception wrong, string who);

    [LoggerMessage(904, LogLevel.Error, "{Path}: listening went wrong; trying again")]
    public static partial void ListenerFailed(this ILogger log, Exception wrong, string path);

    [LoggerMessage(905, LogLevel.Error, "an answer to {Syscall} could not be written")]
    public static partial void AnswerFailed(this ILogger log, Exception wrong, string syscall);

    [LoggerMessage(906, LogLevel.Critical, "a thread for sockets went wrong")]
    public static partial void ReactorFailed(this ILogger log, Exception wrong);
}
