using System.Diagnostics;
using Analemma.Sandbox;

namespace Analemma.Integration.Tests.Sandbox;

/// <summary>A kernel that an ordinary user starts: less is enforced, and all that is not is named.</summary>
public sealed class OrdinaryUserTests
{
    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task An_agent_runs_confined_and_what_is_missing_is_named(string engine)
    {
        EngineHome.SkipUnlessInstalled(engine);
        var folder = EngineHome.NewFolder();
        Directory.CreateDirectory(folder);
        Analemma.Linux.HostFiles.ChangeOwner(folder, OrdinaryUser.Uid, OrdinaryUser.Uid);

        var lines = await OrdinaryUser.StartAsync(folder, engine);

        Assert.SkipWhen(lines.Count == 0, "an ordinary user cannot read this program's folder");
        Assert.Equal(
            [
                "missing memory pids cpu freezer uid denials",
                "exit 3",
                "CapEff:\t0000000000000000",
                "CapBnd:\t0000000000000000",
                "NoNewPrivs:\t1",
                "Seccomp:\t2",
                "interfaces lo",
                "work hello",
            ],
            lines);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Its_default_paths_are_its_own_though_it_is_root_of_a_namespace()
    {
        var folder = EngineHome.NewFolder();
        Directory.CreateDirectory(folder);
        Analemma.Linux.HostFiles.ChangeOwner(folder, OrdinaryUser.Uid, OrdinaryUser.Uid);
        var program = Product.Kernel;
        Assert.SkipUnless(OrdinaryUser.CanRun(program), $"an ordinary user cannot read {program}");

        var start = OrdinaryUser.Start(folder, program, "--probe");
        start.Environment.Remove("ANALEMMA_SOCKET");
        var status = await OrdinaryUser.OutputAsync(start);

        Assert.Contains($"\"socket\":\"{folder}/", status, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>This program run again as nobody.</summary>
internal static class OrdinaryUser
{
    public const uint Uid = 65534;

    private const string Variable = "ANALEMMA_TEST_ORDINARY_USER";

    private static readonly string[] BecomeIt = ["--reuid", $"{Uid}", "--regid", $"{Uid}", "--clear-groups"];

    private const string Script = """
        grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status
        echo interfaces $(tail -n +3 /proc/net/dev | cut -d: -f1)
        echo work $(cat in); touch /usr/x /etc/x 2>/dev/null && echo writable; exit 3
        """;

    /// <summary>Whether such a user can read a program, and so run it.</summary>
    public static bool CanRun(string program)
    {
        using var tried = Process.Start(
            new ProcessStartInfo("/usr/bin/setpriv", [.. BecomeIt, "test", "-r", program]))!;
        tried.WaitForExit();
        return tried.ExitCode == 0;
    }

    public static bool IsAsked => Environment.GetEnvironmentVariable(Variable) is not null;

    public static async Task RunAsync()
    {
        var words = Environment.GetEnvironmentVariable(Variable)!.Split('|');
        await using var engine = await SandboxEngines.OpenAsync(
            new SandboxEngineOptions { StateFolder = $"{words[0]}/state", Engine = words[1] }, CancellationToken.None);
        var missing = engine.Report.Guarantees.Where(one => !one.Enforced).Select(one => one.Name);
        Console.WriteLine($"missing {string.Join(' ', missing)}");
        await using var sandbox = await engine.CreateAsync(EngineHome.Shell(Script), CancellationToken.None);
        await using (var file = sandbox.Work.OpenWrite("in", append: false, mode: 0x1A4))
        {
            await file.WriteAsync("hello"u8.ToArray());
        }

        await sandbox.StartAsync(CancellationToken.None);
        var exit = await sandbox.Exited;
        Console.WriteLine($"exit {exit.Code}");
        await sandbox.Logs.ReadAsync(
            (_, bytes) =>
            {
                Console.Write(System.Text.Encoding.UTF8.GetString(bytes.Span));
                return default;
            },
            null,
            follow: false,
            CancellationToken.None);
    }

    public static async Task<IReadOnlyList<string>> StartAsync(string folder, string engine)
    {
        var start = Start(folder, Environment.ProcessPath!);
        start.Environment[Variable] = $"{folder}|{engine}";
        return (await OutputAsync(start)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public static ProcessStartInfo Start(string folder, params string[] line)
    {
        ProcessStartInfo start = new("/usr/bin/setpriv", [.. BecomeIt, .. line])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = folder,
        };
        start.Environment["HOME"] = folder;
        start.Environment["TMPDIR"] = folder;
        start.Environment["XDG_RUNTIME_DIR"] = folder;

        // Ours is covered; the other user's namespace starts from the host's view of it.
        start.Environment.Remove(HybridCgroups.DoneVariable);
        return start;
    }

    public static async Task<string> OutputAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        var text = await process.StandardOutput.ReadToEndAsync(EngineHome.Token);
        await process.WaitForExitAsync(EngineHome.Token);
        return text;
    }
}
