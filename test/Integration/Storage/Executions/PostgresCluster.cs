using System.Diagnostics;
using System.Globalization;
using Analemma.Integration.Tests.Storage.Executions;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgresClusters))]

namespace Analemma.Integration.Tests.Storage.Executions;

/// <summary>A PostgreSQL server of the tests' own: in a temporary folder, on a socket in it, as nobody.</summary>
internal sealed class PostgresCluster : IDisposable
{
    private const string Nobody = "65534";

    private readonly string _folder = Directory.CreateTempSubdirectory("analemma-pg-").FullName;
    private readonly string _binaries;
    private Process? _server;
    private int _schemas;

    private PostgresCluster(string binaries)
    {
        _binaries = binaries;
        Directory.CreateDirectory(Sockets);
        Directory.CreateDirectory(Data);
        if (IsRoot)
        {
            Run("chown", "-R", Nobody, _folder);
        }

        try
        {
            Run([.. AsNobody("initdb"), "-D", Data, "-U", "analemma", "-A", "trust", "--no-sync", "--no-instructions"]);
            Start();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private static bool IsRoot => Environment.UserName == "root";

    private string Data => Path.Combine(_folder, "data");

    public string Sockets => Path.Combine(_folder, "s");

    public string Folder => _folder;

    /// <summary>A server that runs; skips the test where there is none.</summary>
    public static PostgresCluster Create()
    {
        var binaries = Find();
        Assert.SkipWhen(binaries is null, "there is no PostgreSQL server on this host (Debian: postgresql)");
        return new PostgresCluster(binaries!);
    }

    /// <summary>How to reach a schema that nobody has yet.</summary>
    public string NewStore()
    {
        var schema = string.Create(CultureInfo.InvariantCulture, $"s{Interlocked.Increment(ref _schemas)}");
        Ask($"CREATE SCHEMA {schema}");
        return To(Sockets, schema);
    }

    public static string To(string sockets, string schema) =>
        $"Host={sockets};Username=analemma;Database=postgres;Search Path={schema};Timeout=5";

    /// <summary>Asks as an administrator, in a schema.</summary>
    public object? Ask(string sql, string schema = "public")
    {
        using NpgsqlConnection connection = new(To(Sockets, schema) + ";Pooling=false");
        connection.Open();
        using NpgsqlCommand command = new(sql, connection);
        return command.ExecuteScalar();
    }

    public void Start()
    {
        var command = AsNobody("postgres");
        ProcessStartInfo start = new(
            command[0], [.. command[1..], "-D", Data, "-k", Sockets, "-c", "listen_addresses="])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C";
        _server = Process.Start(start)!;
        TaskCompletionSource<bool> ready = new();
        _server.OutputDataReceived += (_, _) => { };
        _server.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is null || line.Data.Contains("ready to accept connections", StringComparison.Ordinal))
            {
                ready.TrySetResult(line.Data is not null);
            }
        };
        _server.BeginOutputReadLine();
        _server.BeginErrorReadLine();
        Assert.True(
            ready.Task.Wait(TimeSpan.FromMinutes(1)) && ready.Task.Result, "the PostgreSQL server did not start");
    }

    /// <summary>As loss of power: no session is told anything, and the next start recovers from the log.</summary>
    public void Crash()
    {
        Run("kill", "-QUIT", _server!.Id.ToString(CultureInfo.InvariantCulture));
        _server.WaitForExit();
        _server.Dispose();
        _server = null;
    }

    public void Dispose()
    {
        if (_server is not null)
        {
            Crash();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static string? Find()
    {
        string[] folders = Directory.Exists("/usr/lib/postgresql")
            ? [.. Directory.GetDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Reverse()
                .Select(version => Path.Combine(version, "bin"))]
            : [];
        return folders.FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")));
    }

    /// <summary>A server refuses to run as root. setpriv becomes the program: its pid is the server's.</summary>
    private string[] AsNobody(string program)
    {
        var path = Path.Combine(_binaries, program);
        return IsRoot
            ? ["setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", path]
            : [path];
    }

    private static void Run(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{command[0]}: {errors}");
    }
}

/// <summary>One server for all tests that do not stop it.</summary>
public sealed class PostgresClusters : IDisposable
{
    private static readonly Lock Gate = new();
    private static PostgresCluster? _shared;

    internal static PostgresCluster Shared
    {
        get
        {
            lock (Gate)
            {
                return _shared ??= PostgresCluster.Create();
            }
        }
    }

    public void Dispose() => _shared?.Dispose();
}
