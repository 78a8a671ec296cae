using System.Text;

namespace Analemma.Abi.Syscalls;

/// <summary>
/// Sends an HTTP request for an agent, if its network rules allow it. The answer's body comes as RAW frames with MORE
/// before the answer. Redirects are not followed: they are answers, and where they lead is asked for anew. Refused with
/// <c>permission_denied</c> when no rule allows it, <c>http_failed</c> when the host cannot be reached or answers
/// nonsense, <c>too_large</c>, <c>timed_out</c>, <c>not_configured</c> when a rule's secret is not set.
/// </summary>
public sealed record Http : Syscall
{
    /// <inheritdoc/>
    public override SyscallNumber Number => SyscallNumber.Http;

    /// <summary>Absolute, http or https. By http what only a rule for https allows is sent by https.</summary>
    public string Url { get; init; } = "";

    /// <summary>Default GET.</summary>
    public string? Method { get; init; }

    /// <summary>Headers of the request. Those that the transfer itself needs are the kernel's to set.</summary>
    public IReadOnlyDictionary<string, string>? Headers { get; init; }

    /// <summary>The body, as text or, with <see cref="Encoding"/> <c>base64</c>, as bytes.</summary>
    public string? Body { get; init; }

    /// <summary><c>utf8</c> (default) or <c>base64</c>.</summary>
    public string? Encoding { get; init; }

    /// <summary>From the request to the answer's last byte, 1 to 3600000. Default 30000.</summary>
    public long? TimeoutMs { get; init; }

    /// <summary>The most bytes of the answer's body that the caller takes; never more than the rule's.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>
    /// Of a client on the host, which has no spawn: the rules that the request is held against. Host clients only.
    /// </summary>
    public IReadOnlyList<NetworkRule>? Network { get; init; }

    /// <summary>Without headers and body, in which agents have keys too.</summary>
    protected override bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Method = ").Append(Method ?? "GET");
        return true;
    }
}

/// <summary>What the host answered; the body came before.</summary>
/// <param name="Status">Such as 200; also 300 and up are answers.</param>
/// <param name="Headers">As they came, in their order, without those of the connection.</param>
public sealed record HttpReply(int Status, IReadOnlyList<HttpHeader> Headers) : Reply
{
    /// <summary>Bytes of the body.</summary>
    public long BodyBytes { get; init; }

    /// <summary>Secrets in the answer that were made unreadable.</summary>
    public long Redacted { get; init; }
}

/// <summary>One header.</summary>
/// <param name="Name">In lower case.</param>
/// <param name="Value">Its value.</param>
public sealed record HttpHeader(string Name, string Value);
