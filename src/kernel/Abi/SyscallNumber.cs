namespace Analemma.Abi;

/// <summary>
/// The number of each syscall. Numbers are frozen: one is never given another meaning. Those up to 0xFF can be spoken
/// in both framings (they are AgentOS's), those above only in the native one.
/// </summary>
public enum SyscallNumber : ushort
{
    /// <summary>Sends the payload back.</summary>
    Noop = 0x00,
    /// <inheritdoc cref="Syscalls.Think"/>
    Think = 0x01,
    /// <inheritdoc cref="Syscalls.Exec"/>
    Exec = 0x02,
    /// <inheritdoc cref="Syscalls.Read"/>
    Read = 0x03,
    /// <inheritdoc cref="Syscalls.Write"/>
    Write = 0x04,
    /// <inheritdoc cref="Syscalls.Spawn"/>
    Spawn = 0x10,
    /// <inheritdoc cref="Syscalls.Kill"/>
    Kill = 0x11,
    /// <inheritdoc cref="Syscalls.List"/>
    List = 0x12,
    /// <inheritdoc cref="Syscalls.Pause"/>
    Pause = 0x14,
    /// <inheritdoc cref="Syscalls.Resume"/>
    Resume = 0x15,
    /// <inheritdoc cref="Syscalls.Send"/>
    Send = 0x20,
    /// <inheritdoc cref="Syscalls.Recv"/>
    Recv = 0x21,
    /// <inheritdoc cref="Syscalls.Broadcast"/>
    Broadcast = 0x22,
    /// <inheritdoc cref="Syscalls.Register"/>
    Register = 0x23,
    /// <inheritdoc cref="Syscalls.Unregister"/>
    Unregister = 0x24,
    /// <inheritdoc cref="Syscalls.Ack"/>
    Ack = 0x25,
    /// <inheritdoc cref="Syscalls.Nack"/>
    Nack = 0x26,
    /// <inheritdoc cref="Syscalls.Mailboxes"/>
    Mailboxes = 0x27,
    /// <inheritdoc cref="Syscalls.DeadLetters"/>
    DeadLetters = 0x28,
    /// <inheritdoc cref="Syscalls.Http"/>
    Http = 0x50,
    /// <inheritdoc cref="Syscalls.Subscribe"/>
    Subscribe = 0x60,
    /// <inheritdoc cref="Syscalls.Metrics"/>
    Metrics = 0xC0,
    /// <inheritdoc cref="Syscalls.Hello"/>
    Hello = 0xFE,
    /// <summary>Says goodbye, as AgentOS programs do; nothing ends by it.</summary>
    Exit = 0xFF,
    /// <inheritdoc cref="Syscalls.Wait"/>
    Wait = 0x100,
    /// <inheritdoc cref="Syscalls.Inspect"/>
    Inspect = 0x101,
    /// <inheritdoc cref="Syscalls.Logs"/>
    Logs = 0x102,
    /// <inheritdoc cref="Syscalls.Status"/>
    Status = 0x103,
    /// <inheritdoc cref="Syscalls.Shutdown"/>
    Shutdown = 0x104,
    /// <inheritdoc cref="Syscalls.Files"/>
    Files = 0x105,
    /// <inheritdoc cref="Syscalls.Claim"/>
    Claim = 0x106,
    /// <inheritdoc cref="Syscalls.Llm"/>
    Llm = 0x107,
    /// <inheritdoc cref="Syscalls.ConversationOpen"/>
    ConversationOpen = 0x108,
    /// <inheritdoc cref="Syscalls.ConversationAppend"/>
    ConversationAppend = 0x109,
    /// <inheritdoc cref="Syscalls.ConversationFork"/>
    ConversationFork = 0x10A,
    /// <inheritdoc cref="Syscalls.ConversationTruncate"/>
    ConversationTruncate = 0x10B,
    /// <inheritdoc cref="Syscalls.ConversationCompact"/>
    ConversationCompact = 0x10C,
    /// <inheritdoc cref="Syscalls.ConversationTokens"/>
    ConversationTokens = 0x10D,
    /// <inheritdoc cref="Syscalls.ConversationShow"/>
    ConversationShow = 0x10E,
    /// <inheritdoc cref="Syscalls.ConversationList"/>
    ConversationList = 0x10F,
    /// <inheritdoc cref="Syscalls.ConversationClose"/>
    ConversationClose = 0x110,
    /// <inheritdoc cref="Syscalls.BudgetSet"/>
    BudgetSet = 0x112,
    /// <summary>Makes vectors of texts.</summary>
    Embed = 0x113,
    /// <inheritdoc cref="Syscalls.ListTools"/>
    ListTools = 0x120,
    /// <inheritdoc cref="Syscalls.CallTool"/>
    CallTool = 0x121,
    /// <inheritdoc cref="Syscalls.ToolServers"/>
    ToolServers = 0x122,
    /// <inheritdoc cref="Syscalls.RestartTools"/>
    RestartTools = 0x123,
    /// <inheritdoc cref="Syscalls.SecretSet"/>
    SecretSet = 0x130,
    /// <inheritdoc cref="Syscalls.SecretList"/>
    SecretList = 0x131,
    /// <inheritdoc cref="Syscalls.SecretRemove"/>
    SecretRemove = 0x132,
    /// <inheritdoc cref="Syscalls.Endpoint"/>
    Endpoint = 0x138,
    /// <inheritdoc cref="Syscalls.Watch"/>
    Watch = 0x140,
    /// <inheritdoc cref="Syscalls.Restart"/>
    Restart = 0x141,
    /// <inheritdoc cref="Syscalls.Escalate"/>
    Escalate = 0x142,
    /// <inheritdoc cref="Syscalls.Ready"/>
    Ready = 0x143,
    /// <inheritdoc cref="Syscalls.FleetApply"/>
    FleetApply = 0x160,
    /// <inheritdoc cref="Syscalls.FleetDown"/>
    FleetDown = 0x161,
    /// <inheritdoc cref="Syscalls.FleetStatus"/>
    FleetStatus = 0x162,
    /// <inheritdoc cref="Syscalls.FleetRestart"/>
    FleetRestart = 0x163,
}
