using System.Text;
using Analemma.Sandbox;
using Analemma.Sandbox.Bubblewrap;
using Analemma.Sandbox.Oci;

namespace Analemma.Integration.Tests.Sandbox;

/// <summary>A state folder and an engine for one test, both gone afterwards.</summary>
internal sealed class EngineHome : IAsyncDisposable
{
    private static int _latest;

    private EngineHome(string folder, ISandboxEngine engine) => (Folder, Engine) = (folder, engine);

    public string Folder { get; }

    public ISandboxEngine Engine { get; }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public static string NewFolder() => Path.Combine(
        Path.GetTempPath(), $"analemma-test-{Environment.ProcessId}-{Interlocked.Increment(ref _latest)}");

    public static async Task<EngineHome> OpenAsync(
        string engine, Func<SandboxEngineOptions, SandboxEngineOptions>? change = null)
    {
        SkipUnlessInstalled(engine);
        var folder = NewFolder();
        SandboxEngineOptions options = new()
        {
            StateFolder = folder,
            Engine = engine,
            InitFile = SandboxEngineOptions.BuiltInit,
        };
        return new EngineHome(folder, await SandboxEngines.OpenAsync(change?.Invoke(options) ?? options, Token));
    }

    public static void SkipUnlessInstalled(string engine)
    {
        Assert.SkipWhen(
            engine == "bwrap" && BubblewrapTools.Locate().Tools is null,
            "bubblewrap is not here (apt install bubblewrap)");
        Assert.SkipWhen(
            engine == "runsc" && OciRuntime.Locate(engine) is null, "gVisor is not here (apt install runsc)");
    }

    public static SandboxPolicy Policy(params string[] argv) => new()
    {
        Key = $"t{Environment.ProcessId}-{Interlocked.Increment(ref _latest)}",
        HostName = "agent",
        Argv = argv,
        Env = new Dictionary<string, string>(),
        Limits = new SandboxLimits
        {
            MemoryBytes = 128L << 20,
            Pids = 64,
            CpuQuotaUs = 100_000,
            CpuPeriodUs = 100_000,
            CpuWeight = 100,
            OpenFiles = 256,
            LogBytes = 1L << 20,
            WorkBytes = 16L << 20,
        },
    };

    public static SandboxPolicy Shell(string script) => Policy("/bin/sh", "-c", script);

    public static SandboxPolicy Python(string script) => Policy("/usr/bin/python3", "-I", "-S", "-c", script);

    public async Task<ISandbox> StartAsync(SandboxPolicy policy)
    {
        var sandbox = await Engine.CreateAsync(policy, Token);
        await sandbox.StartAsync(Token);
        return sandbox;
    }

    /// <summary>Runs to the end and forgets it.</summary>
    public async Task<(SandboxExit Exit, string Output)> RunAsync(SandboxPolicy policy)
    {
        await using var sandbox = await StartAsync(policy);
        var exit = await sandbox.Exited.WaitAsync(TimeSpan.FromSeconds(30), Token);
        return (exit, await OutputAsync(sandbox));
    }

    public static async Task<string> OutputAsync(ISandbox sandbox, int? tail = null, bool follow = false)
    {
        StringBuilder text = new();
        await sandbox.Logs.ReadAsync(
            (_, bytes) =>
            {
                text.Append(Encoding.UTF8.GetString(bytes.Span));
                return default;
            },
            tail,
            follow,
            Token);
        return text.ToString();
    }

    /// <summary>Reads the log until a line is there.</summary>
    public static async Task UntilAsync(ISandbox sandbox, string text)
    {
        StringBuilder seen = new();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        stop.CancelAfter(TimeSpan.FromSeconds(30));
        try
        {
            await sandbox.Logs.ReadAsync(
                (_, bytes) =>
                {
                    seen.Append(Encoding.UTF8.GetString(bytes.Span));
                    if (seen.ToString().Contains(text, StringComparison.Ordinal))
                    {
                        stop.Cancel();
                    }

                    return default;
                },
                null,
                follow: true,
                stop.Token);
        }
        catch (OperationCanceledException)
        {
            // Found, or too late.
        }

        Assert.Contains(text, seen.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
