using Analemma.Abi.Syscalls;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Fleets;

/// <summary>An agent that rests, and work for it that waits on disk while its kernel ends.</summary>
public sealed class WaitingWorkTests
{
    private const string Worker = """
        from analemma import Kernel
        with Kernel() as kernel:
            for message in kernel.recv(mailbox="jobs"):
                kernel.send("done", message.body, key=f"job {message.body}")
                kernel.ack(message)
        """;

    private const string Fleet = """
        fleet: work
        mailboxes:
          jobs: {receiver: worker, visibility: 60s}
          done: {}
        agents:
          worker: {script: worker.py, start_on: message, restart: {policy: on-failure, backoff: 10ms}}
        """;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_is_started_by_the_next_kernel_and_the_work_is_done_once(bool isKilled)
    {
        await using var folder = await FleetFolder.StartAsync();
        folder.Write("worker.py", Worker);
        folder.Write("fleet.yaml", Fleet);
        await folder.DoAsync("up", "--wait");
        for (var job = 1; job <= 3; job++)
        {
            // It rests, and the kernel ends as soon as the message is on disk.
            var before = await RestsAsync(folder);
            await folder.Kernel.Client.SendAsync(new Send { To = "jobs", Body = MailBody.Of($"{job}") }, Token);
            if (isKilled)
            {
                await folder.Kernel.CrashAsync();
            }
            else
            {
                Assert.Equal(0, await folder.Kernel.StopAsync());
            }

            await folder.Kernel.BeginAsync();

            Assert.Equal($"{job}", await DoneAsync(folder));
            Assert.True((await RestsAsync(folder)).Incarnation > before.Incarnation);
        }

        var boxes = (await folder.Kernel.Client.MailboxesAsync(Token)).List;
        Assert.All(boxes, box => Assert.Equal((0, true), (box.Messages, box.Durable)));
    }

    private static async Task<UnitView> RestsAsync(FleetFolder folder)
    {
        var units = await folder.UntilAsync(units => units["worker"].State is UnitState.Scheduled, "it rests");
        return units["worker"];
    }

    private static async Task<string> DoneAsync(FleetFolder folder)
    {
        var got = await folder.Kernel.Client.RecvAsync(new Recv { Mailbox = "done", TimeoutMs = 60_000 }, Token);
        var message = Assert.Single(got.Messages);
        await folder.Kernel.Client.AckAsync([message.Receipt!.Value], Token);
        return message.Body!.ToText();
    }
}
