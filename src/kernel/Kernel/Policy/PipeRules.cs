using Analemma.Abi.Syscalls;
using static Analemma.Kernel.Policy.SyscallRules;

namespace Analemma.Kernel.Policy;

/// <summary>When requests about pipes are well-formed.</summary>
internal static class PipeRules
{
    public static IEnumerable<string> Problems(Syscall syscall) => syscall switch
    {
        PipeWrite write =>
        [
            .. write.Content is null ? new[] { "content is null; it must be text" } : [],
            .. OneOf("encoding", write.Encoding, "utf8", "base64"),
            .. write.Content is { } text && Size(write.Encoding, text) is null
                ? new[] { "content is no base64" } : [],
            .. write.Content is { } content ? Range(
                "content", Size(write.Encoding, content), 0, Limits.PipeBytesPerCallMax) : [],
            .. Range("timeout_ms", write.TimeoutMs, 0, Limits.WaitMsMax),
        ],
        PipeRead read =>
        [
            .. Range("max", read.Max, 1, Limits.PipeBytesPerCallMax),
            .. Range("timeout_ms", read.TimeoutMs, 0, Limits.WaitMsMax),
            .. read is { Follow: true } and not { Max: null, TimeoutMs: null }
                ? new[] { "follow reads to the end: it takes neither max nor timeout_ms" } : [],
        ],
        PipeClose close => OneOf("end", close.End, "read", "write", "both"),
        PipeGive give =>
        [
            .. give.End is "read" or "write" ? [] : new[] { "end is read or write" },
            .. (give.To is null) == (give.ToId is null) ? new[] { "give one of to and to_id" } : [],
        ],
        _ => [],
    };

    private static long? Size(string? encoding, string content)
    {
        if (encoding != "base64")
        {
            return System.Text.Encoding.UTF8.GetByteCount(content);
        }

        var bytes = new byte[(content.Length / 4 * 3) + 3];
        return Convert.TryFromBase64String(content, bytes, out var count) ? count : null;
    }
}
