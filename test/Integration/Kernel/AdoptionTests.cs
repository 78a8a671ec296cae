using System.Globalization;
using System.Text.Json;
using Analemma.Abi.Syscalls;
using Analemma.Integration.Tests.Sandbox;
using Analemma.Linux;
using Analemma.Sandbox.Living;
using Analemma.Sandbox.Notify;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>An agent that outlives its kernel is denied what it was, and the next kernel sees it.</summary>
public sealed class AdoptionTests
{
    // Goes on when the gate is removed; says so by removing the mark.
    private const string Agent = """
        import errno, os, socket, time
        assert [line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line] == ["lo"]
        def attempt(name, act):
            try: act(); result = "done"
            except OSError as error: result = errno.errorcode[error.errno]
            print(name, result, flush=True)
        for name in ("gate", "mark"): open(name, "w").close()
        print("ready", flush=True)
        while os.path.exists("gate"): time.sleep(0.01)
        attempt("etc", lambda: open("/etc/x", "w"))
        attempt("net", lambda: socket.create_connection(("192.0.2.1", 80), 1))
        attempt("work", lambda: open("/work/x", "w"))
        os.unlink("mark")
        while True: time.sleep(1)
        """;

    private static readonly string[] Adopt =
        ["--kernel.leftovers=adopt", "--pool.created=0", "--pool.preloaded=0"];

    private static readonly string[] Denied = ["etc EROFS", "net ENETUNREACH", "work done"];

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task Its_attempts_are_denied_as_before_and_reported_by_the_next_kernel(string engine)
    {
        await using var kernel = await RunningKernel.StartAsync([.. Adopt, $"--sandbox.engine={engine}"]);
        var agent = await SpawnAsync(kernel);
        await kernel.CrashAsync();
        await kernel.BeginAsync();

        await using var events = kernel.Client
            .Events(new Subscribe { Types = ["denied", "exited"] }, Token).GetAsyncEnumerator(Token);
        await UntilSeenAsync(kernel, events.MoveNextAsync().AsTask());
        OpenGate(agent);
        List<string?> kinds = [];
        while (kinds.Count < 2 && await events.MoveNextAsync())
        {
            kinds.AddRange(events.Current.Process == agent.Id ? [events.Current.Kind] : []);
        }

        Assert.Equal(["filesystem", "network"], kinds);
        await AssertPrintedAsync(kernel, agent, Denied);
        Assert.Equal(2, (await kernel.Client.InspectAsync(new Inspect { Id = agent.Id }, Token)).Denied);
    }

    [Fact]
    public async Task An_attempt_that_is_made_while_no_kernel_runs_waits_for_the_next()
    {
        await using var kernel = await RunningKernel.StartAsync(Adopt);
        var agent = await SpawnAsync(kernel);
        await kernel.CrashAsync();
        OpenGate(agent);
        await UntilWaitingAsync(agent);

        await kernel.BeginAsync();

        await AssertPrintedAsync(kernel, agent, Denied);
        Assert.Equal(2, (await kernel.Client.InspectAsync(new Inspect { Id = agent.Id }, Token)).Denied);
    }

    [Fact]
    public async Task A_call_that_the_killed_kernel_had_received_is_asked_again()
    {
        await using var kernel = await RunningKernel.StartAsync(Adopt);
        var agent = await SpawnAsync(kernel);
        await kernel.CrashAsync();
        OpenGate(agent);
        await UntilWaitingAsync(agent);
        Receive(kernel);

        await kernel.BeginAsync();

        await AssertPrintedAsync(kernel, agent, Denied);
    }

    [Fact]
    public async Task Without_its_filter_held_an_agent_gets_ENOSYS_and_is_reaped()
    {
        await using var kernel = await RunningKernel.StartAsync(Adopt);
        var agent = await SpawnAsync(kernel);
        await kernel.CrashAsync();
        using (var holder = PidFd.TryOpen(HolderOf(kernel))!)
        {
            holder.TrySignal(9);
            await UntilAsync(() => holder.HasEnded);
        }

        OpenGate(agent);
        await UntilAsync(() => !File.Exists(InWork(agent, "mark")));
        await kernel.BeginAsync();

        var exit = (await kernel.WaitAsync(agent)).Exit!;
        Assert.Equal(ExitCause.KernelShutdown, exit.Cause);
        Assert.Contains("filter", exit.Detail, StringComparison.Ordinal);
        await AssertPrintedAsync(kernel, agent, "etc ENOSYS", "net ENOSYS", "work ENOSYS");
        Assert.NotEqual(0, HolderOf(kernel));
    }

    [Fact]
    public async Task A_paused_agent_is_adopted_paused()
    {
        await using var kernel = await RunningKernel.StartAsync(Adopt);
        var agent = await SpawnAsync(kernel);
        await kernel.Client.PauseAsync(new Pause { Id = agent.Id }, Token);
        await kernel.CrashAsync();
        OpenGate(agent);
        await kernel.BeginAsync();

        var view = await kernel.Client.InspectAsync(new Inspect { Id = agent.Id }, Token);
        Assert.Equal(ProcessState.Paused, view.State);
        Assert.True(File.Exists(InWork(agent, "mark")));
        await kernel.Client.ResumeAsync(new Resume { Id = agent.Id }, Token);
        await AssertPrintedAsync(kernel, agent, Denied);
    }

    [Fact]
    public async Task The_holder_has_the_queue_alone_and_stays_out_of_every_agents_way()
    {
        await using var kernel = await RunningKernel.StartAsync(Adopt);
        await SpawnAsync(kernel);
        var holder = HolderOf(kernel);

        var files = Directory.EnumerateFileSystemEntries($"/proc/{holder}/fd")
            .Order(StringComparer.Ordinal)
            .Select(file => new FileInfo(file).LinkTarget!.Split(':')[0]);
        Assert.Equal(["socket", "socket", "/dev/null"], files);
        Assert.Equal(File.ReadAllText($"/proc/{kernel.Pid}/cgroup"), File.ReadAllText($"/proc/{holder}/cgroup"));
        Assert.Equal($"ANALEMMA_HOLDER={kernel.StateFolder}\0", File.ReadAllText($"/proc/{holder}/environ"));
    }

    [Fact]
    public async Task The_holder_ends_with_a_clean_stop_and_with_a_kernel_that_does_not_adopt()
    {
        await using var kernel = await RunningKernel.StartAsync(Adopt);
        using var first = PidFd.TryOpen(HolderOf(kernel))!;
        await kernel.StopAsync();
        await UntilAsync(() => first.HasEnded);
        Assert.False(File.Exists($"{kernel.StateFolder}/holder.json"));

        await kernel.BeginAsync();
        using var second = PidFd.TryOpen(HolderOf(kernel))!;
        await kernel.CrashAsync();
        Assert.False(second.HasEnded);
        await kernel.BeginAsync("--kernel.leftovers=reap");
        await UntilAsync(() => second.HasEnded);
        Assert.False(File.Exists($"{kernel.StateFolder}/holder.json"));
    }

    [Fact]
    public async Task A_lost_holder_is_replaced_and_has_what_it_had()
    {
        await using var kernel = await RunningKernel.StartAsync(Adopt);
        var agent = await SpawnAsync(kernel);
        var lost = HolderOf(kernel);
        using (var process = PidFd.TryOpen(lost)!)
        {
            process.TrySignal(9);
        }

        await UntilAsync(() => HolderOf(kernel) != lost);
        await kernel.CrashAsync();
        await kernel.BeginAsync();

        OpenGate(agent);
        await AssertPrintedAsync(kernel, agent, Denied);
    }

    [Fact]
    public async Task An_ordinary_users_agent_is_adopted_too()
    {
        await using var kernel = await RunningKernel.StartAsUserAsync(OrdinaryUser.Uid, [], Adopt);
        var agent = await SpawnAsync(kernel);
        await kernel.CrashAsync();
        OpenGate(agent);
        await UntilWaitingAsync(agent);
        Receive(kernel);

        await kernel.BeginAsync();

        await AssertPrintedAsync(kernel, agent, Denied);
        Assert.Equal("ready\n", (await kernel.ExecAsync(agent, "echo ready")).Output);
        Assert.Equal(2, (await kernel.Client.InspectAsync(new Inspect { Id = agent.Id }, Token)).Denied);
    }

    [Theory]
    [InlineData("adopt")]
    [InlineData("reap")]
    public async Task An_ordinary_users_agent_that_cannot_be_adopted_is_reaped(string next)
    {
        await using var kernel = await RunningKernel.StartAsUserAsync(
            OrdinaryUser.Uid, [], ["--kernel.leftovers=reap", .. Adopt[1..]]);
        var agent = await SpawnAsync(kernel);
        await kernel.CrashAsync();
        await kernel.BeginAsync($"--kernel.leftovers={next}");

        Assert.Equal(ExitCause.KernelShutdown, (await kernel.WaitAsync(agent)).Exit!.Cause);
        Assert.False(HostProcesses.IsAlive((int)agent.Pid));
    }

    private static async Task<SpawnReply> SpawnAsync(RunningKernel kernel)
    {
        var agent = await kernel.SpawnPythonAsync(Agent);
        await kernel.UntilPrintedAsync(agent, "ready");
        return agent;
    }

    // A subscription is in force once it has seen something.
    private static async Task UntilSeenAsync(RunningKernel kernel, Task<bool> seen)
    {
        while (!seen.IsCompleted)
        {
            await kernel.WaitAsync(await kernel.SpawnShellAsync("true"));
        }

        Assert.True(await seen);
    }

    // From the host, for there may be no kernel to ask.
    private static void OpenGate(SpawnReply agent) => File.Delete(InWork(agent, "gate"));

    private static string InWork(SpawnReply agent, string name) => $"/proc/{agent.Pid}/root/{"work"}/{name}";

    private static async Task AssertPrintedAsync(RunningKernel kernel, SpawnReply agent, params string[] lines)
    {
        await kernel.UntilPrintedAsync(agent, lines[^1]);
        Assert.EndsWith(string.Join('\n', lines) + "\n", await kernel.OutputAsync(agent), StringComparison.Ordinal);
    }

    /// <summary>Waits until it waits in openat(2).</summary>
    private static Task UntilWaitingAsync(SpawnReply agent)
    {
        var number = Analemma.Sandbox.Seccomp.SyscallNumbers.Native.ByName["openat"];
        var begins = string.Create(CultureInfo.InvariantCulture, $"{number} ");
        return UntilAsync(() => ProcessTree.Of(agent.Pid).Any(pid => (ProcFiles.TryRead($"/proc/{pid}/syscall") ?? "")
            .StartsWith(begins, StringComparison.Ordinal)));
    }

    /// <summary>Receives the agent's waiting call, as a kernel does that is then killed.</summary>
    private static void Receive(RunningKernel kernel)
    {
        using var holder = PidFd.TryOpen(HolderOf(kernel))!;
        using HeldFilters queue = new(
            UnixSocket.TryOpenQueue(holder.TryTake(0, out _)!)!, UnixSocket.TryOpenQueue(holder.TryTake(1, out _)!)!);
        var (_, filter) = Assert.Single(queue.Living());
        using (filter)
        {
            Assert.Equal(0, filter.Receive(out _));
        }
    }

    private static int HolderOf(RunningKernel kernel)
    {
        using var record = JsonDocument.Parse(File.ReadAllText($"{kernel.StateFolder}/holder.json"));
        return record.RootElement.GetProperty("Pid").GetInt32();
    }

    private static async Task UntilAsync(Func<bool> isSo)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        stop.CancelAfter(TimeSpan.FromSeconds(20));
        while (!isSo())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, stop.Token);
        }
    }
}
