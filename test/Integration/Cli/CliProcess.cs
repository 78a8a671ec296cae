using System.Diagnostics;

namespace Analemma.Integration.Tests.Cli;

/// <summary>A folder with a kernel's socket and state, and the command line run against it as people run it.</summary>
internal sealed class CliProcess : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-cli-").FullName;

    public string Folder => _folder;

    public string Socket => Path.Combine(_folder, "kernel.sock");

    public Process Start(params string[] args) => Start(isInputPiped: false, args);

    private Process Start(bool isInputPiped, string[] args)
    {
        var start = new ProcessStartInfo(Product.Cli, args)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = isInputPiped,
            WorkingDirectory = _folder,
        };
        start.Environment["ANALEMMA_SOCKET"] = Socket;
        start.Environment["ANALEMMA_KERNEL__STATE_FOLDER"] = Path.Combine(_folder, "state");
        start.Environment["ANALEMMA_POOL__CREATED"] = "0";
        start.Environment["ANALEMMA_POOL__PRELOADED"] = "0";
        return Process.Start(start)!;
    }

    public async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using var process = Start(args);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output, await error);
    }

    /// <summary>The same with a text piped into it.</summary>
    public async Task<(int Code, string Output, string Error)> TypeAsync(string input, params string[] args)
    {
        using var process = Start(isInputPiped: true, args);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    public static async Task SignalAsync(Process process, string signal)
    {
        using var kill = Process.Start("kill", [signal, $"{process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>A zombie does not run: other tests make this program a subreaper, that collects its own.</summary>
    public static bool Runs(int pid)
    {
        var status = $"/proc/{pid}/status";
        return File.Exists(status) && !File.ReadAllText(status).Contains("State:\tZ", StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        using var stop = Start("kernel", "stop", "--grace", "0ms");
        await stop.WaitForExitAsync(CancellationToken.None);
        Directory.Delete(_folder, recursive: true);
    }
}
