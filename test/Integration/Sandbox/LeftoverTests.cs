using System.Diagnostics;
using Analemma.Linux;
using Analemma.Sandbox;
using Analemma.Sandbox.Living;

namespace Analemma.Integration.Tests.Sandbox;

/// <summary>A kernel is killed without warning; the next one finds what it left.</summary>
public sealed class LeftoverTests
{
    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    [InlineData("runsc")]
    [InlineData("unsandboxed")]
    public async Task What_is_not_wanted_is_killed_and_removed(string engine)
    {
        EngineHome.SkipUnlessInstalled(engine);
        var folder = EngineHome.NewFolder();
        var pids = await SandboxOwner.RunAndKillAsync(folder, engine);
        Assert.All(pids, pid => Assert.NotNull(ProcFiles.TryReadState(pid)));

        await using var next = await SandboxEngines.OpenAsync(
            new SandboxEngineOptions { StateFolder = folder, Engine = engine }, EngineHome.Token);
        Assert.Empty(await next.AdoptAsync(_ => false, EngineHome.Token));

        Assert.All(pids, pid => Assert.True(ProcFiles.TryReadState(pid) is null or 'Z'));
        Assert.Empty(Directory.EnumerateFileSystemEntries($"{folder}/sandboxes"));
        Assert.Empty(Directory.EnumerateFileSystemEntries($"{folder}/run"));
        Assert.Empty(Directory.EnumerateFileSystemEntries($"{folder}/runtime"));
        Assert.Empty(Hygiene.Cgroups(next));
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    [InlineData("runsc")]
    [InlineData("unsandboxed")]
    public async Task A_running_sandbox_is_taken_over_with_its_log_its_files_and_its_end(string engine)
    {
        EngineHome.SkipUnlessInstalled(engine);
        var folder = EngineHome.NewFolder();
        await SandboxOwner.RunAndKillAsync(folder, engine);

        await using var next = await SandboxEngines.OpenAsync(
            new SandboxEngineOptions { StateFolder = folder, Engine = engine }, EngineHome.Token);
        var adopted = await next.AdoptAsync(key => key is SandboxOwner.Running or SandboxOwner.Ended, EngineHome.Token);
        await using var running = adopted.Single(one => one.Key == SandboxOwner.Running);
        await using var ended = adopted.Single(one => one.Key == SandboxOwner.Ended);

        Assert.Equal(5, (await ended.Exited).Code);
        Assert.Equal("bye\n", await EngineHome.OutputAsync(ended));
        Assert.StartsWith("begun\n", await EngineHome.OutputAsync(running), StringComparison.Ordinal);
        await using (var file = running.Work.OpenWrite("go", append: false, mode: 0x1A4))
        {
            await file.WriteAsync("go"u8.ToArray(), EngineHome.Token);
        }

        var exit = await running.Exited.WaitAsync(TimeSpan.FromSeconds(10), EngineHome.Token);
        Assert.Equal((6, null), (exit.Code, exit.Signal));
        Assert.EndsWith("seen\n", await EngineHome.OutputAsync(running), StringComparison.Ordinal);
        await running.DisposeAsync();
        await ended.DisposeAsync();
        Assert.Empty(Hygiene.Cgroups(next));
        Directory.Delete(folder, recursive: true);
    }
}

/// <summary>The kernel that is killed: this program run again. Makes three sandboxes and waits.</summary>
internal static class SandboxOwner
{
    public const string Running = "running";
    public const string Ended = "ended";

    private const string Variable = "ANALEMMA_TEST_SANDBOX_OWNER";

    public static bool IsAsked => Environment.GetEnvironmentVariable(Variable) is not null;

    public static async Task RunAsync()
    {
        var words = Environment.GetEnvironmentVariable(Variable)!.Split('|');
        var engine = await SandboxEngines.OpenAsync(
            new SandboxEngineOptions { StateFolder = words[0], Engine = words[1] }, CancellationToken.None);
        var ended = await MakeAsync(engine, Ended, "echo bye; exit 5");
        var running = await MakeAsync(
            engine, Running, "echo begun; while [ ! -e go ]; do sleep 0.02; done; echo seen; exit 6");
        var other = await MakeAsync(engine, "other", "echo begun; sleep 600");
        await ended.Exited;
        while (SandboxRecord.TryLoad($"{words[0]}/sandboxes/{Ended}")?.Exit is null)
        {
            await Task.Yield();
        }

        while (!File.Exists($"{words[0]}/sandboxes/{Running}/log.1"))
        {
            await Task.Yield();
        }

        Console.WriteLine($"{running.HostPid} {other.HostPid}");
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System);
    }

    public static async Task<int[]> RunAndKillAsync(string folder, string engine)
    {
        ProcessStartInfo start = new(Environment.ProcessPath!) { RedirectStandardOutput = true };
        start.Environment[Variable] = $"{folder}|{engine}";
        using var owner = Process.Start(start)!;
        var line = await owner.StandardOutput.ReadLineAsync(EngineHome.Token);
        owner.Kill();
        await owner.WaitForExitAsync(EngineHome.Token);
        return [.. line!.Split(' ').Select(int.Parse)];
    }

    private static async Task<ISandbox> MakeAsync(ISandboxEngine engine, string key, string script)
    {
        var sandbox = await engine.CreateAsync(EngineHome.Shell(script) with { Key = key }, CancellationToken.None);
        await sandbox.StartAsync(CancellationToken.None);
        return sandbox;
    }
}
