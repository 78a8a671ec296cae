using System.Diagnostics;
using System.Text;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Sandbox;
using Analemma.Sandbox;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>A real kernel, the program as built, on a socket and a state folder of its own; gone afterwards.</summary>
internal sealed class RunningKernel : IAsyncDisposable
{
    private static int _latest;

    private readonly string[] _flags;
    private readonly string[] _before;
    private readonly StringBuilder _log = new();
    private Process _process = null!;

    private RunningKernel(string[] flags, string[] before) => (_flags, _before) = (flags, before);

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public string Folder { get; } = Path.Combine(
        Path.GetTempPath(), $"analemma-kernel-{System.Environment.ProcessId}-{Interlocked.Increment(ref _latest)}");

    public string Socket => Path.Combine(Folder, "kernel.sock");

    private bool HasFile { get; init; }

    private string MachineFile => Path.Combine(Folder, "analemma.toml");

    public string StateFolder => Path.Combine(Folder, "state");

    /// <summary>Variables that the kernel is started with, besides those of this program.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; private init; } = new Dictionary<string, string>();

    public KernelClient Client { get; private set; } = null!;

    public int Pid => _process.Id;

    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    public static async Task<RunningKernel> StartAsync(params string[] flags)
    {
        var kernel = new RunningKernel(flags, []);
        Directory.CreateDirectory(kernel.Folder);
        await kernel.BeginAsync();
        return kernel;
    }

    /// <summary>In a folder of this mode.</summary>
    public static async Task<RunningKernel> StartAsync(UnixFileMode mode, params string[] flags)
    {
        var kernel = new RunningKernel(flags, []);
        Directory.CreateDirectory(kernel.Folder, mode);
        await kernel.BeginAsync();
        return kernel;
    }

    /// <summary>With variables, such as those of model providers.</summary>
    public static async Task<RunningKernel> StartWithAsync(
        IReadOnlyDictionary<string, string> environment, params string[] flags)
    {
        var kernel = new RunningKernel(flags, []) { Environment = environment };
        Directory.CreateDirectory(kernel.Folder);
        await kernel.BeginAsync();
        return kernel;
    }

    /// <summary>With a machine file, which stays for starts that follow.</summary>
    public static async Task<RunningKernel> StartWithFileAsync(string toml, params string[] flags)
    {
        var kernel = new RunningKernel(flags, []) { HasFile = true };
        Directory.CreateDirectory(kernel.Folder);
        await File.WriteAllTextAsync(kernel.MachineFile, toml, Token);
        await kernel.BeginAsync();
        return kernel;
    }

    /// <summary>As an ordinary user, in the cgroups that these files are of, if any.</summary>
    public static async Task<RunningKernel> StartAsUserAsync(
        uint uid, IEnumerable<string> joinFiles, params string[] flags)
    {
        var program = Product.Kernel;
        Assert.SkipUnless(OrdinaryUser.CanRun(program), $"an ordinary user cannot read {program}");
        const string joinThenRun =
            "while [ \"$1\" != -- ]; do echo $$ >\"$1\" || exit 125; shift; done; shift; exec \"$@\"";
        var user = uid.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var kernel = new RunningKernel(flags, [
            "/bin/sh", "-c", joinThenRun, "sh", .. joinFiles, "--",
            "/usr/bin/setpriv", "--reuid", user, "--regid", user, "--clear-groups",
        ]);
        Directory.CreateDirectory(kernel.Folder);
        Analemma.Linux.HostFiles.ChangeOwner(kernel.Folder, uid, uid);
        await kernel.BeginAsync();
        return kernel;
    }

    /// <summary>Starts the program again on the same folder, with these flags in place of their like.</summary>
    public async Task BeginAsync(params string[] more)
    {
        TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new Process
        {
            StartInfo = StartInfo([.. _flags.Where(flag => !more.Any(one => IsSame(one, flag))), .. more]),
            EnableRaisingEvents = true,
        };
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException($"it ended: {Log}"));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        await ready.Task.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, Token);
        Client = await KernelClient.ConnectAsync(Socket, "test", Token);

        static bool IsSame(string one, string other) => one.Split('=')[0] == other.Split('=')[0];

        void Keep(object sender, DataReceivedEventArgs line)
        {
            lock (_log)
            {
                _log.AppendLine(line.Data);
            }

            if (line.Data?.Contains("is ready on", StringComparison.Ordinal) == true)
            {
                ready.TrySetResult();
            }
        }
    }

    private ProcessStartInfo StartInfo(IEnumerable<string> flags)
    {
        string[] line =
        [
            .. _before, Product.Kernel,
            $"--kernel.socket={Socket}", $"--kernel.state_folder={StateFolder}",
            .. HasFile ? [$"--config={MachineFile}"] : Array.Empty<string>(), .. flags,
        ];
        ProcessStartInfo start = new(line[0], line[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        if (_before.Length > 0)
        {
            // Ours is covered; the other user's namespace starts from the host's view of it.
            start.Environment.Remove(HybridCgroups.DoneVariable);
            start.Environment["HOME"] = Folder;
            start.Environment["TMPDIR"] = Folder;
            start.Environment["XDG_RUNTIME_DIR"] = Folder;
        }

        return start;
    }

    /// <summary>SIGKILL, as a crash would.</summary>
    public async Task CrashAsync()
    {
        await Client.DisposeAsync();
        _process.Kill();
        await _process.WaitForExitAsync(Token);
    }

    /// <summary>Asks it to stop and waits until it has.</summary>
    public async Task<int> StopAsync(long graceMs = 0)
    {
        await Client.ShutdownAsync(new Shutdown { GraceMs = graceMs }, Token);
        await Client.DisposeAsync();
        await _process.WaitForExitAsync(Token);
        return _process.ExitCode;
    }

    /// <summary>Writes a script on the host and returns its path.</summary>
    public string Script(string text)
    {
        var path = Path.Combine(Folder, $"script{Interlocked.Increment(ref _latest)}.py");
        File.WriteAllText(path, text);
        return path;
    }

    public Task<SpawnReply> SpawnPythonAsync(string text, Func<Spawn, Spawn>? with = null)
    {
        var spawn = new Spawn { Script = Script(text) };
        return Client.SpawnAsync(with?.Invoke(spawn) ?? spawn, Token);
    }

    public Task<SpawnReply> SpawnShellAsync(string line, Func<Spawn, Spawn>? with = null)
    {
        var spawn = new Spawn { Argv = ["/bin/sh", "-c", line] };
        return Client.SpawnAsync(with?.Invoke(spawn) ?? spawn, Token);
    }

    public Task<ProcessView> WaitAsync(SpawnReply agent) => Client.WaitAsync(new Wait { Id = agent.Id }, Token);

    public async Task<string> OutputAsync(SpawnReply agent, bool follow = false)
    {
        StringBuilder text = new();
        await foreach (var piece in Client.Logs(new Logs { Id = agent.Id, Follow = follow }).WithCancellation(Token))
        {
            text.Append(Encoding.UTF8.GetString(piece.Bytes.Span));
        }

        return text.ToString();
    }

    /// <summary>Follows an agent's output until it has printed a line.</summary>
    public async Task UntilPrintedAsync(SpawnReply agent, string line)
    {
        StringBuilder text = new();
        await foreach (var piece in Client.Logs(new Logs { Id = agent.Id, Follow = true }).WithCancellation(Token))
        {
            text.Append(Encoding.UTF8.GetString(piece.Bytes.Span));
            if (text.ToString().Contains(line, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"it ended without printing {line}: {text}");
    }

    public async Task<(int Code, string Output)> ExecAsync(SpawnReply agent, string command)
    {
        StringBuilder text = new();
        var stream = Client.Exec(new Exec { Id = agent.Id, Command = command });
        await foreach (var piece in stream.WithCancellation(Token))
        {
            text.Append(Encoding.UTF8.GetString(piece.Bytes.Span));
        }

        return (stream.Reply.ExitCode, text.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await Client.ShutdownAsync(new Shutdown { GraceMs = 0 });
        }
        catch (KernelConnectionException)
        {
            await _process.WaitForExitAsync();
            await Console.Error.WriteLineAsync($"the kernel had ended with {_process.ExitCode}: {Log}");
        }

        await _process.WaitForExitAsync();
        await Client.DisposeAsync();
        _process.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
