using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>Messages between sandboxed agents, and with clients on the host, through a real kernel.</summary>
public sealed class MessagingTests(SharedKernel shared) : IClassFixture<SharedKernel>
{
    private RunningKernel Kernel => shared.Kernel;

    [Fact]
    public async Task Agents_ask_and_reply_and_know_who_speaks()
    {
        await Kernel.SpawnPythonAsync(
            """
            from analemma import Kernel
            with Kernel() as kernel:
                for message in kernel.mailbox():
                    isBytes = isinstance(message.body, bytes)
                    kernel.reply(message, message.body if isBytes else [message.from_name, message.body])
                    if message.body == "last":
                        break
            """,
            spawn => spawn with { Name = "answerer" });
        var asker = await Kernel.SpawnPythonAsync(
            """
            from analemma import Kernel, NoSuchMailbox
            with Kernel() as kernel:
                while True:
                    try:
                        print(kernel.request("answerer", [1, "é", None]).body)
                        break
                    except NoSuchMailbox:
                        pass
                print(kernel.request("answerer", b"\x00\xff").body)
                kernel.send("answerer", "last")
                print(kernel.recv(timeout=10)[0].body)
                print(kernel.recv(timeout=0))
            """,
            spawn => spawn with { Name = "asker" });
        Assert.Equal(
            """
            ['asker', [1, 'é', None]]
            b'\x00\xff'
            ['asker', 'last']
            []

            """,
            await Kernel.OutputAsync(asker, follow: true));
    }

    [Fact]
    public async Task Several_messages_go_in_one_call_and_are_taken_in_one()
    {
        const string box = "several";
        await Kernel.Client.RegisterAsync(new Register { Name = box }, Token);
        var waiting = Kernel.Client.RecvAsync(new Recv { Mailbox = box, Max = 256 }, Token);
        MailBody[] bodies =
        [
            .. Enumerable.Range(0, 256).Select(each => MailBody.Of($"\"{each}\n{new string('x', 1_000)}")),
        ];
        var ids = await Kernel.Client.SendManyAsync(box, bodies, new Send { Topic = "é" }, Token);
        var received = await waiting;
        Assert.Equal(ids, received.Messages.Select(message => message.Id));
        Assert.Equal(bodies, received.Messages.Select(message => message.Body));
        Assert.All(received.Messages, message => Assert.Equal("é", message.Topic));
        await Kernel.Client.UnregisterAsync(new Unregister { Name = box }, Token);
    }

    [Fact]
    public async Task What_is_posted_comes_in_its_order_and_refusals_are_heard_of_at_the_flush()
    {
        const string box = "posted";
        await Kernel.Client.RegisterAsync(new Register { Name = box, MaxMessages = 10 }, Token);
        var giver = await Kernel.SpawnPythonAsync(
            """
            from analemma import Kernel, NoSuchMailbox
            with Kernel() as kernel:
                for each in range(200):
                    kernel.post("posted", each)
                kernel.flush()
                kernel.post("nobody", 1)
                kernel.post("posted", 200)
                try:
                    kernel.flush()
                except NoSuchMailbox:
                    print("refused")
                kernel.flush()
            """);
        List<string> taken = [];
        while (taken.Count < 201)
        {
            var came = await Kernel.Client.RecvAsync(new Recv { Mailbox = box, Max = 7 }, Token);
            taken.AddRange(came.Messages.Select(message => message.Body!.ToElement().GetRawText()));
        }

        Assert.Equal(Enumerable.Range(0, 201).Select(each => $"{each}"), taken);
        Assert.Equal("refused\n", await Kernel.OutputAsync(giver, follow: true));

        await Kernel.Client.PostAsync(new Send { To = box, Body = MailBody.Of("a") }, Token);
        await Kernel.Client.PostAsync(new Send { To = "nobody", Body = MailBody.Of("b") }, Token);
        var refused = await Assert.ThrowsAsync<SyscallException>(() => Kernel.Client.FlushAsync(Token));
        Assert.Equal(SysErrorCode.NoSuchMailbox, refused.Error.Code);
        await Kernel.Client.FlushAsync(Token);
        Assert.Single((await Kernel.Client.RecvAsync(new Recv { Mailbox = box }, Token)).Messages);
        await Kernel.Client.UnregisterAsync(new Unregister { Name = box }, Token);
    }

    [Fact]
    public async Task Asynchronous_agents_hear_broadcasts_of_their_topics()
    {
        var listener = await Kernel.SpawnPythonAsync(
            """
            import asyncio
            from analemma import AsyncKernel
            async def main():
                async with AsyncKernel() as kernel:
                    await kernel.register("listener-ready", topic="prices")
                    print("up", flush=True)
                    async for message in kernel.mailbox():
                        print(message.topic, message.body, message.sender, flush=True)
                        if message.body == "end":
                            return
            asyncio.run(main())
            """);
        await Kernel.UntilPrintedAsync(listener, "up");
        var heard = await Kernel.Client.BroadcastAsync(
            new Broadcast { Topic = "prices", Body = MailBody.Of("gold") }, Token);
        Assert.Equal(new BroadcastReply(1, 0), heard);
        await Kernel.Client.SendAsync(new Send { To = "listener-ready", Body = MailBody.Of("end") }, Token);
        Assert.Equal("up\nprices gold 0\nNone end 0\n", await Kernel.OutputAsync(listener, follow: true));
    }

    [Fact]
    public async Task A_program_for_AgentOS_sends_and_receives_as_it_did()
    {
        var first = await Kernel.SpawnPythonAsync(
            """
            import time
            from agentos import AgentOSClient
            with AgentOSClient() as client:
                print(client.register_name("old-service")["success"], flush=True)
                while True:
                    got = client.recv_messages()
                    if got["count"]:
                        break
                    time.sleep(0.01)
                message = got["messages"][0]
                print(message["from_name"], message["message"])
                print(client.send_message({"ok": True}, to=message["from"])["delivered_to"] == message["from"])
            """);
        await Kernel.UntilPrintedAsync(first, "True");
        var second = await Kernel.SpawnPythonAsync(
            """
            import time
            from agentos import AgentOSClient
            with AgentOSClient() as client:
                print(client.send_message("x", to_name="nobody")["error"][:22])
                client.send_message({"n": 1}, to_name="old-service")
                while not (got := client.recv_messages())["count"]:
                    time.sleep(0.01)
                print(got["messages"][0]["message"], got["messages"][0]["age_ms"] >= 0)
            """,
            spawn => spawn with { Name = "old-client" });
        Assert.Equal("target agent not found\n{'ok': True} True\n", await Kernel.OutputAsync(second, follow: true));
        Assert.Equal("True\nold-client {'n': 1}\nTrue\n", await Kernel.OutputAsync(first, follow: true));
    }

    [Fact]
    public async Task A_sender_waits_for_room_and_a_body_of_a_frame_comes_through()
    {
        await Kernel.Client.RegisterAsync(new Register { Name = "narrow", MaxMessages = 1 }, Token);
        var large = MailBody.Of(new string('x', AbiLimits.PayloadBytesMax - 200));
        await Kernel.Client.SendAsync(new Send { To = "narrow", Body = large }, Token);
        var full = await Assert.ThrowsAsync<SyscallException>(
            () => Kernel.Client.SendAsync(new Send { To = "narrow" }, Token));
        Assert.Equal((SysErrorCode.TryAgain, true), (full.Error.Code, full.Error.RetryAfterMs > 0));
        var waiting = Kernel.Client.SendAsync(new Send { To = "narrow", TimeoutMs = 60_000 }, Token);
        var taken = await Kernel.Client.RecvAsync(new Recv { Mailbox = "narrow" }, Token);
        Assert.Equal(large, taken.Messages[0].Body);
        await waiting;
        Assert.Equal(1, (await Kernel.Client.UnregisterAsync(new Unregister { Name = "narrow" }, Token)).Dropped);
        Assert.Contains(
            (await Kernel.Client.DeadLettersAsync(new DeadLetters { Mailbox = "narrow" }, Token)).List,
            letter => letter.Reason == "unregistered");
    }
}
