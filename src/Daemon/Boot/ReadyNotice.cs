using System.Net.Sockets;

namespace Analemma.Daemon.Boot;

/// <summary>
/// Tells whoever started the kernel that it is ready: systemd's protocol, one datagram to <c>$NOTIFY_SOCKET</c>, see
/// sd_notify(3). Nothing is sent when nobody asked.
/// </summary>
internal static class ReadyNotice
{
    public static void Send()
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 1 } path)
        {
            return;
        }

        // A leading @ is how the environment writes an abstract address.
        var address = path[0] == '@' ? "\0" + path[1..] : path;
        using Socket socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.SendTo("READY=1\n"u8, new UnixDomainSocketEndPoint(address));
        }
        catch (SocketException)
        {
            // Who asked has gone; the kernel runs all the same.
        }
    }
}
