namespace Analemma.Abi.Syscalls;

/// <summary>
/// Something of the network that an agent may reach, through the kernel. A request is allowed by the first rule that
/// it fits in host, port, method and path.
/// </summary>
public sealed record NetworkRule
{
    /// <summary>
    /// A name; <c>*.example.com</c> for every name below, not for example.com itself; or an IP address.
    /// </summary>
    public string Host { get; init; } = "";

    /// <summary><c>https</c> (default) or <c>http</c>: what the kernel speaks to the host.</summary>
    public string? Scheme { get; init; }

    /// <summary>Default 443, or 80 with scheme http.</summary>
    public IReadOnlyList<int>? Ports { get; init; }

    /// <summary>Such as GET and HEAD; default all but TRACE and CONNECT.</summary>
    public IReadOnlyList<string>? Methods { get; init; }

    /// <summary>
    /// What paths may begin with. <c>/a/</c> is everything below it, <c>/a</c> also itself; default everything.
    /// </summary>
    public IReadOnlyList<string>? Paths { get; init; }

    /// <summary>
    /// Headers that the kernel sets on the way out, over the agent's own. <c>${secret:NAME}</c> in a value stands for a
    /// secret of the host, and is put there when the request is sent.
    /// </summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>The most bytes that one request, or one tunnel, may send. Default 16 MiB.</summary>
    public long? RequestBytes { get; init; }

    /// <summary>The most bytes that one answer, or one tunnel, may bring. Default 64 MiB.</summary>
    public long? ResponseBytes { get; init; }

    /// <summary>
    /// True: the host may have private and loopback addresses. Those of metadata services must be in
    /// <see cref="Addresses"/> all the same.
    /// </summary>
    public bool? AllowPrivate { get; init; }

    /// <summary>What the host may have although it is not public: <c>10.1.2.3</c>, <c>fd00::/8</c>.</summary>
    public IReadOnlyList<string>? Addresses { get; init; }
}
