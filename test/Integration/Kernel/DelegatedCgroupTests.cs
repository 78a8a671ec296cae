using Analemma.Abi.Syscalls;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>
/// A kernel that an ordinary user runs on cgroup v1: what was given to it is enforced and told, and the rest is named.
/// </summary>
public sealed class DelegatedCgroupTests
{
    // Nobody's: it is in no passwd.
    private const uint User = 54321;

    private const string EatMemory = "eaten = bytearray(100 << 20)\nprint('ate', flush=True)";

    private const string ChildEatsMemory = """
        import os, time
        if os.fork() == 0:
            eaten = bytearray(100 << 20)
        while True: time.sleep(600)
        """;

    private static readonly string[] All = ["memory", "pids", "cpu", "cpuacct", "freezer"];

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task In_cgroups_named_by_the_setting_everything_is_enforced(string engine)
    {
        using DelegatedCgroups given = new(User, All);
        await using (var kernel = await RunningKernel.StartAsUserAsync(
            User, [], $"--sandbox.cgroup={given.Path}", $"--sandbox.engine={engine}"))
        {
            await AssertEnforcedAsync(kernel);
        }

        Assert.False(given.Leftovers.Any(), string.Join("\n", given.Leftovers));
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_kernel_of_roots_stays_in_the_cgroups_named_by_the_setting(string engine)
    {
        using DelegatedCgroups given = new(uid: 0, All);
        await using (var kernel = await RunningKernel.StartAsync(
            $"--sandbox.cgroup={given.Path}", $"--sandbox.engine={engine}"))
        {
            var agent = await kernel.SpawnShellAsync("sleep 600");
            var groups = await File.ReadAllLinesAsync($"/proc/{agent.Pid}/cgroup", Token);
            Assert.All(All, controller => Assert.Contains(
                groups, line => line.Contains($":{controller}:{given.Path}/analemma/", StringComparison.Ordinal)));
            await AssertOutOfMemoryAsync(kernel);
            await AssertPidsLimitedAsync(kernel);
            await AssertFrozenAsync(kernel);
        }

        Assert.False(given.Leftovers.Any(), string.Join("\n", given.Leftovers));
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task In_cgroups_that_it_was_started_in_everything_is_enforced(string engine)
    {
        using DelegatedCgroups given = new(User, All);
        await using (var kernel = await RunningKernel.StartAsUserAsync(
            User, given.JoinFiles, $"--sandbox.engine={engine}"))
        {
            await AssertEnforcedAsync(kernel);
        }

        Assert.False(given.Leftovers.Any(), string.Join("\n", given.Leftovers));
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task With_some_controllers_only_their_guarantees_are_claimed_and_kept(string engine)
    {
        using DelegatedCgroups given = new(User, "memory", "pids");
        await using (var kernel = await RunningKernel.StartAsUserAsync(
            User, given.JoinFiles, $"--sandbox.engine={engine}"))
        {
            await AssertPartlyEnforcedAsync(kernel);
        }

        Assert.False(given.Leftovers.Any(), string.Join("\n", given.Leftovers));
    }

    [Fact]
    public async Task Without_any_no_limit_is_claimed_and_none_is_kept()
    {
        await using var kernel = await RunningKernel.StartAsUserAsync(User, []);

        Assert.Equal(["cpu", "freezer", "memory", "pids", "uid"], await MissingAsync(kernel));
        var hungry = await SpawnHungryAsync(kernel);
        Assert.Equal(ExitCause.Exited, (await kernel.WaitAsync(hungry)).Exit!.Cause);
        Assert.Equal("ate\n", await kernel.OutputAsync(hungry));
    }

    [Fact]
    public async Task A_cgroup_that_does_not_exist_is_named_with_the_remedy()
    {
        await using var kernel = await RunningKernel.StartAsUserAsync(User, [], "--sandbox.cgroup=/analemma-nowhere");

        var status = await kernel.Client.StatusAsync(Token);
        var memory = status.Guarantees.Single(one => one.Name == GuaranteeNames.Memory);
        Assert.False(memory.Enforced);
        Assert.Contains("/analemma-nowhere: make it", memory.How, StringComparison.Ordinal);
        Assert.Contains("sandbox.cgroup", memory.Remedy, StringComparison.Ordinal);
    }

    private static async Task AssertEnforcedAsync(RunningKernel kernel)
    {
        Assert.Equal(["uid"], await MissingAsync(kernel));
        Assert.Equal("v1", (await kernel.Client.StatusAsync(Token)).Cgroups);
        await AssertOutOfMemoryAsync(kernel);
        await AssertPidsLimitedAsync(kernel);
        await AssertThrottledAsync(kernel);
        await AssertFrozenAsync(kernel);
    }

    private static async Task AssertPartlyEnforcedAsync(RunningKernel kernel)
    {
        Assert.Equal(["cpu", "freezer", "uid"], await MissingAsync(kernel));
        await AssertOutOfMemoryAsync(kernel);
        await AssertPidsLimitedAsync(kernel);
        var agent = await kernel.SpawnShellAsync("sleep 600");
        Assert.Equal(["cpu", "freezer", "uid"], agent.Missing!.Order(StringComparer.Ordinal));
        await Assert.ThrowsAsync<Analemma.Client.SyscallException>(
            () => kernel.SpawnShellAsync("true", spawn => spawn with { Require = ["cpu"] }));
    }

    private static async Task<IEnumerable<string>> MissingAsync(RunningKernel kernel) =>
        (await kernel.Client.StatusAsync(Token)).Guarantees
            .Where(one => !one.Enforced).Select(one => one.Name).Order(StringComparer.Ordinal);

    private static Task<SpawnReply> SpawnHungryAsync(RunningKernel kernel, string script = EatMemory) =>
        kernel.SpawnPythonAsync(
            script, spawn => spawn with { Limits = new ResourceLimits { Memory = 48 << 20 } });

    private static async Task AssertOutOfMemoryAsync(RunningKernel kernel)
    {
        foreach (var script in (string[])[EatMemory, ChildEatsMemory])
        {
            var view = await kernel.WaitAsync(await SpawnHungryAsync(kernel, script));
            Assert.Equal(ExitCause.OomKilled, view.Exit!.Cause);
            Assert.InRange(view.MemoryPeakBytes, 32 << 20, 48 << 20);
        }
    }

    private static async Task AssertPidsLimitedAsync(RunningKernel kernel)
    {
        var forking = await kernel.SpawnPythonAsync(
            """
            import os, time
            made = 0
            try:
                while True:
                    if os.fork() == 0: time.sleep(600)
                    made += 1
            except OSError as error: print(made, error.errno)
            """,
            spawn => spawn with { Limits = new ResourceLimits { MaxPids = 10 } });
        var view = await kernel.WaitAsync(forking);
        Assert.Equal("9 11\n", await kernel.OutputAsync(forking));
        Assert.True(view.PidLimitHits > 0);
    }

    private static async Task AssertThrottledAsync(RunningKernel kernel)
    {
        var busy = await kernel.SpawnPythonAsync(
            "import time\nwhile time.process_time() < 0.15: pass",
            spawn => spawn with { Limits = new ResourceLimits { CpuQuota = 5_000 } });
        var view = await kernel.WaitAsync(busy);
        Assert.Equal(0, view.Exit!.Code);
        Assert.True(view.ThrottledMs > 20, $"throttled for {view.ThrottledMs} ms only");
    }

    private static async Task AssertFrozenAsync(RunningKernel kernel)
    {
        var agent = await kernel.SpawnShellAsync("echo up; while :; do :; done");
        await kernel.UntilPrintedAsync(agent, "up");
        await kernel.Client.PauseAsync(new Pause { Id = agent.Id }, Token);
        var before = await CpuMsAsync(kernel, agent);
        await Task.Delay(TimeSpan.FromMilliseconds(600), TimeProvider.System, Token);
        Assert.InRange(await CpuMsAsync(kernel, agent) - before, 0, 300);
        await kernel.Client.ResumeAsync(new Resume { Id = agent.Id }, Token);
        await kernel.Client.KillAsync(new Kill { Id = agent.Id, GraceMs = 0 }, Token);
        Assert.Equal(ExitCause.KilledByOperator, (await kernel.WaitAsync(agent)).Exit!.Cause);
    }

    private static async Task<long> CpuMsAsync(RunningKernel kernel, SpawnReply agent) =>
        (await kernel.Client.InspectAsync(new Inspect { Id = agent.Id }, Token)).CpuMs;
}
