namespace Analemma.Abi.Syscalls;

/// <summary>
/// Tells where programs on the host find the APIs of model providers, and a token for them. Whoever shows the token is
/// the process that is named, or without one a client on the host: what it asks counts there. The kernel listens from
/// the first such call, or from its start when its settings say so. Host clients only.
/// </summary>
public sealed record Endpoint : TargetedSyscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Endpoint;
}

/// <summary>Where, and by which token. The token is a secret, and as good until its process ends.</summary>
/// <param name="Url">The address, without a path: <c>http://127.0.0.1:PORT</c>.</param>
/// <param name="Token">For <c>Authorization: Bearer</c>, or what else an API's client sends its key as.</param>
/// <param name="Process">Who speaks with it; 0 for clients on the host.</param>
public sealed record EndpointReply(string Url, string Token, ProcessId Process) : Reply
{
    /// <summary>The variables that clients of model providers read, set to both.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>Without the token, whoever prints it.</summary>
    public override string ToString() => $"EndpointReply {{ Url = {Url}, Process = {Process} }}";
}
