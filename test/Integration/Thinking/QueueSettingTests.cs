using System.Diagnostics;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Models;
using Analemma.Integration.Tests.Models.Wire;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Thinking;

/// <summary>Settings of queues, rates, retries and runaway agents, as a kernel obeys them.</summary>
public sealed class QueueSettingTests
{
    private static readonly Think Hello = new() { Prompt = "Hello?", MaxTokens = 10 };

    [Fact]
    public async Task A_provider_whose_queue_is_full_refuses_with_the_wait_to_expect()
    {
        await using var stage = await StartAsync(["--openai.slots=1", "--queue.waiting_max=1"], new Scene.Stalls());
        var running = Ask(stage);
        await stage.Server.Received.WaitAsync(Token);
        var waiting = Ask(stage);
        while ((await stage.Kernel.Client.LlmAsync(null, Token)).Providers.Single(Is("openai")).Waiting == 0)
        {
            await Task.Yield();
        }

        var refused = await RefusedAsync(stage, Hello);

        Assert.Equal(SysErrorCode.TryAgain, refused.Code);
        Assert.True(refused.RetryAfterMs > 0, refused.Message);
        await Task.WhenAll(running, waiting);
    }

    [Fact]
    public async Task An_attempt_runs_no_longer_than_set()
    {
        await using var stage = await StartAsync(
            ["--queue.attempt_ms=150", "--retry.attempts_max=1"], new Scene.Stalls());

        var refused = await RefusedAsync(stage, Hello);

        Assert.Equal((SysErrorCode.ModelFailed, "timed_out"), (refused.Code, refused.Reason));
    }

    [Fact]
    public async Task An_agents_calls_beyond_its_rate_wait_and_others_do_not()
    {
        await using var stage = await StartAsync(
            ["--models.agent_requests_per_minute=2"], new Scene.Answers("Yes."));
        var agent = await stage.Kernel.SpawnPythonAsync(
            """
            import analemma
            with analemma.Kernel() as kernel:
                for number in range(3):
                    try:
                        print(kernel.think(f"Hello {number}?", max_tokens=10, timeout=2))
                    except (analemma.TryAgain, analemma.TimedOut, analemma.CallTimeout):
                        print("waited")
            """);

        Assert.Equal(0, (await stage.Kernel.WaitAsync(agent)).Exit!.Code);
        Assert.Equal("Yes.\nYes.\nwaited\n", await stage.Kernel.OutputAsync(agent));
        Assert.Equal("Yes.", (await stage.Kernel.Client.ThinkAsync(Hello, Token)).Content);
    }

    [Theory]
    [InlineData("--runaway.calls_per_minute_max=2")]
    [InlineData("--runaway.tokens_without_progress_max=8")]
    public async Task An_agent_that_only_asks_is_stopped(string flag)
    {
        await using var stage = await StartAsync([flag], new Scene.Answers("Yes."));
        var agent = await stage.Kernel.SpawnPythonAsync(
            """
            import analemma
            with analemma.Kernel() as kernel:
                for number in range(3):
                    try:
                        print(kernel.think(f"Hello {number}?", max_tokens=10))
                    except analemma.RunawayStopped as refused:
                        print(refused.code)
                        break
            """);

        Assert.Equal(0, (await stage.Kernel.WaitAsync(agent)).Exit!.Code);
        Assert.EndsWith("Yes.\nrunaway_stopped\n", await stage.Kernel.OutputAsync(agent), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_request_is_counted_within_its_window_only()
    {
        await using var stage = await StartAsync(
            ["--runaway.same_request_max=1", "--runaway.window_ms=1"], new Scene.Answers("Yes."));
        var agent = await stage.Kernel.SpawnPythonAsync(
            """
            import analemma, time
            with analemma.Kernel() as kernel:
                for _ in range(3):
                    print(kernel.think("Hello?", max_tokens=10))
                    begun = time.monotonic()
                    while time.monotonic() - begun < 0.01:
                        kernel.noop()
            """);

        Assert.Equal(0, (await stage.Kernel.WaitAsync(agent)).Exit!.Code);
        Assert.Equal("Yes.\nYes.\nYes.\n", await stage.Kernel.OutputAsync(agent));
    }

    [Fact]
    public async Task A_provider_that_asks_for_a_longer_wait_than_is_heeded_counts_as_failed()
    {
        await using var stage = await StartAsync(
            [
                "--retry.retry_after_ms_max=500", "--retry.base_ms=1", "--models.fallback=test-model-1=sim",
                "--sim.speed=0",
            ],
            new Scene.Fails(WireError.RateLimited, Headers: "Retry-After: 60\r\n"));

        var reply = await stage.Kernel.Client.ThinkAsync(Hello, Token);

        Assert.Equal(("sim", 2), (reply.Model, reply.Attempts));
        Assert.Single(stage.Server.Requests);
    }

    [Fact]
    public async Task A_model_that_was_left_alone_is_tried_again_after_the_time_set()
    {
        await using var stage = await StartAsync(
            ["--retry.attempts_max=1", "--retry.breaker_failures=1", "--retry.breaker_open_ms=1"],
            new Scene.Fails(WireError.Overloaded),
            new Scene.Answers("Yes."));
        Assert.Equal("overloaded", (await RefusedAsync(stage, Hello)).Reason);
        var opened = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(opened) < TimeSpan.FromMilliseconds(20))
        {
            await Task.Yield();
        }

        Assert.Equal("Yes.", (await stage.Kernel.Client.ThinkAsync(Hello, Token)).Content);
    }

    private static Func<ProviderLoad, bool> Is(string provider) => load => load.Name == provider;

    private static Task<SyscallException> Ask(LoopbackProvider stage) =>
        Assert.ThrowsAsync<SyscallException>(
            () => stage.Kernel.Client.ThinkAsync(Hello with { TimeoutMs = 3_000 }, Token));

    private static Task<LoopbackProvider> StartAsync(string[] flags, params Scene[] scenes) =>
        LoopbackProvider.StartAsync("openai", 0, flags, scenes);

    private static async Task<SysError> RefusedAsync(LoopbackProvider stage, Think think) =>
        (await Assert.ThrowsAsync<SyscallException>(() => stage.Kernel.Client.ThinkAsync(think, Token))).Error;
}
