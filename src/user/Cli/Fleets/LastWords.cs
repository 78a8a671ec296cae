using System.Text;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;

namespace Analemma.Cli.Fleets;

/// <summary>The end of what an agent printed.</summary>
internal static class LastWords
{
    private const int LinesMax = 6;

    /// <summary>Nothing when it never ran, or when its record has gone.</summary>
    public static async Task<IReadOnlyList<string>> OfAsync(
        KernelClient kernel, UnitView unit, CancellationToken cancellationToken)
    {
        if (unit.Process == ProcessId.None)
        {
            return [];
        }

        StringBuilder text = new();
        try
        {
            var logs = kernel.Logs(new Logs { Id = unit.Process, Tail = 2 * LinesMax });
            await foreach (var piece in logs.WithCancellation(cancellationToken))
            {
                text.Append(Encoding.UTF8.GetString(piece.Bytes.Span));
            }
        }
        catch (SyscallException)
        {
            return [];
        }

        var lines = text.ToString().TrimEnd().Split('\n');
        return [.. lines.Where(line => line.Length > 0).TakeLast(LinesMax)];
    }
}
