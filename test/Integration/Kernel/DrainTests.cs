using System.Text;
using Analemma.Abi.Syscalls;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>An agent in a real sandbox that is replaced while it has a message in hand.</summary>
public sealed class DrainTests
{
    private const string Worker = """
        from analemma import Kernel
        with Kernel() as kernel:
            kernel.ready()
            for message in kernel.mailbox():
                if message.body == "hold":
                    kernel.reply(message, "begun")
                    kernel.recv(correlation="go")
                    print("finished", flush=True)
                else:
                    print("got", message.body, flush=True)
                    if message.wants_reply:
                        kernel.reply(message, "here")
            print("drained", kernel.draining, flush=True)
        """;

    [Fact]
    public async Task It_finishes_ends_by_itself_and_its_successor_has_what_was_sent_meanwhile()
    {
        await using var kernel = await RunningKernel.StartAsync();
        var client = kernel.Client;
        var script = kernel.Script(Worker);
        await client.FleetApplyAsync(
            new FleetApply
            {
                Fleet = "f",
                Agents =
                [
                    new FleetAgent
                    {
                        Name = "worker",
                        Spawn = new Spawn { Script = script },
                        Ready = new ReadyRule { When = ReadyWhen.Syscall },
                        Stop = new StopRule { DrainMs = 60_000, GraceMs = 100 },
                    },
                ],
            },
            Token);
        await ReadyAsync(kernel, incarnation: 1);
        Assert.Equal("begun", await AskAsync(kernel, "hold"));
        var old = await client.InspectAsync(new Inspect { Name = "worker" }, Token);

        await client.FleetRestartAsync(new FleetRestart { Fleet = "f", Rolling = true }, Token);
        await client.SendAsync(new Send { To = "worker", Body = MailBody.Of("later") }, Token);
        await client.SendAsync(new Send { To = "worker", Body = MailBody.Of("go"), Correlation = "go" }, Token);
        await ReadyAsync(kernel, incarnation: 2);
        Assert.Equal("here", await AskAsync(kernel, "sync"));

        var ended = await client.WaitAsync(new Wait { Id = old.Id }, Token);
        Assert.Equal((ExitCause.StoppedBySupervisor, 0), (ended.Exit!.Cause, ended.Exit.Code));
        Assert.Equal("finished\ndrained True\n", await OutputAsync(kernel, old.Id));
        var next = await client.InspectAsync(new Inspect { Name = "worker" }, Token);
        Assert.NotEqual(old.Id, next.Id);
        Assert.Equal("got later\ngot sync\n", await OutputAsync(kernel, next.Id));
    }

    /// <summary>Has work in hand until the gate is removed; its kernel may be another then.</summary>
    private const string Patient = """
        import os, time
        from analemma import Kernel
        open("/work/gate", "w").close()
        with Kernel() as kernel:
            kernel.ready()
        while os.path.exists("/work/gate"):
            time.sleep(0.01)
        with Kernel() as kernel:
            print("got", [message.body for message in kernel.mailbox()], kernel.draining, flush=True)
        """;

    [Fact]
    public async Task It_goes_on_finishing_when_its_kernel_is_killed_meanwhile()
    {
        await using var kernel = await RunningKernel.StartAsync(
            "--kernel.leftovers=adopt", "--pool.created=0", "--pool.preloaded=0");
        var old = await KilledInDrainAsync(kernel, drainMs: 300_000);

        var view = await kernel.Client.InspectAsync(new Inspect { Name = "worker" }, Token);
        Assert.Equal((old.Id, ProcessState.Stopping), (view.Id, view.State));
        await kernel.Client.SendAsync(new Send { To = "worker", Body = MailBody.Of("later") }, Token);
        File.Delete($"/proc/{old.Pid}/root/{"work"}/gate");
        var ended = await kernel.Client.WaitAsync(new Wait { Id = old.Id }, Token);
        Assert.Equal((ExitCause.StoppedBySupervisor, 0), (ended.Exit!.Cause, ended.Exit.Code));
        Assert.Equal("got [] True\n", await OutputAsync(kernel, old.Id));
        await ReadyAsync(kernel, incarnation: 2);
    }

    [Fact]
    public async Task Its_time_runs_on_when_its_kernel_is_killed_meanwhile()
    {
        await using var kernel = await RunningKernel.StartAsync(
            "--kernel.leftovers=adopt", "--pool.created=0", "--pool.preloaded=0");
        var old = await KilledInDrainAsync(kernel, drainMs: 3_000);

        var ended = await kernel.Client.WaitAsync(new Wait { Id = old.Id }, Token);
        Assert.Equal((ExitCause.StoppedBySupervisor, 15), (ended.Exit!.Cause, ended.Exit.Signal));
        await ReadyAsync(kernel, incarnation: 2);
    }

    /// <summary>A worker in the middle of its drain, under the next kernel.</summary>
    private static async Task<ProcessView> KilledInDrainAsync(RunningKernel kernel, int drainMs)
    {
        await kernel.Client.FleetApplyAsync(FleetOf(kernel.Script(Patient), drainMs), Token);
        await ReadyAsync(kernel, incarnation: 1);
        var worker = await kernel.Client.InspectAsync(new Inspect { Name = "worker" }, Token);
        await kernel.Client.FleetRestartAsync(new FleetRestart { Fleet = "f" }, Token);
        await kernel.CrashAsync();
        await kernel.BeginAsync();
        return worker;
    }

    private static FleetApply FleetOf(string script, long drainMs) => new()
    {
        Fleet = "f",
        Agents =
        [
            new FleetAgent
            {
                Name = "worker",
                Spawn = new Spawn { Script = script },
                Ready = new ReadyRule { When = ReadyWhen.Syscall },
                Stop = new StopRule { DrainMs = drainMs, GraceMs = 10_000 },
            },
        ],
    };

    private static async Task<string> AskAsync(RunningKernel kernel, string what)
    {
        var reply = await kernel.Client.RequestAsync("worker", MailBody.Of(what), TimeSpan.FromSeconds(60), Token);
        return reply.Body!.ToText();
    }

    /// <summary>Hears of the unit until it is so, from the oldest event on.</summary>
    private static async Task ReadyAsync(RunningKernel kernel, long incarnation)
    {
        Subscribe all = new() { Types = [EventTypes.Supervision], From = "oldest" };
        await foreach (var told in kernel.Client.Events(all).WithCancellation(Token))
        {
            if (told.Supervision?.Unit is { State: UnitState.Ready } unit && unit.Incarnation == incarnation)
            {
                return;
            }
        }
    }

    private static async Task<string> OutputAsync(RunningKernel kernel, Abi.ProcessId id)
    {
        StringBuilder text = new();
        await foreach (var piece in kernel.Client.Logs(new Logs { Id = id }).WithCancellation(Token))
        {
            text.Append(Encoding.UTF8.GetString(piece.Bytes.Span));
        }

        return text.ToString();
    }
}
