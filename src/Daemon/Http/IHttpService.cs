using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Analemma.Daemon.Http;

/// <summary>Serves some of the requests that come in over HTTP. Used by many requests at once.</summary>
internal interface IHttpService
{
    /// <summary>Whether this request is for it, by method and target alone.</summary>
    bool Takes(HttpRequest request);

    /// <summary>
    /// Whether it serves on the thread that waits for connections. It must not hold that: neither wait on it nor
    /// compute for long.
    /// </summary>
    bool RunsInline => false;

    /// <summary>
    /// Serves one that it takes. Ends early when <see cref="HttpContext.RequestAborted"/> is cancelled, which is when
    /// the client has hung up.
    /// </summary>
    Task ServeAsync(HttpContext http);
}

/// <summary>Serves connections that are not, or not only, HTTP as the server reads it.</summary>
internal interface IConnectionService
{
    /// <summary>Bytes of a connection's start that it looks at, at most.</summary>
    int StartBytesMax { get; }

    /// <summary>
    /// Whether a connection that starts so is for it: true or false, or null when it cannot tell from so few bytes.
    /// </summary>
    bool? Takes(ReadOnlySpan<byte> start);

    /// <summary>
    /// Serves one that it takes to its end; nothing of it has been read yet. Its origin is a feature of the connection.
    /// </summary>
    Task ServeAsync(ConnectionContext connection);
}
