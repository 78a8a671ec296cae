using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Analemma.Abi.Syscalls;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>Declared fleets on a real kernel, which is killed at inconvenient moments.</summary>
public sealed class SupervisionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_fleet_comes_up_in_order_heals_itself_and_goes_down()
    {
        await using var kernel = await RunningKernel.StartAsync();
        var web = kernel.Script("""
            import time
            from analemma import Kernel
            with Kernel() as kernel:
                kernel.ready("serving")
                while True: time.sleep(1)
            """);
        var reply = await ApplyAsync(
            kernel,
            Shell("store", "sleep 0.3; touch up; sleep 1000") with
            {
                Ready = new ReadyRule { When = ReadyWhen.Probe, Probe = ["test", "-e", "up"], IntervalMs = 50 },
            },
            new FleetAgent
            {
                Name = "web",
                Spawn = new Spawn { Script = web },
                After = ["store"],
                Ready = new ReadyRule { When = ReadyWhen.Syscall },
                Restart = new RestartRule { BackoffMs = 20 },
            });
        Assert.Equal(["store", "web"], reply.Added);
        var up = await UntilAsync(kernel, units => units.All(unit => unit.State is UnitState.Ready));
        var (store, first) = (await InspectAsync(kernel, "store"), await InspectAsync(kernel, "web"));
        Assert.True(store.CreatedAt < first.CreatedAt);
        Assert.Equal("said READY", up.Single(unit => unit.Name == "web").Reason);

        System.Diagnostics.Process.GetProcessById(first.Pid).Kill();
        await UntilAsync(kernel, units => units.Any(
            unit => unit is { Name: "web", Incarnation: 2, State: UnitState.Ready }));
        Assert.Equal(store.Id, (await InspectAsync(kernel, "store")).Id);

        Assert.Equal(2, (await kernel.Client.FleetDownAsync("f", Token)).Stopping);
        await UntilAsync(kernel, units => units.Count == 0);
        Assert.Empty(await kernel.Client.ListAsync(new List(), Token));
        var (ended, last) = (await InspectAsync(kernel, "store"), await InspectAsync(kernel, "web"));
        Assert.True(last.ExitedAt <= ended.ExitedAt);
        Assert.Equal(ExitCause.StoppedBySupervisor, ended.Exit!.Cause);
    }

    /// <summary>
    /// Killed while agents start, run, crash and back off: nobody is started twice, who lives is kept.
    /// </summary>
    [Fact]
    public async Task Killed_at_any_moment_the_next_kernel_has_the_fleet_as_declared_and_nobody_twice()
    {
        await using var kernel = await RunningKernel.StartAsync("--kernel.leftovers=adopt");
        var mark = Path.GetFileName(kernel.Folder);
        await ApplyAsync(
            kernel,
            Marked(mark, "stable", "sleep 1000"),
            Marked(mark, "crasher", "sleep 0.15; exit 1") with { Replicas = 3, Restart = Often },
            Marked(mark, "quick", "exit 3") with { Restart = Often },
            Marked(mark, "after", "sleep 1000", "stable"));
        var stable = await UntilAsync(
            kernel, units => units.Single(unit => unit.Name == "after").State is UnitState.Ready);
        var incarnations = stable.ToDictionary(unit => unit.Name, unit => unit.Incarnation);
        for (var round = 0; round < 8; round++)
        {
            await HearAsync(kernel, round + 1);
            await kernel.CrashAsync();
            foreach (var name in incarnations.Keys)
            {
                Assert.InRange(HostProcesses.SandboxesWith($"MARK={mark}-{name.Split('-')[0]}").Count, 0, 3);
            }

            await kernel.BeginAsync();
            var units = (await kernel.Client.FleetStatusAsync("f", Token)).Units;
            Assert.Equal(6, units.Count);
            foreach (var unit in units)
            {
                Assert.True(unit.Incarnation >= incarnations[unit.Name], $"{unit.Name} went back");
                incarnations[unit.Name] = unit.Incarnation;
            }

            foreach (var name in new[] { "stable", "after" })
            {
                var unit = units.Single(each => each.Name == name);
                Assert.Equal((UnitState.Ready, 1), (unit.State, unit.Incarnation));
                Assert.Single(HostProcesses.SandboxesWith($"MARK={mark}-{name}"));
            }
        }

        var busy = await UntilAsync(kernel, units => units.Where(unit => unit.Agent == "crasher")
            .All(unit => unit.Incarnation > incarnations[unit.Name] + 1));
        Assert.True(busy.Single(unit => unit.Name == "quick").Incarnation > 8);
        var living = await kernel.Client.ListAsync(new List(), Token);
        Assert.Equal(living.Count, living.Select(process => process.Name).Distinct().Count());
    }

    [Fact]
    public async Task A_kernel_that_stopped_in_order_brings_the_fleet_back_when_it_starts()
    {
        await using var kernel = await RunningKernel.StartAsync();
        await ApplyAsync(kernel, Shell("a", "sleep 1000"), Shell("b", "sleep 1000", "a"), Shell("done", "exit 0"));
        await UntilAsync(kernel, units => units.Single(unit => unit.Name == "done").State is UnitState.Stopped
            && units.Single(unit => unit.Name == "b").State is UnitState.Ready);
        Assert.Equal(0, await kernel.StopAsync());
        await kernel.BeginAsync();
        var back = await UntilAsync(kernel, units => units.Single(unit => unit.Name == "b").State is UnitState.Ready);
        Assert.Equal([2, 2, 1], back.Select(unit => unit.Incarnation));
        Assert.Equal([0, 0, 0], back.Select(unit => unit.Restarts));
    }

    [Fact]
    public async Task What_cannot_be_kept_running_is_told_to_the_log_the_event_and_the_webhook()
    {
        await using var kernel = await RunningKernel.StartAsync();
        using TcpListener hook = new(IPAddress.Loopback, 0);
        hook.Start();
        var told = AnswerAsync(hook);
        await using var events = kernel.Client
            .Events(new Subscribe { Types = [EventTypes.Escalated] }, Token).GetAsyncEnumerator(Token);
        var next = events.MoveNextAsync().AsTask();
        await kernel.Client.FleetApplyAsync(
            new FleetApply
            {
                Fleet = "f",
                Agents =
                [
                    Shell("bad", "echo it is all wrong >&2; exit 5") with
                    {
                        Restart = new RestartRule { Burst = 2, BackoffMs = 10 },
                    },
                ],
                Supervisors =
                [
                    new FleetSupervisor
                    {
                        Name = "root",
                        Webhook = $"http://127.0.0.1:{((IPEndPoint)hook.LocalEndpoint).Port}/alarm",
                    },
                ],
            },
            Token);

        using var body = JsonDocument.Parse(await told.WaitAsync(Patience, Token));
        Assert.Equal("bad", body.RootElement.GetProperty("name").GetString());
        Assert.Equal("it is all wrong", body.RootElement.GetProperty("log")[0].GetString());
        Assert.StartsWith("bad exited with code 5; 2 starts", body.RootElement.GetProperty("chain")[0].GetString());
        Assert.True(await next.WaitAsync(Patience, Token));
        Assert.Equal(["it is all wrong"], events.Current.Supervision!.Log);
        Assert.Contains("bad cannot be kept running; told root", kernel.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_that_hangs_is_restarted_by_its_watchdog()
    {
        await using var kernel = await RunningKernel.StartAsync();
        await ApplyAsync(kernel, Shell("hung", "sleep 1000") with
        {
            Watchdog = new WatchdogRule { HeartbeatMs = 200 },
            Restart = new RestartRule { BackoffMs = 10 },
            Stop = new StopRule { GraceMs = 50 },
        });
        var units = await UntilAsync(kernel, units => units[0].Incarnation > 1);
        Assert.Equal(ExitCause.Watchdog, units[0].LastExit!.Cause);
    }

    private static RestartRule Often => new() { BackoffMs = 80, BackoffMaxMs = 80, Burst = 0 };

    private static FleetAgent Shell(string name, string line, params string[] after) => new()
    {
        Name = name,
        Spawn = new Spawn { Argv = ["/bin/sh", "-c", line] },
        After = after.Length > 0 ? after : null,
        Stop = new StopRule { GraceMs = 0 },
    };

    private static FleetAgent Marked(string mark, string name, string line, params string[] after)
    {
        var agent = Shell(name, line, after);
        var environment = new Dictionary<string, string> { ["MARK"] = $"{mark}-{name}" };
        return agent with { Spawn = agent.Spawn with { Env = environment } };
    }

    private static Task<FleetApplyReply> ApplyAsync(RunningKernel kernel, params FleetAgent[] agents) =>
        kernel.Client.FleetApplyAsync(new FleetApply { Fleet = "f", Agents = agents }, Token);

    private static Task<ProcessView> InspectAsync(RunningKernel kernel, string name) =>
        kernel.Client.InspectAsync(new Inspect { Name = name }, Token);

    /// <summary>Looks at the fleet after each event about it until it is as wanted.</summary>
    private static async Task<IReadOnlyList<UnitView>> UntilAsync(
        RunningKernel kernel, Func<IReadOnlyList<UnitView>, bool> isSo)
    {
        using CancellationTokenSource timer = new(Patience, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, Token);
        // From the oldest on, so that nothing can have happened before we listened.
        Subscribe all = new() { Types = [EventTypes.Supervision], From = "oldest" };
        await foreach (var _ in kernel.Client.Events(all, either.Token))
        {
            var units = (await kernel.Client.FleetStatusAsync(null, either.Token)).Units;
            if (isSo(units))
            {
                return units;
            }
        }

        throw new InvalidOperationException("the kernel ended");
    }

    /// <summary>Waits until so many more things have happened to the fleet.</summary>
    private static async Task HearAsync(RunningKernel kernel, int count)
    {
        Subscribe all = new() { Types = [EventTypes.Supervision], From = "now" };
        await foreach (var _ in kernel.Client.Events(all, Token))
        {
            if (--count == 0)
            {
                return;
            }
        }
    }

    /// <summary>Takes one request and gives its body.</summary>
    private static async Task<string> AnswerAsync(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync(Token);
        var stream = client.GetStream();
        StringBuilder text = new();
        var buffer = new byte[65_536];
        while (true)
        {
            text.Append(Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer, Token)));
            var said = text.ToString();
            var end = said.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0 && said.EndsWith('}'))
            {
                await stream.WriteAsync("HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray(), Token);
                return said[(end + 4)..];
            }
        }
    }
}
