using Analemma.Integration.Tests.Containment;
using Analemma.Integration.Tests.Sandbox;

namespace Analemma.Integration.Tests.VirtualMachine;

/// <summary>
/// What must hold on pure cgroup v2. Run inside the machine by <see cref="VirtualMachineTests"/>, once as root and once
/// as an ordinary user with a delegated subtree.
/// </summary>
public sealed class InsideTests
{
    public const string Variable = "ANALEMMA_TEST_IN_VM";

    public InsideTests() => Assert.SkipWhen(
        Environment.GetEnvironmentVariable(Variable) is null, "runs inside the virtual machine only");

    [Fact]
    public async Task Limits_are_those_of_cgroup_v2_and_none_is_lacking()
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        var report = home.Home.Engine.Report;
        string[] expected = Environment.GetEnvironmentVariable(Variable) == "root" ? [] : ["uid"];

        Assert.Equal("v2", report.Cgroups);
        Assert.Equal(expected, report.Guarantees.Where(one => !one.Enforced).Select(one => one.Name));
    }

    [Fact]
    public async Task When_an_inner_child_is_out_of_memory_the_whole_agent_dies_and_is_told_so()
    {
        await using var home = await EngineHome.OpenAsync("crun");

        var (exit, output) = await home.RunAsync(EngineHome.Python("""
            import os, time
            if os.fork() == 0:
                eaten = bytearray(400 << 20)
                for at in range(0, len(eaten), 4096): eaten[at] = 1
            while True: time.sleep(1)
            """));

        Assert.True(exit.Signal == 9, $"{exit} {output}");
        Assert.True(exit.Usage.OomKills >= 1, exit.ToString());
    }

    [Fact]
    public async Task A_fork_beyond_the_limit_fails_and_is_counted()
    {
        await using var home = await EngineHome.OpenAsync("crun");
        var policy = EngineHome.Python("""
            import os, time
            made = 0
            try:
                while True:
                    if os.fork() == 0: time.sleep(60)
                    made += 1
            except OSError as error: print(made, error.errno)
            """);

        var (exit, output) = await home.RunAsync(policy with { Limits = policy.Limits with { Pids = 10 } });

        Assert.Equal("9 11\n", output);
        Assert.True(exit.Usage.PidLimitHits >= 1, exit.ToString());
    }

    [Fact]
    public async Task A_cpu_quota_throttles_and_is_told()
    {
        await using var home = await EngineHome.OpenAsync("crun");
        var policy = EngineHome.Python("""
            import time
            end = time.monotonic() + 2
            while time.monotonic() < end: pass
            """);

        var (exit, _) = await home.RunAsync(policy with { Limits = policy.Limits with { CpuQuotaUs = 10_000 } });

        // The clock of such a machine is coarse: it says that it was throttled, and only roughly for how long.
        Assert.True(exit.Usage.ThrottledUs > 200_000, exit.ToString());
        Assert.InRange(exit.Usage.CpuUs, 1, 1_900_000);
    }

    [Fact]
    public async Task A_frozen_agent_stands_still_and_a_kill_takes_it_and_what_it_left_running()
    {
        await using var home = await EngineHome.OpenAsync("crun");
        await using var sandbox = await home.StartAsync(EngineHome.Shell(
            "(setsid sh -c 'while :; do :; done' &); echo ready; while :; do :; done"));
        await EngineHome.UntilAsync(sandbox, "ready");

        sandbox.Freeze();
        var before = sandbox.ReadUsage();
        await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, EngineHome.Token);
        var after = sandbox.ReadUsage();
        sandbox.Kill();
        var exit = await sandbox.Exited.WaitAsync(TimeSpan.FromSeconds(20), EngineHome.Token);

        Assert.InRange(after.CpuUs - before.CpuUs, 0, 50_000);
        Assert.Equal(9, exit.Signal);
        Assert.Equal(0, exit.Usage.OomKills);
        Assert.Equal(0, sandbox.ReadUsage().Pids);
    }

    [Fact]
    public async Task Denials_are_reported()
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        var policy = EngineHome.Shell("echo x >/etc/passwd; echo fine >/work/own; cat /work/own");

        var output = await home.RunAsync(policy);

        Assert.EndsWith("fine\n", output, StringComparison.Ordinal);
        Assert.Equal("filesystem", (await home.AttemptAsync(policy.Key, "/etc/passwd")).Kind);
    }
}
