namespace Analemma.Abi.AgentOs;

/// <summary>
/// Opcodes that exist only in the AgentOS framing, and the names by which its asynchronous results call the others.
/// </summary>
public static class AgentOsOpcodes
{
    /// <summary>Takes the results of the connection's asynchronous requests.</summary>
    public const byte AsyncPoll = 0x80;

    /// <summary>The opcode's name, for logs and messages.</summary>
    public static string NameOf(byte opcode) => opcode switch
    {
        (byte)SyscallNumber.Exec => "EXEC",
        (byte)SyscallNumber.Think => "THINK",
        _ => $"0x{opcode:X2}",
    };
}
