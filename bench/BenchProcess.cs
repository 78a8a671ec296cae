using System.Diagnostics;

namespace Analemma.Bench;

/// <summary>A program run beside us: to its end for what it prints, or for as long as its stdin stays open.</summary>
internal sealed class BenchProcess : IDisposable
{
    private readonly Process _process;

    private BenchProcess(Process process) => _process = process;

    /// <summary>This program again, in another mode.</summary>
    public static string Self { get; } = Environment.ProcessPath!;

    public static string Run(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output.Trim()
            : throw new BenchException($"{program} {string.Join(' ', arguments)} ended with code {process.ExitCode}");
    }

    /// <summary>Starts and waits until it says that it is ready.</summary>
    public static BenchProcess Hold(string program, params string[] arguments)
    {
        BenchProcess held = new(Start(program, arguments));
        return held._process.StandardOutput.ReadLine() == "ready"
            ? held
            : throw new BenchException($"{program} {string.Join(' ', arguments)} did not get ready");
    }

    public static string? Find(params string[] programs) => programs
        .SelectMany(program => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .Select(folder => Path.Combine(folder, program)))
        .FirstOrDefault(File.Exists);

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Process Start(string program, string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
}

/// <summary>A benchmark cannot be run here.</summary>
internal sealed class BenchException(string message) : Exception(message);
