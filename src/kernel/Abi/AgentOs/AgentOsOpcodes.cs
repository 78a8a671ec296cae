namespace Analemma.Abi.AgentOs;

/// <summary>
/// Opcodes that exist only in the AgentOS framing, and the names by which its asynchronous results call the others.
/// </summary>
public static class AgentOsOpcodes
{
    /// <summary>Takes the results of the connection's asynchronous requests.</summary>
    public const byte AsyncPoll = 0x80;

    /// <summary>What the audit log keeps; nobody who speaks this framing changes it.</summary>
    public const byte SetAuditConfig = 0x77;

    /// <summary>One agent's figures.</summary>
    public const byte MetricsAgent = 0xC1;

    /// <summary>The figures of every living agent that the caller may see.</summary>
    public const byte MetricsAll = 0xC2;

    /// <summary>What a sandbox uses and may use.</summary>
    public const byte MetricsCgroup = 0xC3;

    /// <summary>What AgentOS had and this version does not serve, so that a program learns what it misses.</summary>
    private static readonly Dictionary<byte, string> Unserved = new()
    {
        [0x70] = "RECORD_START",
        [0x71] = "RECORD_STOP",
        [0x72] = "RECORD_STATUS",
        [0x73] = "REPLAY_START",
        [0x74] = "REPLAY_STATUS",
        [0xA0] = "WORLD_CREATE",
        [0xA1] = "WORLD_DESTROY",
        [0xA2] = "WORLD_LIST",
        [0xA3] = "WORLD_JOIN",
        [0xA4] = "WORLD_LEAVE",
        [0xA5] = "WORLD_EVENT",
        [0xA6] = "WORLD_STATE",
        [0xA7] = "WORLD_SNAPSHOT",
        [0xA8] = "WORLD_RESTORE",
        [0xB0] = "TUNNEL_CONNECT",
        [0xB1] = "TUNNEL_DISCONNECT",
        [0xB2] = "TUNNEL_STATUS",
        [0xB3] = "TUNNEL_LIST_REMOTES",
        [0xB4] = "TUNNEL_CONFIG",
        [0xF0] = "LLM_REPORT",
    };

    /// <summary>The opcode's name, for logs and messages.</summary>
    public static string NameOf(byte opcode) => opcode switch
    {
        (byte)SyscallNumber.Exec => "EXEC",
        (byte)SyscallNumber.Think => "THINK",
        (byte)SyscallNumber.Http => "HTTP",
        _ => Unserved.GetValueOrDefault(opcode, $"0x{opcode:X2}"),
    };

    /// <summary>Why an opcode that this framing does not serve is refused.</summary>
    internal static SysError NotServed(byte opcode) => new(
        SysErrorCode.UnknownSyscall,
        Unserved.TryGetValue(opcode, out var name)
            ? $"there is no syscall 0x{opcode:X2} here: {name} of AgentOS is not served by this version"
            : $"there is no syscall 0x{opcode:X2} here",
        "docs/abi.md lists those there are");
}
