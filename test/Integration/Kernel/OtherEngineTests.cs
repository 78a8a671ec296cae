using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Sandbox;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>
/// A whole kernel on bubblewrap or gVisor: what it lacks is said wherever it is asked, and all else works.
/// </summary>
public sealed class OtherEngineTests
{
    private static readonly string[] Missing = [GuaranteeNames.Denials];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_denials_are_named_as_missing_and_can_be_required()
    {
        EngineHome.SkipUnlessInstalled("bwrap");
        await using var kernel = await RunningKernel.StartAsync("--sandbox.engine=bwrap");

        var status = await kernel.Client.StatusAsync(Token);
        Assert.Equal("bwrap", status.Engine);
        var lacking = status.Guarantees.Single(one => !one.Enforced);
        Assert.Equal(GuaranteeNames.Denials, lacking.Name);
        Assert.Contains("crun", lacking.Remedy, StringComparison.Ordinal);

        var agent = await kernel.SpawnShellAsync("sleep 600");
        Assert.Equal("bwrap", agent.Engine);
        Assert.Equal(Missing, agent.Missing);
        var listed = Assert.Single(await kernel.Client.ListAsync(null, Token));
        Assert.Equal(Missing, listed.Missing);
        var refused = await Assert.ThrowsAsync<SyscallException>(
            () => kernel.SpawnShellAsync("true", spawn => spawn with { Require = Missing }));
        Assert.Equal(SysErrorCode.NotEnforceable, refused.Code);
    }

    [Fact]
    public async Task A_program_that_is_not_there_fails_the_spawn()
    {
        EngineHome.SkipUnlessInstalled("bwrap");
        await using var kernel = await RunningKernel.StartAsync("--sandbox.engine=bwrap", "--pool.created=0");

        var refused = await Assert.ThrowsAsync<SyscallException>(
            () => kernel.Client.SpawnAsync(new Spawn { Argv = ["no-such-program"] }, Token));

        Assert.Equal(SysErrorCode.StartFailed, refused.Code);
        Assert.Contains("no-such-program", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bwrap")]
    [InlineData("runsc")]
    public async Task An_agent_speaks_with_its_kernel_and_outlives_a_crash_of_it(string engine)
    {
        EngineHome.SkipUnlessInstalled(engine);
        await using var kernel = await RunningKernel.StartAsync(
            $"--sandbox.engine={engine}", "--kernel.leftovers=adopt");
        var agent = await kernel.SpawnPythonAsync("""
            import agentos, os, time
            client = agentos.AgentOSClient()
            client.connect()
            print(client.echo("hi"), flush=True)
            while not os.path.exists("go"):
                time.sleep(0.02)
            print("gone")
            """);
        await kernel.UntilPrintedAsync(agent, "hi");

        await kernel.CrashAsync();
        await kernel.BeginAsync();
        Assert.Equal((0, "inside\n"), await kernel.ExecAsync(agent, "echo inside"));
        await kernel.Client.WriteAsync(new Write { Id = agent.Id, Path = "go", Content = "" }, Token);

        Assert.Equal(ExitCause.Exited, (await kernel.WaitAsync(agent)).Exit?.Cause);
        Assert.EndsWith("gone\n", await kernel.OutputAsync(agent), StringComparison.Ordinal);
    }
}
