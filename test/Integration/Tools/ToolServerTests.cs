using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using Analemma.Integration.Tests.Cli;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Tools;

/// <summary>Servers of tools that misbehave: the caller is told, and the kernel and all others go on.</summary>
public sealed class ToolServerTests
{
    [Fact]
    public async Task One_that_dies_within_a_call_is_started_again_by_the_next()
    {
        await using var kernel = await ToolKernel.StartAsync(ToolKernel.Section("t") + ToolKernel.Section("u"));
        var other = kernel.CallToolAsync("u/late", """{"seconds":1}""");
        Assert.Equal("5", (await AddAsync(kernel)).Content);
        for (var death = 1; death <= 3; death++)
        {
            var refused = await RefusedAsync(kernel, "t/die");
            Assert.Equal(SysErrorCode.ToolFailed, refused.Code);
            Assert.Contains("it exited with code 3: ", refused.Message, StringComparison.Ordinal);
            Assert.Contains("I am dying", refused.Message, StringComparison.Ordinal);
            Assert.Equal("5", (await AddAsync(kernel)).Content);
            Assert.Equal(death + 1, (await kernel.ServerAsync()).Starts);
        }

        Assert.Equal("late, but there", (await other).Content);
    }

    [Theory]
    [InlineData("t/endless", "it sent a message of more than 33554432 bytes")]
    [InlineData("t/flood", "it printed more than 1048576 bytes that are no message, such as \"xxx")]
    [InlineData("t/eat", "it went over its memory limit and was killed")]
    public async Task One_that_says_or_takes_too_much_is_ended_and_the_kernel_stays_small(string tool, string why)
    {
        await using var kernel = await ToolKernel.StartAsync(ToolKernel.Section("t", more: "memory = \"64M\""));
        await AddAsync(kernel);
        var refused = await RefusedAsync(kernel, tool);
        Assert.Equal(SysErrorCode.ToolFailed, refused.Code);
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.Equal("5", (await AddAsync(kernel)).Content);
        Assert.InRange((await kernel.Client.StatusAsync(Token)).ResidentBytes, 1, 400L << 20);
    }

    [Fact]
    public async Task One_that_hangs_is_stopped_after_three_calls_and_started_anew()
    {
        await using var kernel = await ToolKernel.StartAsync(ToolKernel.Section("t"));
        var pid = (await StartedAsync(kernel)).Pid;
        for (var call = 0; call < 3; call++)
        {
            Assert.Equal(SysErrorCode.TimedOut, (await RefusedAsync(kernel, "t/hang", timeoutMs: 100)).Code);
        }

        Assert.Equal("5", (await AddAsync(kernel)).Content);
        var anew = await kernel.ServerAsync();
        Assert.Equal(2, anew.Starts);
        Assert.NotEqual(pid, anew.Pid);
        Assert.False(CliProcess.Runs(pid));
    }

    [Theory]
    [InlineData("exit", "it exited with code 4: cannot open the database")]
    [InlineData("mute", "it was not up within 1 s")]
    public async Task One_that_does_not_come_up_is_told_with_why_and_waits_before_it_is_tried_again(
        string mode, string why)
    {
        await using var kernel = await ToolKernel.StartAsync(
            ToolKernel.Section("bad", mode, "start_timeout_ms = 1000") + ToolKernel.Section("t"));
        var first = await RefusedAsync(kernel, "bad/add", """{"a":1,"b":1}""");
        Assert.Equal((SysErrorCode.ToolFailed, $"bad: {why}"), (first.Code, first.Message));
        var second = await RefusedAsync(kernel, "bad/add", """{"a":1,"b":1}""");
        Assert.InRange(second.Error.RetryAfterMs!.Value, 1, 1_000);
        var offered = await kernel.Client.ListToolsAsync(cancellationToken: Token);
        Assert.Equal(new UnavailableTools("bad", why), Assert.Single(offered.Unavailable!));
        Assert.Contains(offered.Tools, tool => tool.Name == "t/add");
        Assert.Equal(
            (1L, "failed"), ((await kernel.ServerAsync("bad")).Starts, (await kernel.ServerAsync("bad")).State));

        var restart = await Assert.ThrowsAsync<SyscallException>(
            () => kernel.Client.RestartToolsAsync(new RestartTools { Server = "bad" }, Token));
        Assert.Equal(SysErrorCode.ToolFailed, restart.Code);
        Assert.Equal(2, (await kernel.ServerAsync("bad")).Starts);
    }

    [Fact]
    public async Task One_whose_program_is_not_there_and_one_with_tools_without_end_harm_nobody()
    {
        await using var kernel = await ToolKernel.StartAsync(
            ToolKernel.Section("pages", "pages") + "[tools.none]\ncommand = [\"no-such-program\"]\n");
        Assert.Contains("no-such-program", (await RefusedAsync(kernel, "none/x")).Message, StringComparison.Ordinal);
        var offered = await kernel.Client.ListToolsAsync(new ListTools { Server = "pages" }, Token);
        Assert.Equal(256, offered.Tools.Count);
        Assert.Equal("I am t7", (await kernel.CallToolAsync("pages/t7")).Content);
    }

    [Fact]
    public async Task A_restart_ends_the_program_and_starts_another()
    {
        await using var kernel = await ToolKernel.StartAsync(ToolKernel.Section("t"));
        var before = await StartedAsync(kernel);
        var hanging = kernel.CallToolAsync("t/hang");
        while ((await kernel.ServerAsync()).Running == 0)
        {
            await Task.Yield();
        }

        var after = await kernel.Client.RestartToolsAsync(new RestartTools { Server = "t" }, Token);
        Assert.Equal(("ready", 2L), (after.State, after.Starts));
        Assert.NotEqual(before.Pid, after.Pid);
        Assert.False(CliProcess.Runs(before.Pid));
        var refused = await Assert.ThrowsAsync<SyscallException>(() => hanging);
        Assert.Equal((SysErrorCode.ToolFailed, "t: it was stopped"), (refused.Code, refused.Message));
    }

    [Fact]
    public async Task One_may_start_with_the_kernel_ends_with_it_and_leaves_nothing_when_the_kernel_is_killed()
    {
        await using var kernel = await ToolKernel.StartAsync(ToolKernel.Section("t", more: "start = \"boot\""));
        while (await kernel.ServerAsync() is not { State: "ready" })
        {
            await Task.Yield();
        }

        var first = (await kernel.ServerAsync()).Pid;
        var folders = Sandboxes(kernel);
        await kernel.CrashAsync();
        await kernel.BeginAsync();
        while (await kernel.ServerAsync() is not { State: "ready" })
        {
            await Task.Yield();
        }

        var second = (await kernel.ServerAsync()).Pid;
        Assert.False(CliProcess.Runs(first));
        Assert.DoesNotContain(Sandboxes(kernel), folders.Contains);

        Assert.Equal(0, await kernel.StopAsync());
        Assert.False(CliProcess.Runs(second));
        Assert.Empty(Sandboxes(kernel));
        await kernel.BeginAsync();
    }

    [Fact]
    public async Task Calls_of_agents_and_their_count_outlive_the_kernel()
    {
        await using var kernel = await ToolKernel.StartAsync(ToolKernel.Section("t"));
        var agent = await kernel.SpawnPythonAsync(
            "import analemma; k = analemma.Kernel(); [k.call_tool('t/add', {'a': 1, 'b': 1}) for _ in range(3)]",
            spawn => spawn with { Tools = ["t/add"] });
        Assert.Equal(3, (await kernel.WaitAsync(agent)).ToolCalls);
        await kernel.CrashAsync();
        await kernel.BeginAsync();
        var after = await kernel.Client.InspectAsync(new Inspect { Id = agent.Id }, Token);
        Assert.Equal(3, after.ToolCalls);
        Assert.Equal(["t/add"], after.Tools);
    }

    private static string[] Sandboxes(RunningKernel kernel) =>
        [.. Directory.GetDirectories(
            Path.Combine(kernel.StateFolder, "sandboxes")).Select(folder => Path.GetFileName(folder)!)];

    private static async Task<ToolServerView> StartedAsync(RunningKernel kernel)
    {
        await AddAsync(kernel);
        return await kernel.ServerAsync();
    }

    private static Task<CallToolReply> AddAsync(RunningKernel kernel) =>
        kernel.CallToolAsync("t/add", """{"a":2,"b":3}""");

    private static Task<SyscallException> RefusedAsync(
        RunningKernel kernel, string name, string arguments = "{}", long? timeoutMs = null) =>
        Assert.ThrowsAsync<SyscallException>(() => kernel.CallToolAsync(name, arguments, timeoutMs));
}
