using System.Diagnostics;
using System.Globalization;
using Analemma.Client;

namespace Analemma.Cli.Host;

/// <summary>
/// Starts a kernel that outlives this command: in a session of its own, its output in a file, and waits until it
/// answers or has given up.
/// </summary>
internal sealed class BackgroundKernel(string program, IReadOnlyList<string> args, string socketPath, TimeProvider time)
{
    // setsid(1) execs in place: a background child of a non-interactive sh leads no process group, so $! stays its pid.
    private const string Launch = """
        log=$1; shift
        (umask 077; : >>"$log") || exit 1
        setsid "$@" </dev/null >>"$log" 2>&1 &
        echo $!
        """;

    private const int LogLinesShown = 20;

    private static readonly TimeSpan ReadyMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly string _log = KernelProgram.LogPath(socketPath);

    public async Task<KernelClient> StartAsync(CancellationToken cancellationToken)
    {
        MakePrivateFolder(Path.GetDirectoryName(_log)!);
        var logStart = File.Exists(_log) ? new FileInfo(_log).Length : 0;
        var pid = await LaunchAsync(cancellationToken);
        var started = time.GetTimestamp();
        while (time.GetElapsedTime(started) < ReadyMax)
        {
            if (await TryConnectAsync(cancellationToken) is { } kernel)
            {
                return kernel;
            }

            if (!HostProcess.IsAlive(pid))
            {
                throw new CliException(
                    "start_failed", $"the kernel gave up:\n{LogSince(logStart)}", $"its log: {_log}");
            }

            await Task.Delay(Interval, time, cancellationToken);
        }

        throw new CliException(
            "start_failed",
            $"the kernel (pid {pid}) does not answer at {socketPath} after {ReadyMax.TotalSeconds} s",
            $"its log: {_log}");
    }

    private static void MakePrivateFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(
                folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new CliException(
                "start_failed", $"the folder {folder} cannot be made: {failed.Message}",
                "set HOME or XDG_RUNTIME_DIR, or name a socket by --socket");
        }
    }

    private async Task<int> LaunchAsync(CancellationToken cancellationToken)
    {
        var shell = new ProcessStartInfo("/bin/sh") { RedirectStandardOutput = true };
        string[] words = ["-c", Launch, "sh", _log, program, .. args, $"--log-file={_log}"];
        foreach (var argument in words)
        {
            shell.ArgumentList.Add(argument);
        }

        using var process = Process.Start(shell)!;
        var pid = await process.StandardOutput.ReadLineAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return int.TryParse(pid, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new CliException(
                "start_failed", $"its log {_log} cannot be written", "name a socket in another folder by --socket");
    }

    private async Task<KernelClient?> TryConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await KernelClient.ConnectAsync(socketPath, "analemma-cli", cancellationToken);
        }
        catch (KernelConnectionException)
        {
            return null;
        }
    }

    private string LogSince(long start)
    {
        using var log = new FileStream(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        // It may be a new one since.
        log.Seek(log.Length < start ? 0 : start, SeekOrigin.Begin);
        var lines = new StreamReader(log).ReadToEnd().TrimEnd().Split('\n');
        return string.Join('\n', lines.TakeLast(LogLinesShown).Select(line => $"  {line}"));
    }
}
