using System.Net.Sockets;
using System.Security.Authentication;

namespace Analemma.Daemon.Runners.Network;

/// <summary>Why a host could not be asked, in words of ours: an exception's own might quote what was sent.</summary>
internal static class HttpFailures
{
    public static string Describe(Exception failed) => failed switch
    {
        HttpRequestException { InnerException: SocketException socket } => Of(socket),
        HttpRequestException { InnerException: AuthenticationException } => Tls,
        HttpRequestException http => http.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => "the name has no address",
            HttpRequestError.ConnectionError => "no connection came about",
            HttpRequestError.SecureConnectionError => Tls,
            HttpRequestError.ResponseEnded => "it hung up before its answer was complete",
            HttpRequestError.InvalidResponse => "its answer is no HTTP",
            HttpRequestError.ConfigurationLimitExceeded => "its answer's headers are too long",
            _ => "the exchange failed",
        },
        IOException { InnerException: SocketException socket } => Of(socket),
        UriFormatException => "the address is none that can be sent",
        _ => "it hung up before the exchange was complete",
    };

    private const string Tls = "no TLS connection came about: its certificate is not trusted, or is not for this name";

    public static string Of(SocketException error) => error.SocketErrorCode switch
    {
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "the name has no address",
        SocketError.ConnectionRefused => "connection refused",
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown => "it hung up",
        SocketError.TimedOut => "no connection within 10 s",
        SocketError.NetworkUnreachable or SocketError.HostUnreachable => "there is no way to it",
        _ => $"no connection came about ({error.SocketErrorCode})",
    };
}
