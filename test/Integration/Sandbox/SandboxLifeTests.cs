using System.Diagnostics;
using Analemma.Sandbox;

namespace Analemma.Integration.Tests.Sandbox;

public sealed class SandboxLifeTests
{
    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
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
    public async Task An_agent_that_ignores_SIGTERM_dies_within_50_ms_of_a_kill(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        await using var sandbox = await home.StartAsync(
            EngineHome.Shell("trap '' TERM; echo ready; while :; do sleep 1; done"));
        await EngineHome.UntilAsync(sandbox, "ready");

        sandbox.Signal(15);
        Assert.False(sandbox.Exited.IsCompleted);
        var since = Stopwatch.GetTimestamp();
        sandbox.Kill();
        var exit = await sandbox.Exited;

        Assert.Equal(9, exit.Signal);
        Assert.Equal(0, exit.Usage.OomKills);
        Assert.InRange(Stopwatch.GetElapsedTime(since).TotalMilliseconds, 0, 50);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
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
}
