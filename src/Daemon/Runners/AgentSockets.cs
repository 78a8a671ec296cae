using System.Collections.Concurrent;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Http;
using Analemma.Daemon.Sockets;
using Analemma.Sandbox;
using Analemma.Sandbox.Pool;

namespace Analemma.Daemon.Runners;

/// <summary>
/// The sockets of every sandbox, for syscalls and for HTTP, from before its agent runs until it has ended. A warm
/// sandbox has them before it is anybody; what comes through them before is refused, but for the claim of its
/// interpreter.
/// </summary>
internal sealed class AgentSockets(SyscallServer server, AgentEndpoints endpoints) : ISlotSockets
{
    private readonly ConcurrentDictionary<string, Slot> _slots = new(StringComparer.Ordinal);

    /// <summary>Listens inside a sandbox that is nobody yet, so that its claim need not.</summary>
    public void Made(ISandbox sandbox) =>
        _slots[sandbox.Key] = new Slot { Endpoint = endpoints.TryListen(sandbox), HasEndpoint = true };

    /// <summary>Opens the socket of a sandbox that is nobody yet. <paramref name="claimed"/> is called when its
    /// interpreter waits for work.</summary>
    public void OpenUnclaimed(ISandbox sandbox, Action claimed)
    {
        var slot = _slots.GetOrAdd(sandbox.Key, _ => new Slot());
        slot.Socket = server.ListenForSlot(SocketOf(sandbox), call =>
        {
            slot.Claim = call;
            claimed();
        });
    }

    /// <summary>Whoever speaks through this sandbox's socket is that process, from now until it is closed.</summary>
    /// <param name="sandbox">Its sandbox.</param>
    /// <param name="process">Who it is.</param>
    /// <param name="name">Its name.</param>
    /// <param name="limits">What it may use.</param>
    /// <param name="hasLoopback">Whether it has a loopback of its own that the kernel can listen on.</param>
    public void Open(
        ISandbox sandbox, ProcessId process, string? name, ResourceLimits? limits, bool hasLoopback)
    {
        var identity = new AgentIdentity(process, name, limits);
        var slot = _slots.GetOrAdd(sandbox.Key, _ => new Slot());
        if (slot.Socket is { } open)
        {
            open.Bind(identity);
        }
        else
        {
            slot.Socket = server.ListenForAgent(SocketOf(sandbox), identity);
        }

        if (hasLoopback && !slot.HasEndpoint)
        {
            slot.Endpoint = endpoints.TryListen(sandbox);
        }

        slot.Endpoint?.Bind(new HttpCaller(identity, slot.Socket.Budget));
    }

    /// <summary>
    /// Tells the preloaded interpreter of a warm sandbox what it becomes, so that it gets ready; it begins nothing
    /// before <see cref="AnswerClaim"/>.
    /// </summary>
    public void ForetellClaim(ISandbox sandbox, ClaimReply claim)
    {
        if (_slots.TryGetValue(sandbox.Key, out var slot))
        {
            slot.IsForetold = slot.Claim?.TrySendPiece(claim) == true;
        }
    }

    /// <summary>Lets the preloaded interpreter of a warm sandbox become its agent.</summary>
    public void AnswerClaim(ISandbox sandbox, ProcessId process, Func<ClaimReply> claim)
    {
        if (!_slots.TryGetValue(sandbox.Key, out var slot) || slot.Claim is not { } call)
        {
            throw new SandboxException($"sandbox {sandbox.Key} has no interpreter that waits");
        }

        call.Reply(slot.IsForetold ? new ClaimEndReply(process) : claim());
    }

    /// <summary>Closes the socket and every connection made through it.</summary>
    public void Close(ISandbox sandbox)
    {
        if (_slots.TryRemove(sandbox.Key, out var slot))
        {
            slot.Socket?.Dispose();
            slot.Endpoint?.Dispose();
        }
    }

    private static string SocketOf(ISandbox sandbox) => Path.Combine(sandbox.RunFolder, "agent.sock");

    private sealed class Slot
    {
        public AgentSocket? Socket { get; set; }

        public SyscallCall? Claim { get; set; }

        /// <summary>Whether its interpreter knows what it becomes.</summary>
        public bool IsForetold { get; set; }

        /// <summary>Null where nobody can listen inside.</summary>
        public AgentEndpoint? Endpoint { get; set; }

        /// <summary>Whether that was tried.</summary>
        public bool HasEndpoint { get; init; }
    }
}
