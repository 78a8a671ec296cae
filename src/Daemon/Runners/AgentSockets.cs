using System.Collections.Concurrent;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Sockets;
using Analemma.Sandbox;
using Analemma.Sandbox.Pool;

namespace Analemma.Daemon.Runners;

/// <summary>
/// The socket of every sandbox, from before its agent runs until it has ended. A warm sandbox has one before it is
/// anybody; what comes through it before is refused, but for the claim of its interpreter.
/// </summary>
internal sealed class AgentSockets(SyscallServer server) : ISlotSockets
{
    private readonly ConcurrentDictionary<string, Slot> _slots = new(StringComparer.Ordinal);

    /// <summary>Opens the socket of a sandbox that is nobody yet. <paramref name="claimed"/> is called when its
    /// interpreter waits for work.</summary>
    public void OpenUnclaimed(ISandbox sandbox, Action claimed)
    {
        var slot = new Slot();
        slot.Socket = server.ListenForSlot(SocketOf(sandbox), call =>
        {
            slot.Claim = call;
            claimed();
        });
        _slots[sandbox.Key] = slot;
    }

    /// <summary>Whoever speaks through this sandbox's socket is that process, from now until it is closed.</summary>
    public void Open(ISandbox sandbox, ProcessId process, string? name, ResourceLimits? limits)
    {
        var identity = new AgentIdentity(process, name, limits);
        if (_slots.TryGetValue(sandbox.Key, out var slot))
        {
            slot.Socket!.Bind(identity);
            return;
        }

        _slots[sandbox.Key] = new Slot { Socket = server.ListenForAgent(SocketOf(sandbox), identity) };
    }

    /// <summary>Tells the preloaded interpreter of a warm sandbox what it becomes.</summary>
    public void AnswerClaim(ISandbox sandbox, ClaimReply claim)
    {
        if (!_slots.TryGetValue(sandbox.Key, out var slot) || slot.Claim is not { } call)
        {
            throw new SandboxException($"sandbox {sandbox.Key} has no interpreter that waits");
        }

        call.Reply(claim);
    }

    /// <summary>Closes the socket and every connection made through it.</summary>
    public void Close(ISandbox sandbox)
    {
        if (_slots.TryRemove(sandbox.Key, out var slot))
        {
            slot.Socket?.Dispose();
        }
    }

    private static string SocketOf(ISandbox sandbox) => Path.Combine(sandbox.RunFolder, "agent.sock");

    private sealed class Slot
    {
        public AgentSocket? Socket { get; set; }

        public SyscallCall? Claim { get; set; }
    }
}
