using System.Diagnostics;
using Analemma.Sandbox;

namespace Analemma.Integration.Tests.Sandbox;

public sealed class SandboxLifeTests
{
    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task An_agent_runs_prints_and_ends_with_its_code(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);

        var (exit, output) = await home.RunAsync(EngineHome.Shell("echo out; id -u; exit 7"));

        Assert.Equal(7, exit.Code);
        Assert.Null(exit.Signal);
        Assert.Equal("out\n1000\n", output);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task Agents_that_end_at_once_have_been_started_all_the_same(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);

        var runs = await Task.WhenAll(Enumerable.Range(0, 24).Select(_ => home.RunAsync(EngineHome.Shell("exit 3"))));

        Assert.All(runs, run => Assert.Equal(3, run.Exit.Code));
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task Every_guarantee_is_given_to_root_and_denials_need_a_listener(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);

        var lacking = home.Engine.Report.Guarantees.Where(one => !one.Enforced).Select(one => one.Name);

        Assert.Equal(["denials"], lacking);
        Assert.Equal("v1", home.Engine.Report.Cgroups);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task Nothing_of_the_agent_runs_before_it_is_started(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        await using var sandbox = await home.Engine.CreateAsync(EngineHome.Shell("cat greeting"), EngineHome.Token);
        await using (var file = sandbox.Work.OpenWrite("greeting", append: false, mode: 0x1A4))
        {
            await file.WriteAsync("hello"u8.ToArray(), EngineHome.Token);
        }

        Assert.Equal("", await EngineHome.OutputAsync(sandbox));
        await sandbox.StartAsync(EngineHome.Token);

        Assert.Equal(0, (await sandbox.Exited).Code);
        Assert.Equal("hello", await EngineHome.OutputAsync(sandbox));
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task An_agent_that_ignores_SIGTERM_dies_within_50_ms_of_a_kill(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        List<double> took = [];
        // A host that is busy with something else may make one take longer.
        while (took.Count < 5 && took.TrueForAll(ms => ms > 50))
        {
            await using var sandbox = await home.StartAsync(
                EngineHome.Shell("trap '' TERM; echo ready; while :; do sleep 1; done"));
            await EngineHome.UntilAsync(sandbox, "ready");

            sandbox.Signal(15);
            Assert.False(sandbox.Exited.IsCompleted);
            var since = Stopwatch.GetTimestamp();
            sandbox.Kill();
            var exit = await sandbox.Exited;
            took.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);

            Assert.Equal(9, exit.Signal);
            Assert.Equal(0, exit.Usage.OomKills);
        }

        Assert.InRange(took.Min(), 0, 50);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task A_paused_agent_does_nothing_and_can_be_killed(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        await using var sandbox = await home.StartAsync(EngineHome.Shell("echo ready; while :; do :; done"));
        await EngineHome.UntilAsync(sandbox, "ready");

        sandbox.Freeze();
        sandbox.Kill();

        Assert.Equal(9, (await sandbox.Exited.WaitAsync(TimeSpan.FromSeconds(5), EngineHome.Token)).Signal);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task SIGTERM_ends_an_agent_that_has_no_handler_for_it(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        await using var sandbox = await home.StartAsync(EngineHome.Shell("echo ready; while :; do sleep 1; done"));
        await EngineHome.UntilAsync(sandbox, "ready");

        sandbox.Signal(15);

        Assert.Equal(15, (await sandbox.Exited.WaitAsync(TimeSpan.FromSeconds(5), EngineHome.Token)).Signal);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task A_command_runs_inside_and_its_output_comes_back(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        await using var sandbox = await home.StartAsync(EngineHome.Shell("echo ready; while :; do sleep 1; done"));
        await EngineHome.UntilAsync(sandbox, "ready");
        List<string> lines = [];

        ExecRequest request = new(
            ["/bin/sh", "-c", "echo $X $(hostname) $(id -u); cat; exit 3"],
            new Dictionary<string, string> { ["X"] = "x" },
            "/work");
        var result = await sandbox.ExecAsync(
            request,
            (stream, bytes) =>
            {
                lines.Add($"{stream}:{System.Text.Encoding.UTF8.GetString(bytes.Span)}");
                return default;
            },
            EngineHome.Token);

        Assert.Equal(3, result.ExitCode);
        Assert.Equal(["1:x agent 1000\n"], lines);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task A_command_is_confined_as_its_agent_is(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        const string facts = """
            grep -E '^(Uid|Gid|Groups|CapInh|CapPrm|CapEff|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status
            for name in user mnt pid net ipc uts cgroup; do readlink /proc/self/ns/$name; done
            cat /proc/self/cgroup; ulimit -n; ulimit -c; ls /proc/self/fd | wc -l
            unshare -U true || echo no namespaces
            """;
        await using var sandbox = await home.StartAsync(
            EngineHome.Shell($"({facts}) 2>/dev/null; echo end; sleep 600"));
        await EngineHome.UntilAsync(sandbox, "end");
        var agent = (await EngineHome.OutputAsync(sandbox)).Replace("end\n", "", StringComparison.Ordinal);

        var (code, command) = await ExecAsync(sandbox, $"({facts}) 2>/dev/null");

        Assert.Equal(0, code);
        Assert.Equal(agent, command);
        Assert.Contains("NoNewPrivs:\t1\nSeccomp:\t2\n", command, StringComparison.Ordinal);
        Assert.EndsWith("no namespaces\n", command, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task A_command_that_is_cancelled_dies_and_its_agent_lives_and_ends(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        await using var sandbox = await home.StartAsync(EngineHome.Shell("echo ready; while :; do sleep 1; done"));
        await EngineHome.UntilAsync(sandbox, "ready");
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(EngineHome.Token);

        ExecRequest request = new(
            ["/bin/sh", "-c", "echo begun; sleep 602"], new Dictionary<string, string>(), "/work");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sandbox.ExecAsync(
            request,
            (_, _) =>
            {
                cancel.Cancel();
                return default;
            },
            cancel.Token));

        // A pattern that does not match the command line that looks for it.
        var (_, left) = await ExecAsync(sandbox, "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | grep -o 'sleep 60[2]'");
        Assert.Equal("", left);
        Assert.False(sandbox.Exited.IsCompleted);
        sandbox.Kill();
        await sandbox.Exited.WaitAsync(TimeSpan.FromSeconds(5), EngineHome.Token);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    [InlineData("unsandboxed")]
    public async Task A_command_that_cannot_be_run_ends_as_in_a_shell_with_one_line(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        await using var sandbox = await home.StartAsync(EngineHome.Shell("echo ready; sleep 600"));
        await EngineHome.UntilAsync(sandbox, "ready");

        var missing = await ExecAsync(sandbox, "/work", "no-such-program");
        Assert.Equal(127, missing.Code);
        Assert.Single(missing.Output.TrimEnd().Split('\n'));
        Assert.Contains("no-such-program", missing.Output, StringComparison.Ordinal);

        var unable = await ExecAsync(sandbox, "/work", "/etc/passwd");
        Assert.Equal(126, unable.Code);
        Assert.Single(unable.Output.TrimEnd().Split('\n'));
        Assert.Equal(126, (await ExecAsync(sandbox, "/work", "/usr")).Code);

        Assert.Equal((127, "sh: 1: exec: a=b: not found\n"), await ExecAsync(sandbox, "/work", "a=b"));
        Assert.Equal((0, "-n a=b\n"), await ExecAsync(sandbox, "/", "/usr/bin/printf", "%s %s\\n", "-n", "a=b"));
        var nowhere = await Assert.ThrowsAsync<SandboxException>(() => ExecAsync(sandbox, "/nowhere", "true"));
        Assert.Equal("there is no folder '/nowhere' in the sandbox", nowhere.Message);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task A_command_is_killed_for_want_of_memory_before_what_is_outside(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        await using var sandbox = await home.StartAsync(
            EngineHome.Shell("cat /proc/self/oom_score_adj; echo ready; sleep 600"));
        await EngineHome.UntilAsync(sandbox, "ready");

        Assert.Equal("500\nready\n", await EngineHome.OutputAsync(sandbox));
        Assert.Equal((0, "500\n"), await ExecAsync(sandbox, "cat /proc/self/oom_score_adj"));
    }

    private static Task<(int Code, string Output)> ExecAsync(ISandbox sandbox, string script) =>
        ExecAsync(sandbox, "/work", "/bin/sh", "-c", script);

    private static async Task<(int Code, string Output)> ExecAsync(ISandbox sandbox, string cwd, params string[] argv)
    {
        System.Text.StringBuilder text = new();
        ExecRequest request = new(argv, new Dictionary<string, string>(), cwd);
        var result = await sandbox.ExecAsync(
            request,
            (_, bytes) =>
            {
                text.Append(System.Text.Encoding.UTF8.GetString(bytes.Span));
                return default;
            },
            EngineHome.Token);
        return (result.ExitCode, text.ToString());
    }
}
