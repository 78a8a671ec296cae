using System.Diagnostics;
using Analemma.Integration.Tests.Sandbox;
using Analemma.Sandbox;

namespace Analemma.Integration.Tests.Containment;

public sealed class ContainmentTests
{
    public const int ScoredProbes = 79;
    private const int ForkBomb = 150;
    private const int MemoryBomb = 151;
    private const int DiskBomb = 152;
    private const int DescriptorBomb = 153;

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task Every_scored_probe_is_blocked(string engine)
    {
        EngineHome.SkipUnlessInstalled(engine);
        var run = await ProbeRun.RunAsync(engine);

        var open = run.Scored.Where(probe => !probe.IsBlocked).ToArray();
        Assert.True(open.Length == 0, string.Join('\n', open.AsEnumerable()));
        Assert.Equal(ScoredProbes, run.Scored.Count());
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("bwrap")]
    public async Task Every_scored_probe_is_blocked_for_an_ordinary_user(string engine)
    {
        EngineHome.SkipUnlessInstalled(engine);
        const string user = "setpriv --reuid=60001 --regid=60001 --clear-groups";
        var home = Directory.CreateTempSubdirectory("analemma-user-").FullName;
        await RunToolAsync("chown 60001:60001 " + home);
        Assert.SkipUnless(
            await RunToolAsync($"{user} test -r {Environment.ProcessPath}") == 0,
            "an ordinary user cannot read this build, or this user cannot become another");

        var env = $"env -u {HybridCgroups.DoneVariable} HOME={home} TMPDIR={home} XDG_RUNTIME_DIR={home}";
        var run = await ProbeRun.RunAsync(engine, switchUser: $"{user} {env}");
        Directory.Delete(home, recursive: true);

        var open = run.Scored.Where(probe => !probe.IsBlocked).ToArray();
        Assert.True(open.Length == 0, string.Join('\n', open.AsEnumerable()));
        Assert.Equal(ScoredProbes, run.Scored.Count());
    }

    [Fact]
    public async Task A_weakened_profile_shows_open_probes()
    {
        Dictionary<string, string> weakened = new() { [ProbeChild.WeakenedVariable] = "1" };

        var run = await ProbeRun.RunAsync("crun", env: weakened);

        var open = run.Scored.Where(probe => !probe.IsBlocked).Select(probe => probe.Probe).ToArray();
        Assert.Contains("unshare(NEWUSER)", open);
        Assert.Contains("ptrace(ATTACH own child)", open);
        Assert.Contains("AF_VSOCK to the VM host", open);
    }

    [Fact]
    public async Task Fork_and_memory_bombs_are_stopped_and_an_out_of_memory_ends_the_agent()
    {
        var run = await ProbeRun.RunAsync("crun", bombs: true);

        Assert.True(run.Verdicts[ForkBomb].IsBlocked, run.Log);
        Assert.False(run.Verdicts.TryGetValue(MemoryBomb, out var memory) && !memory.IsBlocked, run.Log);
        Assert.DoesNotContain(DiskBomb, run.Verdicts.Keys);
    }

    [Fact]
    public async Task Disk_and_descriptor_bombs_are_stopped_in_an_agent_with_much_memory()
    {
        Dictionary<string, string> much = new() { [ProbeChild.MemoryVariable] = "4096" };

        var run = await ProbeRun.RunAsync("crun", bombs: true, env: much);

        Assert.True(run.Verdicts[DiskBomb].IsBlocked, run.Log);
        Assert.True(run.Verdicts[DescriptorBomb].IsBlocked, run.Log);
    }

    private static async Task<int> RunToolAsync(string command)
    {
        using var process = Process.Start("/bin/sh", ["-c", command])!;
        await process.WaitForExitAsync(EngineHome.Token);
        return process.ExitCode;
    }
}
