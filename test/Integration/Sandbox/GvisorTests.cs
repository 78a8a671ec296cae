using Analemma.Integration.Tests.Containment;
using Analemma.Sandbox;

namespace Analemma.Integration.Tests.Sandbox;

/// <summary>runsc: a kernel of its own between agent and host, and less that ours can see or bound.</summary>
public sealed class GvisorTests
{
    private const string Engine = "runsc";

    [Fact]
    public async Task What_gVisor_does_not_give_is_named_and_can_be_required()
    {
        await using var home = await EngineHome.OpenAsync(Engine);

        var lacking = home.Engine.Report.Guarantees.Where(one => !one.Enforced).Select(one => one.Name);
        Assert.Equal(["pids", "filesystem", "seccomp", "user-namespace", "denials"], lacking);
        var policy = EngineHome.Shell("true") with { Require = ["memory", "seccomp"] };
        var refused = await Assert.ThrowsAsync<SandboxException>(
            () => home.Engine.CreateAsync(policy, EngineHome.Token));
        Assert.True(refused.NotEnforceable);
    }

    [Fact]
    public async Task An_agent_has_its_files_runs_in_gVisor_and_ends_with_its_code()
    {
        await using var home = await EngineHome.OpenAsync(Engine);
        await using var sandbox = await home.Engine.CreateAsync(
            EngineHome.Shell("cat in; dmesg | head -1; echo out >made; exit 7"), EngineHome.Token);
        await using (var file = sandbox.Work.OpenWrite("in", append: false, mode: 0x1A4))
        {
            await file.WriteAsync("hello\n"u8.ToArray(), EngineHome.Token);
        }

        await sandbox.StartAsync(EngineHome.Token);
        var exit = await sandbox.Exited.WaitAsync(TimeSpan.FromSeconds(30), EngineHome.Token);

        Assert.Equal(7, exit.Code);
        var output = await EngineHome.OutputAsync(sandbox);
        Assert.StartsWith("hello\n", output, StringComparison.Ordinal);
        Assert.Contains("gVisor", output, StringComparison.Ordinal);
        using StreamReader reader = new(sandbox.Work.OpenRead("made"));
        Assert.Equal("out\n", await reader.ReadToEndAsync(EngineHome.Token));
    }

    [Fact]
    public async Task A_command_runs_inside_and_a_frozen_agent_is_killed_with_all_that_serves_it()
    {
        await using var home = await EngineHome.OpenAsync(Engine);
        await using var sandbox = await home.StartAsync(EngineHome.Shell("echo ready; while :; do sleep 1; done"));
        await EngineHome.UntilAsync(sandbox, "ready");

        ExecRequest request = new(["/bin/sh", "-c", "hostname; exit 3"], new Dictionary<string, string>(), "/work");
        var result = await sandbox.ExecAsync(request, (_, _) => default, EngineHome.Token);
        Assert.Equal(3, result.ExitCode);
        sandbox.Freeze();
        sandbox.Kill();

        Assert.Equal(9, (await sandbox.Exited.WaitAsync(TimeSpan.FromSeconds(10), EngineHome.Token)).Signal);
        await sandbox.DisposeAsync();
        Assert.Empty(Hygiene.Cgroups(home.Engine));
        Assert.Empty(Directory.EnumerateFileSystemEntries($"{home.Folder}/runtime"));
    }

    [Fact]
    public async Task Memory_beyond_the_limit_is_an_OOM_kill_and_is_told()
    {
        await using var home = await EngineHome.OpenAsync(Engine);
        var policy = EngineHome.Python("b = bytearray(400 << 20)\nfor i in range(0, len(b), 4096): b[i] = 1\n");

        var (exit, _) = await home.RunAsync(policy);

        Assert.Equal(9, exit.Signal);
        Assert.InRange(exit.Usage.OomKills, 1, 2);
    }

    [Fact]
    public async Task What_the_probe_finds_open_is_what_gVisors_own_kernel_allows()
    {
        EngineHome.SkipUnlessInstalled(Engine);

        var run = await ProbeRun.RunAsync(Engine);

        var open = run.Scored.Where(probe => !probe.IsBlocked).Select(probe => probe.Id);
        Assert.Equal([6, 10, 11, 12, 34, 41, 48, 134, 136], open);
        Assert.Equal(ContainmentTests.ScoredProbes, run.Scored.Count());
    }
}
