using Analemma.Abi.Syscalls;
using Analemma.Integration.Tests.Kernel;
using Analemma.Integration.Tests.Sandbox;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Http;

/// <summary>HTTP on the loopback address of a sandbox, which the kernel serves.</summary>
public sealed class AgentEndpointTests
{
    // Plain sockets, so that nothing but the kernel's answer can succeed.
    private const string Ask = """
        import os, socket
        def ask(address):
            with socket.create_connection((address, 80), 10) as connection:
                connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                answer = b""
                while piece := connection.recv(4096): answer += piece
            return answer.decode()
        def told(address):
            head, _, body = ask(address).partition("\r\n\r\n")
            return head.split("\r\n")[0] + " | " + body.strip()

        """;

    private static readonly string[] NoPool = ["--pool.created=0", "--pool.preloaded=0"];

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task An_agent_is_served_as_who_it_is_and_nothing_of_it_is_denied(string engine)
    {
        EngineHome.SkipUnlessInstalled(engine);
        await using var kernel = await RunningKernel.StartAsync([.. NoPool, $"--sandbox.engine={engine}"]);
        var one = await kernel.SpawnPythonAsync(
            Ask + "print(os.environ['ANALEMMA_URL'], told('127.0.0.1'), told('::1'), sep='\\n')",
            spawn => spawn with { Name = "one" });
        var two = await kernel.SpawnPythonAsync(Ask + "print(told('127.0.0.1'))", spawn => spawn with { Name = "two" });

        Assert.Equal(0, (await kernel.WaitAsync(one)).Exit?.Code);
        Assert.Equal(0, (await kernel.WaitAsync(two)).Exit?.Code);
        Assert.Equal(
            [
                "http://127.0.0.1",
                $"HTTP/1.1 200 OK | The kernel serves process {one.Id} (one) here.",
                $"HTTP/1.1 200 OK | The kernel serves process {one.Id} (one) here.",
            ],
            (await kernel.OutputAsync(one)).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains($"process {two.Id} (two)", await kernel.OutputAsync(two), StringComparison.Ordinal);
        Assert.Equal(0, (await kernel.Client.InspectAsync(new Inspect { Id = one.Id }, Token)).Denied);
    }

    [Fact]
    public async Task A_warm_agent_is_served_too_whichever_tier_it_came_from()
    {
        await using var kernel = await RunningKernel.StartAsync("--pool.created=1", "--pool.preloaded=1");
        await UntilWarmAsync(kernel);
        var preloaded = await kernel.SpawnPythonAsync(Ask + "print(os.environ['ANALEMMA_URL'], told('127.0.0.1'))");
        var created = await kernel.Client.SpawnAsync(
            new Spawn { Argv = ["/usr/bin/python3", "-c", Ask + "print(told('127.0.0.1'))"] }, Token);

        Assert.Equal(("preloaded", "created"), (preloaded.Tier, created.Tier));
        await kernel.WaitAsync(preloaded);
        await kernel.WaitAsync(created);
        Assert.StartsWith(
            $"http://127.0.0.1 HTTP/1.1 200 OK | The kernel serves process {preloaded.Id} ",
            await kernel.OutputAsync(preloaded),
            StringComparison.Ordinal);
        Assert.Contains($"process {created.Id} ", await kernel.OutputAsync(created), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("bwrap")]
    public async Task An_adopted_agent_is_served_by_the_next_kernel(string engine)
    {
        EngineHome.SkipUnlessInstalled(engine);
        await using var kernel = await RunningKernel.StartAsync(
            [.. NoPool, "--kernel.leftovers=adopt", $"--sandbox.engine={engine}"]);
        var agent = await kernel.SpawnPythonAsync(Ask + """
            import time
            print(told("127.0.0.1"), flush=True)
            while not os.path.exists("go"): time.sleep(0.01)
            print(told("127.0.0.1"))
            """);
        await kernel.UntilPrintedAsync(agent, "200 OK");
        await kernel.CrashAsync();
        await kernel.BeginAsync();
        await kernel.Client.WriteAsync(new Write { Id = agent.Id, Path = "go", Content = "" }, Token);

        Assert.Equal(0, (await kernel.WaitAsync(agent)).Exit?.Code);
        var lines = (await kernel.OutputAsync(agent)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.All(lines, line => Assert.Contains($"process {agent.Id} ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_ordinary_users_agents_are_served_as_well()
    {
        await using var kernel = await RunningKernel.StartAsUserAsync(OrdinaryUser.Uid, [], NoPool);
        var agent = await kernel.SpawnPythonAsync(Ask + "print(told('127.0.0.1'))");

        await kernel.WaitAsync(agent);
        Assert.Contains($"process {agent.Id} ", await kernel.OutputAsync(agent), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_agent_can_have_the_port_itself_and_the_host_does_not_have_it()
    {
        await using var kernel = await RunningKernel.StartAsync(NoPool);
        var agent = await kernel.SpawnPythonAsync("""
            import errno, socket
            for address in ("127.0.0.1", "127.0.0.2", ""):
                try:
                    with socket.socket() as taken:
                        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                        taken.bind((address, 80))
                    print("had it")
                except OSError as error:
                    print(errno.errorcode[error.errno])
            """);
        await kernel.WaitAsync(agent);

        Assert.Equal("EACCES\nEACCES\nEACCES\n", await kernel.OutputAsync(agent));
        Assert.DoesNotContain(HostListeners(kernel.Pid), port => port == 80);
    }

    [Fact]
    public async Task A_65th_connection_of_an_agent_is_told_so_and_an_agent_that_leaves_makes_room()
    {
        await using var kernel = await RunningKernel.StartAsync(NoPool);
        var agent = await kernel.SpawnPythonAsync(Ask + """
            held = [socket.create_connection(("127.0.0.1", 80), 10) for _ in range(64)]
            held[0].sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            print(held[0].recv(4096).decode().split("\r\n")[0])
            with socket.create_connection(("127.0.0.1", 80), 10) as refused:
                print(refused.recv(4096).decode().split("\r\n")[0])
            for one in held: one.close()
            while True:
                with socket.create_connection(("127.0.0.1", 80), 10) as again:
                    again.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    answer = again.recv(4096).decode().split("\r\n")[0]
                if "429" not in answer: break
            print(answer)
            """);
        await kernel.WaitAsync(agent);

        Assert.Equal(
            "HTTP/1.1 200 OK\nHTTP/1.1 429 Too Many Requests\nHTTP/1.1 200 OK\n", await kernel.OutputAsync(agent));
    }

    [Fact]
    public async Task An_agent_without_a_network_of_its_own_is_given_no_address()
    {
        await using var kernel = await RunningKernel.StartAsync([.. NoPool, "--sandbox.unsandboxed_allowed=true"]);
        foreach (var spawn in (Spawn[])[new() { Sandboxed = false }, new() { Network = true }])
        {
            var agent = await kernel.Client.SpawnAsync(
                spawn with { Argv = ["/bin/sh", "-c", "echo \"[$ANALEMMA_URL]\""] }, Token);
            await kernel.WaitAsync(agent);
            Assert.Equal("[]\n", await kernel.OutputAsync(agent));
        }

        Assert.DoesNotContain(HostListeners(kernel.Pid), port => port == 80);
    }

    [Fact]
    public async Task Descriptors_and_the_network_go_with_the_agent()
    {
        await using var kernel = await RunningKernel.StartAsync(NoPool);
        async Task RunOneAsync()
        {
            var agent = await kernel.SpawnPythonAsync(Ask + "print(told('127.0.0.1'))");
            await kernel.WaitAsync(agent);
        }

        await RunOneAsync();
        var before = Sockets(kernel.Pid);
        for (var i = 0; i < 10; i++)
        {
            await RunOneAsync();
        }

        using PeriodicTimer look = new(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        for (var turn = 0; Sockets(kernel.Pid) > before && turn < 1000; turn++)
        {
            await look.WaitForNextTickAsync(Token);
        }

        Assert.Equal(before, Sockets(kernel.Pid));
    }

    private static async Task UntilWarmAsync(RunningKernel kernel)
    {
        using PeriodicTimer look = new(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        while (await kernel.Client.StatusAsync(Token) is not { PoolCreated: 1, PoolPreloaded: 1 })
        {
            await look.WaitForNextTickAsync(Token);
        }
    }

    private static int Sockets(int pid) => Directory.EnumerateFiles($"/proc/{pid}/fd")
        .Count(file => new FileInfo(file).LinkTarget?.StartsWith("socket:", StringComparison.Ordinal) == true);

    // Ports that a process of the host's network listens on: proc_pid_net(5), state 0A.
    private static IEnumerable<int> HostListeners(int pid) =>
        from line in File.ReadLines($"/proc/{pid}/net/tcp").Skip(1)
        let words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
        where words[3] == "0A"
        select Convert.ToInt32(words[1].Split(':')[1], 16);
}
