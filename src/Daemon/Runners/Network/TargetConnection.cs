using System.Net;
using System.Net.Sockets;
using Analemma.Kernel.Effects;
using Analemma.Kernel.Network;

namespace Analemma.Daemon.Runners.Network;

/// <summary>The rule names the host, but the host has an address that the rule does not allow.</summary>
internal sealed class AddressDeniedException(string message) : Exception(message);

/// <summary>
/// Connects to a host that a rule allows. A name is resolved once, every address that it has is held against the rule,
/// and the connection goes to an address that was: what the name means a moment later changes nothing.
/// </summary>
internal sealed class TargetConnection(HostAddresses addresses)
{
    /// <summary>Of one address, before the next is tried.</summary>
    private static readonly TimeSpan ConnectMax = TimeSpan.FromSeconds(10);

    /// <exception cref="AddressDeniedException">The rule does not allow one of its addresses.</exception>
    /// <exception cref="SocketException">It has no address, or none answers.</exception>
    public async Task<Socket> OpenAsync(SendHttp send, CancellationToken cancellationToken)
    {
        var found = await addresses.OfAsync(send.Target.Host, cancellationToken);
        if (found.Count == 0)
        {
            throw new SocketException((int)SocketError.HostNotFound);
        }

        // One that is not allowed spoils them all: a name that leads outside and inside is set up to be confused.
        foreach (var address in found)
        {
            if (NetworkJudge.AddressProblem(send.Rule, HostAddresses.ToNet(address)) is { } problem)
            {
                throw new AddressDeniedException($"rule {send.RuleNumber}: {problem}");
            }
        }

        SocketException? failed = null;
        foreach (var address in found)
        {
            try
            {
                return await ConnectAsync(new IPEndPoint(address, send.Target.Port), cancellationToken);
            }
            catch (SocketException error)
            {
                failed = error;
            }
        }

        throw failed!;
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint place, CancellationToken cancellationToken)
    {
        Socket socket = new(place.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(ConnectMax);
        try
        {
            await socket.ConnectAsync(place, patience.Token);
            return socket;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TimedOut);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
