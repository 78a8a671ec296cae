using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Analemma.Integration.Tests.AgentOs;

/// <summary>Runs Python programs on the host, with the SDK of this repository.</summary>
internal static class HostPython
{
    private static readonly TimeSpan ProgramMax = TimeSpan.FromMinutes(3);

    public static string Root { get; } = Path.GetFullPath(Path.Combine(SourceFolder(), "..", "..", ".."));

    public static string Program(string name) => Path.Combine(SourceFolder(), "Programs", name);

    public static async Task<(int Code, string Output, string Errors)> RunAsync(
        IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var start = new ProcessStartInfo("python3", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PYTHONPATH"] = Path.Combine(Root, "sdk", "python");
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        start.Environment.Remove("ANALEMMA_SOCKET");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken).WaitAsync(ProgramMax, TimeProvider.System, cancellationToken);
        return (process.ExitCode, await output, await errors);
    }

    private static string SourceFolder([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
