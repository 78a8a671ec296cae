using System.Globalization;
using Analemma.Linux;
using Analemma.Sandbox;

namespace Analemma.Integration.Tests.Sandbox;

/// <summary>
/// Commands whose runtime has gone. Until somebody takes their zombies, the first process of the pid namespace, the
/// agent, cannot end: each test lets the agent end by itself.
/// </summary>
public sealed class OrphanTests
{
    private const string UntilTold = "while [ ! -e go ]; do sleep 0.02; done; exit 5";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_command_ends_with_its_runtime_and_the_agent_goes_on(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        await using var sandbox = await home.StartAsync(EngineHome.Shell(UntilTold));
        var (command, printed) = Begin(sandbox, EngineHome.Token);
        await printed;
        var pid = CommandPid(home, sandbox);

        using (var runtime = PidFd.TryOpen(ProcFiles.TryReadParent(pid)!.Value)!)
        {
            runtime.TrySignal(9);
        }

        await Record.ExceptionAsync(() => command.WaitAsync(Patience, EngineHome.Token));

        Assert.True(command.IsCompleted);
        Assert.Null(ProcFiles.TryReadState(pid));
        await EndsByItselfAsync(sandbox);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_command_that_is_taken_back_leaves_the_agent_to_end(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        await using var sandbox = await home.StartAsync(EngineHome.Shell(UntilTold));
        using var taken = CancellationTokenSource.CreateLinkedTokenSource(EngineHome.Token);
        var (command, printed) = Begin(sandbox, taken.Token);
        await printed;

        await taken.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command);
        await EndsByItselfAsync(sandbox);
    }

    /// <summary>Frozen, it cannot die before it is thawed; nobody waits for it by then but the agent.</summary>
    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_command_that_is_taken_back_while_frozen_is_reaped_when_it_dies(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        await using var sandbox = await home.StartAsync(EngineHome.Shell(UntilTold));
        using var taken = CancellationTokenSource.CreateLinkedTokenSource(EngineHome.Token);
        var (command, printed) = Begin(sandbox, taken.Token);
        await printed;
        sandbox.Freeze();

        await taken.CancelAsync();
        sandbox.Thaw();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command);
        await EndsByItselfAsync(sandbox);
    }

    /// <summary>As .NET's Process starts them: it ends the program when another takes the status before it.</summary>
    [Fact]
    public void A_child_that_somebody_else_of_this_program_started_is_left_to_it()
    {
        using ManualResetEventSlim looked = new();
        using ManualResetEventSlim born = new();
        PidFd? child = null;
        var pid = 0;
        Thread starting = new(() =>
        {
            using (var started = ChildProcess.Start(new ChildStart("/bin/sh", ["sh", "-c", "exit 7"])))
            {
                pid = started.Pid;
                child = PidFd.TryOpen(pid);
            }

            born.Set();
            looked.Wait();
        });
        starting.Start();
        born.Wait(EngineHome.Token);
        try
        {
            Assert.True(SpinWait.SpinUntil(() => child!.HasEnded, Patience));

            HostProcess.ReapOrphans();

            Assert.Equal('Z', ProcFiles.TryReadState(pid));
            Assert.Equal(7, child!.TryReap()?.Code);
        }
        finally
        {
            child!.Dispose();
            looked.Set();
            starting.Join();
        }
    }

    private static (Task<ExecResult> Command, Task Printed) Begin(ISandbox sandbox, CancellationToken cancellationToken)
    {
        TaskCompletionSource printed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        ExecRequest request = new(
            ["/bin/sh", "-c", "echo up; sleep 600 & sleep 600"], new Dictionary<string, string>(), "/work");
        var command = sandbox.ExecAsync(
            request,
            (_, _) =>
            {
                printed.TrySetResult();
                return default;
            },
            cancellationToken);
        return (command, printed.Task);
    }

    /// <summary>The runtime writes it when the command may already have printed.</summary>
    private static int CommandPid(EngineHome home, ISandbox sandbox)
    {
        var file = Path.Combine(home.Folder, "sandboxes", sandbox.Key, "exec-1.pid");
        var pid = 0;
        Assert.True(SpinWait.SpinUntil(
            () => int.TryParse(ProcFiles.TryRead(file), CultureInfo.InvariantCulture, out pid), Patience));
        return pid;
    }

    private static async Task EndsByItselfAsync(ISandbox sandbox)
    {
        await sandbox.Work.OpenWrite("go", append: false, mode: 0x1A4).DisposeAsync();
        Assert.Equal(5, (await sandbox.Exited.WaitAsync(Patience, EngineHome.Token)).Code);
    }
}
