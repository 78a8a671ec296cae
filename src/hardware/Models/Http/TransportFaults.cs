namespace Analemma.Models.Http;

/// <summary>Connections that failed, as reasons.</summary>
internal static class TransportFaults
{
    public static ProviderFault Of(HttpRequestException error) => error.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => Unreachable("the host's name has no address", error),
        HttpRequestError.ConnectionError => Unreachable("the connection was refused or lost", error),
        HttpRequestError.SecureConnectionError => Unreachable("no secure connection came about", error),
        HttpRequestError.ProxyTunnelError => Unreachable("the proxy made no connection", error),
        HttpRequestError.ResponseEnded => Unreachable("the connection ended before an answer", error),
        HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError
            or HttpRequestError.VersionNegotiationError or HttpRequestError.ConfigurationLimitExceeded =>
            new(ModelCallReason.MalformedAnswer, "the answer is not HTTP", error),
        _ => Unreachable("the connection failed", error),
    };

    private static ProviderFault Unreachable(string detail, Exception error) =>
        new(ModelCallReason.Unreachable, detail, error);
}
