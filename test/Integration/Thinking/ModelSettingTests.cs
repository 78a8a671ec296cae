using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Models;
using Analemma.Integration.Tests.Models.Wire;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Thinking;

/// <summary>Each setting about model calls has its effect, from the machine's settings to the provider.</summary>
public sealed class ModelSettingTests
{
    private static readonly Scene Busy = new Scene.Fails(WireError.Overloaded);

    private static readonly Think Hello = new() { Prompt = "Hello?", MaxTokens = 10 };

    [Fact]
    public async Task Attempts_and_the_breaker_are_as_set()
    {
        await using var stage = await StartAsync(
            ["--retry.attempts_max=2", "--retry.base_ms=1", "--retry.breaker_failures=2"], Busy);
        Assert.Equal("overloaded", (await RefusedAsync(stage, Hello)).Reason);
        Assert.Equal(2, stage.Server.Requests.Count);
        var left = await RefusedAsync(stage, Hello);
        Assert.Contains("left alone", left.Message, StringComparison.Ordinal);
        Assert.InRange(left.RetryAfterMs ?? 0, 1, 30_000);
        Assert.Equal(2, stage.Server.Requests.Count);
    }

    [Fact]
    public async Task A_model_that_fails_is_replaced_by_the_next_of_its_chain()
    {
        await using var stage = await StartAsync(
            ["--retry.attempts_max=1", "--models.fallback=test-model-1=sim", "--sim.speed=0"], Busy);
        var reply = await stage.Kernel.Client.ThinkAsync(Hello, Token);
        Assert.Equal(("sim", true, 2), (reply.Model, reply.Simulated, reply.Attempts));
    }

    [Fact]
    public async Task Budgets_of_calls_and_groups_hold()
    {
        await using var stage = await StartAsync(
            [
                "--models.call_tokens=400", "--models.groups=team=300", "--models.group_tokens=team=150",
            ],
            new Scene.Answers("Yes."));
        Assert.Equal("call", (await RefusedAsync(stage, Hello with { MaxTokens = 500 })).Budget!.Scope);
        await stage.Kernel.Client.ThinkAsync(Hello, Token);
        var agent = await stage.Kernel.SpawnPythonAsync(
            """
            import analemma
            with analemma.Kernel() as kernel:
                try:
                    kernel.think("Hello?", max_tokens=200)
                except analemma.BudgetExhausted as refused:
                    print(refused.details["budget"]["scope"], refused.details["budget"]["of"])
                print([(each.scope, each.of) for each in kernel.llm().budgets])
                try:
                    kernel.budget_set("greedy", tokens=-1)
                except analemma.PermissionDenied as refused:
                    print(refused.code)
            """,
            spawn => spawn with
            {
                Name = "greedy",
                Models = new ModelShare { Group = "team", Budget = new ModelBudget { Tokens = 1_000 } },
            });
        Assert.Equal(0, (await stage.Kernel.WaitAsync(agent)).Exit!.Code);
        Assert.Equal(
            "group team\n[('agent', 'greedy')]\npermission_denied\n", await stage.Kernel.OutputAsync(agent));
        var group = (await stage.Kernel.Client.LlmAsync(null, Token)).Budgets.Single(each => each.Of == "team");
        Assert.Equal((150, 150, 0), (group.Limit, group.Left, group.Spent));
    }

    [Theory]
    [InlineData("stop", "runaway_stopped")]
    [InlineData("pause", "runaway_stopped")]
    public async Task An_agent_that_asks_the_same_again_is_stopped_or_paused(string action, string code)
    {
        await using var stage = await StartAsync(
            [$"--runaway.action={action}", "--runaway.same_request_max=2"], new Scene.Answers("Yes."));
        var agent = await stage.Kernel.SpawnPythonAsync(
            """
            import analemma, os, time
            with analemma.Kernel() as kernel:
                for _ in range(3):
                    try:
                        print(kernel.think("Hello?", max_tokens=10), flush=True)
                    except analemma.SyscallError as refused:
                        print(refused.code, flush=True)
            while not os.path.exists("/work/go"):
                time.sleep(0.01)
            """);
        if (action == "pause")
        {
            while ((await stage.Kernel.Client.InspectAsync(new Inspect { Id = agent.Id }, Token)).State
                is not ProcessState.Paused)
            {
                await Task.Yield();
            }
        }

        await stage.Kernel.Client.WriteAsync(new Write { Id = agent.Id, Path = "go", Content = "" }, Token);
        if (action == "pause")
        {
            await stage.Kernel.Client.ResumeAsync(new Resume { Id = agent.Id }, Token);
        }

        Assert.Equal(0, (await stage.Kernel.WaitAsync(agent)).Exit!.Code);
        Assert.Equal($"Yes.\nYes.\n{code}\n", await stage.Kernel.OutputAsync(agent));
    }

    [Fact]
    public async Task A_call_over_its_agents_budget_waits_until_that_is_raised_and_the_agent_resumed()
    {
        await using var stage = await StartAsync(
            ["--models.agent_tokens=20", "--models.pause_when_exhausted=true"], new Scene.Answers("Yes."));
        var agent = await stage.Kernel.SpawnPythonAsync(
            "import analemma\nprint(analemma.Kernel().think('Hello?', max_tokens=10))",
            spawn => spawn with { Name = "w" });
        var client = stage.Kernel.Client;
        while ((await client.InspectAsync(new Inspect { Id = agent.Id }, Token)).State is not ProcessState.Paused)
        {
            await Task.Yield();
        }

        var set = await client.BudgetSetAsync(new BudgetSet { Name = "w", Tokens = 10_000 }, Token);
        Assert.Equal((10_000, 1), (Assert.Single(set.Budgets).Left, set.Held));
        await client.ResumeAsync(new Resume { Id = agent.Id }, Token);
        Assert.Equal(0, (await stage.Kernel.WaitAsync(agent)).Exit!.Code);
        Assert.Equal("Yes.\n", await stage.Kernel.OutputAsync(agent));
    }

    [Fact]
    public async Task A_budget_that_was_set_outlives_the_kernel()
    {
        await using var stage = await StartAsync(["--kernel.leftovers=adopt"], new Scene.Answers("Yes."));
        var agent = await stage.Kernel.SpawnShellAsync("sleep 600");
        await stage.Kernel.Client.BudgetSetAsync(
            new BudgetSet { Id = agent.Id, Tokens = 77, Microdollars = -1 }, Token);
        await stage.Kernel.Client.BudgetSetAsync(new BudgetSet { Day = true, Tokens = 5_000 }, Token);
        await stage.Kernel.CrashAsync();
        await stage.Kernel.BeginAsync();
        Assert.Equal(
            [("day", 5_000, "tokens"), ("agent", 77, "tokens")],
            (await stage.Kernel.Client.LlmAsync(null, Token)).Budgets.Select(
                budget => (budget.Scope, budget.Limit, budget.Unit)));
    }

    [Fact]
    public async Task The_queue_is_as_long_as_set()
    {
        await using var stage = await StartAsync(["--queue.waiting_per_agent_max=1"], new Scene.Stalls());
        var first = stage.Kernel.Client.ThinkAsync(Hello with { TimeoutMs = 3_000 }, Token);
        await stage.Server.Received.WaitAsync(Token);
        Assert.Equal(SysErrorCode.TryAgain, (await RefusedAsync(stage, Hello)).Code);
        await Assert.ThrowsAsync<SyscallException>(() => first);
    }

    private static Task<LoopbackProvider> StartAsync(string[] flags, params Scene[] scenes) =>
        LoopbackProvider.StartAsync("openai", 0, flags, scenes);

    private static async Task<SysError> RefusedAsync(LoopbackProvider stage, Think think) =>
        (await Assert.ThrowsAsync<SyscallException>(() => stage.Kernel.Client.ThinkAsync(think, Token))).Error;
}
