using System.Text;
using Analemma.Daemon.Workflows.Tasks;

namespace Analemma.Daemon.Workflows.Functions;

/// <summary>What a function printed while it had one event, as the answer of an invocation hands it on.</summary>
internal sealed class InvocationLogs(KernelCalls kernel)
{
    /// <summary>Bytes of an invocation's log that come with its answer, as at the service.</summary>
    public const int TailBytesMax = 4096;

    /// <summary>The end of it, in base64.</summary>
    public async Task<string> TailAsync(Invocation invocation, CancellationToken cancelled)
    {
        // One that no environment took has printed nothing.
        var printed = invocation.Environment is { } environment
            ? await kernel.LogAsync(environment.Process, cancelled) : [];
        return Convert.ToBase64String(Tail(printed, invocation.RequestId));
    }

    /// <summary>
    /// The end of what stands behind an invocation's mark in the log of its environment, between marks as the service
    /// has them; without a mark (a runtime that writes none, or nothing was printed) the marks alone, or what there is.
    /// </summary>
    public static byte[] Tail(ReadOnlySpan<byte> log, string request)
    {
        var (start, end) = ($"START RequestId: {request}", $"END RequestId: {request}");
        var at = log.IndexOf(Encoding.UTF8.GetBytes(start));
        List<byte> made = [.. Encoding.UTF8.GetBytes($"{start} Version: $LATEST\n")];
        var rest = at >= 0 ? log[at..] : log.IndexOf("START RequestId: "u8) >= 0 ? [] : log;
        while (!rest.IsEmpty)
        {
            var length = rest.IndexOf((byte)'\n') is var found and >= 0 ? found + 1 : rest.Length;
            var line = rest[..length];
            // Each of the two streams has marks.
            if (!line.StartsWith(Encoding.UTF8.GetBytes(start)) && !line.StartsWith(Encoding.UTF8.GetBytes(end)))
            {
                made.AddRange(line);
            }

            rest = rest[length..];
        }

        if (made[^1] != (byte)'\n')
        {
            made.Add((byte)'\n');
        }

        made.AddRange(Encoding.UTF8.GetBytes($"{end}\n"));
        return [.. made.Skip(made.Count - TailBytesMax)];
    }
}
