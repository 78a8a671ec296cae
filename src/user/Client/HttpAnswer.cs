using System.Text;
using Analemma.Abi.Syscalls;

namespace Analemma.Client;

/// <summary>What a host answered, all of it.</summary>
/// <param name="Reply">Its status and headers.</param>
/// <param name="Body">Its body, as it came.</param>
public sealed record HttpAnswer(HttpReply Reply, byte[] Body)
{
    /// <summary>Such as 200.</summary>
    public int Status => Reply.Status;

    /// <summary>The body as UTF-8.</summary>
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The first header of that name, or null.</summary>
    /// <param name="name">In any case.</param>
    public string? Header(string name) => Reply.Headers
        .FirstOrDefault(header => string.Equals(header.Name, name, StringComparison.OrdinalIgnoreCase))?.Value;
}
