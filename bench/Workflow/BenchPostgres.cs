using System.Diagnostics;
using System.Globalization;

namespace Analemma.Bench.Workflow;

/// <summary>
/// A PostgreSQL of the benchmark's own: a fresh cluster in a temporary folder, on a Unix socket there, with the
/// settings that it comes with (fsync and synchronous_commit are on). It refuses to be root, and is nobody then.
/// </summary>
internal sealed class BenchPostgres : IDisposable
{
    private const string Nobody = "65534";
    private static readonly TimeSpan StartMax = TimeSpan.FromSeconds(60);

    private readonly Process _server;
    private readonly string _folder;

    private BenchPostgres(Process server, string folder) => (_server, _folder) = (server, folder);

    /// <summary>As clients of libpq's kind take it.</summary>
    public string Url => $"postgresql://bench@localhost/postgres?host={Uri.EscapeDataString(_folder)}";

    /// <summary>Null, with the reason on the error output, where it is not installed.</summary>
    public static BenchPostgres? TryStart()
    {
        var programs = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).LastOrDefault()
            : null;
        if (programs is null)
        {
            Console.Error.WriteLine("PostgreSQL is not here (apt install postgresql); the rows of DBOS are left out");
            return null;
        }

        var folder = Directory.CreateTempSubdirectory("analemma-bench-pg-").FullName;
        var data = Path.Combine(folder, "data");
        if (Environment.UserName == "root")
        {
            BenchProcess.Run("chown", $"{Nobody}:{Nobody}", folder);
        }

        Run(programs, "initdb", "-D", data, "-U", "bench", "--auth=trust", "--encoding=UTF8", "--locale=C");
        var server = Start(programs, "postgres", "-D", data, "-k", folder, "-h", "", "-c", "logging_collector=off");
        server.OutputDataReceived += static (_, _) => { };
        server.ErrorDataReceived += static (_, _) => { };
        server.BeginOutputReadLine();
        server.BeginErrorReadLine();
        BenchPostgres started = new(server, folder);
        var begun = Stopwatch.GetTimestamp();
        while (!File.Exists(Path.Combine(folder, ".s.PGSQL.5432")))
        {
            if (server.HasExited || Stopwatch.GetElapsedTime(begun) > StartMax)
            {
                started.Dispose();
                throw new BenchException("PostgreSQL did not start");
            }

            Pause.For(10);
        }

        return started;
    }

    public void Dispose()
    {
        // SIGINT is its fast shutdown.
        BenchProcess.Run("kill", "-INT", _server.Id.ToString(CultureInfo.InvariantCulture));
        _server.WaitForExit();
        _server.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static void Run(string programs, string name, params string[] arguments)
    {
        using var process = Start(programs, name, arguments);
        var said = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new BenchException($"{name} ended with code {process.ExitCode}: {said.GetAwaiter().GetResult()}");
        }
    }

    private static Process Start(string programs, string name, params string[] arguments)
    {
        var program = Path.Combine(programs, "bin", name);
        string[] all = Environment.UserName == "root"
            ? ["setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "--", program, .. arguments]
            : [program, .. arguments];
        return Process.Start(new ProcessStartInfo(all[0], all[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        })!;
    }
}
