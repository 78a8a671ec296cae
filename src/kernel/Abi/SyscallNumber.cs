namespace Analemma.Abi;

/// <summary>
/// The number of each syscall. Numbers are frozen: one is never given another meaning. Those up to 0xFF can be spoken
/// in both framings (they are AgentOS's), those above only in the native one.
/// </summary>
public enum SyscallNumber : ushort
{
    Noop = 0x00,
    Think = 0x01,
    Exec = 0x02,
    Read = 0x03,
    Write = 0x04,
    Spawn = 0x10,
    Kill = 0x11,
    List = 0x12,
    Pause = 0x14,
    Resume = 0x15,
    Subscribe = 0x60,
    Hello = 0xFE,
    Exit = 0xFF,
    Wait = 0x100,
    Inspect = 0x101,
    Logs = 0x102,
    Status = 0x103,
    Shutdown = 0x104,
    Files = 0x105,
    Claim = 0x106,
}
