using System.Diagnostics;
using System.Globalization;

namespace Analemma.Bench.Models;

/// <summary>A program of ours that prints the port that it serves on, and serves until its input ends.</summary>
internal sealed class BenchServer : IDisposable
{
    private readonly Process _process;

    private BenchServer(Process process, int port) => (_process, Port) = (process, port);

    public int Port { get; }

    public static BenchServer Start(string program, string[] arguments)
    {
        var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        return int.TryParse(process.StandardOutput.ReadLine(), CultureInfo.InvariantCulture, out var port)
            ? new BenchServer(process, port)
            : throw new BenchException($"{program} {string.Join(' ', arguments)} did not get ready");
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }
}
