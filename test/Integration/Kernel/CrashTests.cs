using Analemma.Abi.Syscalls;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>The kernel is killed with SIGKILL and started again.</summary>
public sealed class CrashTests
{
    [Fact]
    public async Task Leftovers_are_reaped_and_the_table_is_as_it_was()
    {
        await using var kernel = await RunningKernel.StartAsync(
            "--kernel.leftovers=reap", "--models.day_tokens=1000000");
        var ended = await kernel.SpawnShellAsync("exit 4");
        await kernel.WaitAsync(ended);
        var mark = "MARK=" + Path.GetFileName(kernel.Folder);
        var environment = new Dictionary<string, string> { ["MARK"] = Path.GetFileName(kernel.Folder) };
        var living = await kernel.SpawnShellAsync(
            "echo up; sleep 1000",
            spawn => spawn with { Env = environment });
        await kernel.UntilPrintedAsync(living, "up");
        Assert.NotEmpty(HostProcesses.WithEnvironment(mark));
        var answered = await AnsweredTokensAsync(kernel) + await AnsweredTokensAsync(kernel);

        await kernel.CrashAsync();
        await kernel.BeginAsync();

        Assert.Empty(HostProcesses.WithEnvironment(mark));
        var day = Assert.Single((await kernel.Client.LlmAsync(null, Token)).Budgets);
        Assert.True(day.Spent >= answered && day.Presumed > 0, $"{answered} tokens were answered: {day}");
        var processes = await kernel.Client.ListAsync(new List { All = true }, Token);
        Assert.Equal([ended.Id, living.Id], processes.Select(process => process.Id));
        Assert.Equal(4, processes[0].Exit!.Code);
        Assert.Equal(ExitCause.KernelShutdown, processes[1].Exit!.Cause);
        Assert.True((await kernel.SpawnShellAsync("true")).Id > living.Id);
        Assert.Equal(2, (await kernel.Client.StatusAsync(Token)).Boot);
    }

    // The second answer does not wait for the disk.
    private static async Task<long> AnsweredTokensAsync(RunningKernel kernel) =>
        (await kernel.Client.ThinkAsync(new Think { Prompt = "hello", MaxTokens = 10 }, Token)).Tokens;

    [Fact]
    public async Task Leftovers_are_adopted_and_live_on()
    {
        await using var kernel = await RunningKernel.StartAsync("--kernel.leftovers=adopt");
        var agent = await kernel.SpawnPythonAsync("""
            import time
            print("before", flush=True)
            while True:
                try:
                    open("/work/go")
                    break
                except FileNotFoundError:
                    time.sleep(0.02)
            print("after", flush=True)
            raise SystemExit(6)
            """);
        await kernel.UntilPrintedAsync(agent, "before");
        await kernel.CrashAsync();
        await kernel.BeginAsync();

        var view = await kernel.Client.InspectAsync(new Inspect { Id = agent.Id }, Token);
        Assert.Equal((ProcessState.Running, agent.Pid), (view.State, view.Pid));
        await kernel.Client.WriteAsync(new Write { Id = agent.Id, Path = "go", Content = "" }, Token);
        var exit = (await kernel.WaitAsync(agent)).Exit!;
        Assert.Equal(ExitCause.Exited, exit.Cause);
        Assert.Contains("after", await kernel.OutputAsync(agent), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clean_stop_ends_two_hundred_agents_together()
    {
        await using var kernel = await RunningKernel.StartAsync();
        var mark = "MARK=" + Path.GetFileName(kernel.Folder);
        var environment = new Dictionary<string, string> { ["MARK"] = Path.GetFileName(kernel.Folder) };
        await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => kernel.SpawnShellAsync(
            "trap '' TERM; sleep 1000", spawn => spawn with { Env = environment })));
        Assert.True(HostProcesses.WithEnvironment(mark).Count >= 200);
        Assert.Equal(0, await kernel.StopAsync(graceMs: 100));
        Assert.Empty(HostProcesses.WithEnvironment(mark));
        await kernel.BeginAsync();
        Assert.All(
            await kernel.Client.ListAsync(new List { All = true }, Token),
            process => Assert.Equal(ExitCause.KernelShutdown, process.Exit!.Cause));
    }
}
