using Analemma.Sandbox;

namespace Analemma.Integration.Tests.Sandbox;

public sealed class SandboxLimitTests
{
    private const string EatMemory = "b = bytearray(400 << 20)\nfor i in range(0, len(b), 4096): b[i] = 1\n";

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task Memory_beyond_the_limit_is_an_OOM_kill_and_is_told(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);

        var (exit, _) = await home.RunAsync(EngineHome.Python(EatMemory));

        Assert.Equal(9, exit.Signal);
        Assert.Equal(1, exit.Usage.OomKills);
        Assert.InRange(exit.Usage.MemoryPeakBytes, 100L << 20, 128L << 20);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task An_OOM_kill_of_an_inner_child_takes_the_whole_agent(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        var eat = EatMemory.Replace("\n", "\n ", StringComparison.Ordinal);
        var inner = $"import os, time\nif os.fork() == 0:\n {eat}\nwhile True: time.sleep(60)";

        var (exit, _) = await home.RunAsync(EngineHome.Python(inner));

        Assert.Equal(9, exit.Signal);
        Assert.InRange(exit.Usage.OomKills, 1, 2);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task Forks_beyond_the_limit_fail_and_are_counted(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        const string bomb = """
            import os, time
            made = 0
            try:
                while True:
                    if os.fork() == 0:
                        time.sleep(60)
                    made += 1
            except OSError as e:
                print(made, e.errno)
            """;
        var policy = EngineHome.Python(bomb);

        var (exit, output) = await home.RunAsync(policy with { Limits = policy.Limits with { Pids = 10 } });

        Assert.Equal("9 11\n", output);
        Assert.Equal(1, exit.Usage.PidLimitHits);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task A_cpu_quota_is_kept_and_the_throttling_told(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        // A quota far below what even a busy host gives it.
        const string spin = "import time\nwhile time.process_time() < 0.15: pass";
        var policy = EngineHome.Python(spin);

        var (exit, _) = await home.RunAsync(policy with { Limits = policy.Limits with { CpuQuotaUs = 5_000 } });

        Assert.Equal(0, exit.Code);
        Assert.InRange(exit.Usage.CpuUs, 100_000, 1_000_000);
        Assert.True(exit.Usage.ThrottledUs > 20_000, $"throttled for {exit.Usage.ThrottledUs} us only");
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task Work_and_open_files_are_bounded(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        var policy = EngineHome.Shell(
            "ulimit -n; ulimit -c; head -c 3000000 /dev/zero >big; wc -c <big; echo x >/usr/x; echo y >/etc/y");

        var (_, output) = await home.RunAsync(policy with { Limits = policy.Limits with { WorkBytes = 1 << 20 } });

        Assert.StartsWith("256\n0\n", output, StringComparison.Ordinal);
        Assert.Contains("No space left on device", output, StringComparison.Ordinal);
        Assert.Contains("\n1048576\n", output, StringComparison.Ordinal);
        Assert.Contains("cannot create /usr/x", output, StringComparison.Ordinal);
        Assert.Contains("cannot create /etc/y", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task A_childs_memory_counts_against_its_parent(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        await using var parent = await home.StartAsync(EngineHome.Shell("echo ready; while :; do sleep 1; done"));
        await EngineHome.UntilAsync(parent, "ready");
        var hungry = EngineHome.Python(EatMemory);

        // The child may have more than its parent by its own limit; the parent's holds it.
        var (exit, _) = await home.RunAsync(hungry with
        {
            ParentKey = parent.Key,
            Limits = hungry.Limits with { MemoryBytes = 1L << 30 },
        });

        Assert.Equal(9, exit.Signal);
        Assert.Equal(1, exit.Usage.OomKills);
        Assert.Equal(0, parent.ReadUsage().OomKills);
        Assert.InRange(parent.ReadUsage().MemoryPeakBytes, 100L << 20, 128L << 20);
        Assert.False(parent.Exited.IsCompleted);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task Double_forked_children_die_with_the_agent(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        const string daemons = """
            import os, time
            for i in range(5):
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        time.sleep(600)
                    os._exit(0)
            time.sleep(0.05)
            print("ready", flush=True)
            time.sleep(600)
            """;
        await using var sandbox = await home.StartAsync(EngineHome.Python(daemons));
        await EngineHome.UntilAsync(sandbox, "ready");
        Assert.InRange(sandbox.ReadUsage().Pids, 6, 12);

        sandbox.Kill();
        await sandbox.Exited;

        Assert.DoesNotContain(Directory.EnumerateDirectories("/proc"), IsInside);

        bool IsInside(string process) =>
            int.TryParse(Path.GetFileName(process), out _)
            && (Analemma.Linux.ProcFiles.TryRead($"{process}/cgroup") ?? "").Contains(
                sandbox.Key, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_required_guarantee_that_is_not_given_refuses_the_sandbox()
    {
        await using var home = await EngineHome.OpenAsync("crun");
        var policy = EngineHome.Shell("true") with { Require = ["memory", "denials"] };

        var refused = await Assert.ThrowsAsync<SandboxException>(
            () => home.Engine.CreateAsync(policy, EngineHome.Token));

        Assert.True(refused.NotEnforceable);
        Assert.Contains("denials", refused.Message, StringComparison.Ordinal);
    }
}
