using System.Text;
using Analemma.Integration.Tests.Sandbox;
using Analemma.Linux;
using Analemma.Sandbox;

namespace Analemma.Integration.Tests.Containment;

public sealed class NotifyListenerTests
{
    private const string WritesEtc = "echo x >/etc/passwd";

    [Fact]
    public async Task A_lost_thread_is_seen_and_replaced_and_no_sandbox_notices()
    {
        var failed = 0;
        await using var home = await ListeningHome.OpenAsync(
            "crun", attempt => attempt.What.Contains("/usr/first") && Interlocked.Exchange(ref failed, 1) == 0);
        var policy = EngineHome.Shell("echo x >/usr/first; echo y >/work/ok && cat /work/ok; echo x >/usr/second");

        var output = await home.RunAsync(policy);
        var fault = await home.Faults.Reader.ReadAsync(EngineHome.Token);

        Assert.Contains("y\n", output);
        Assert.Contains("the sink fails", fault.Message);
        await home.AttemptAsync(policy.Key, "/usr/second");

        var later = EngineHome.Shell(WritesEtc);
        await home.RunAsync(later);
        await home.AttemptAsync(later.Key, "/etc/passwd");
    }

    [Fact]
    public async Task A_removed_socket_is_seen_and_made_again()
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        File.Delete(home.Listener.SocketPath);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(EngineHome.Token);
        stop.CancelAfter(TimeSpan.FromSeconds(20));
        while (!File.Exists(home.Listener.SocketPath))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, stop.Token);
        }

        var policy = EngineHome.Shell(WritesEtc);
        await home.RunAsync(policy);
        await home.AttemptAsync(policy.Key, "/etc/passwd");
    }

    [Fact]
    public async Task Garbage_on_the_socket_is_dropped_and_the_listener_goes_on()
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        byte[][] garbage =
        [
            [], "\0\0\0"u8.ToArray(), "{"u8.ToArray(), "[1,2]"u8.ToArray(), "{\"metadata\":1}"u8.ToArray(),
            Encoding.UTF8.GetBytes(new string('[', 100_000)), "{\"metadata\":\"\\ud800\"}"u8.ToArray(),
            [.. "{\"metadata\":\""u8, 0xff, 0xfe, .. "\"}"u8],
        ];
        foreach (var bytes in garbage)
        {
            using var peer = UnixSocket.TryConnect(home.Listener.SocketPath, blocking: false, out _)!;
            peer.Send(bytes);
        }

        // Descriptors that are no filters: one that cannot be watched, one that is always ready, a half-open one.
        using var file = File.OpenHandle("/etc/passwd");
        var (read, write) = HostFiles.MakePipe(readBlocks: true);
        HostFiles.Write(write, "x"u8);
        using (read)
        using (write)
        {
            foreach (var descriptor in (System.Runtime.InteropServices.SafeHandle[])[file, read, write])
            {
                using var peer = UnixSocket.TryConnect(home.Listener.SocketPath, blocking: true, out _)!;
                DescriptorMessage.Send(peer, "{\"metadata\":\"imposter\"}"u8, descriptor);
            }
        }

        var policy = EngineHome.Shell(WritesEtc);
        await home.RunAsync(policy);
        await home.AttemptAsync(policy.Key, "/etc/passwd");
        Assert.False(home.Faults.Reader.TryRead(out var fault), fault?.ToString());
    }

    [Fact]
    public async Task Connections_that_never_speak_do_not_keep_runtimes_out()
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        List<UnixSocket> silent = [];
        for (var count = 0; count < 300; count++)
        {
            if (UnixSocket.TryConnect(home.Listener.SocketPath, blocking: true, out _) is { } peer)
            {
                silent.Add(peer);
            }
        }

        var policy = EngineHome.Shell(WritesEtc);
        await home.RunAsync(policy);
        await home.AttemptAsync(policy.Key, "/etc/passwd");
        silent.ForEach(peer => peer.Dispose());
    }

    [Fact]
    public async Task Children_that_vanish_or_pass_bad_pointers_bring_nothing_down()
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        var policy = EngineHome.Python("""
            import ctypes, os, signal
            libc = ctypes.CDLL(None, use_errno=True)
            for address in (0, 1, 0x7fffffffffff, 2**63, 2**64 - 1):
                print(libc.syscall(257, -100, ctypes.c_void_p(address), 1, 0), ctypes.get_errno())
                libc.syscall(42, 99, ctypes.c_void_p(address), 16)
                libc.syscall(44, 99, b"x", 1, 0, ctypes.c_void_p(address), 16)
            libc.syscall(257, 12345, b"relative/to/nothing", 1, 0)
            libc.syscall(42, 99, b"\x01", 1)
            for round in range(50):
                child = os.fork()
                if child == 0:
                    while True:
                        try: open("/usr/x", "w")
                        except OSError: pass
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            print("survived")
            """);

        var output = await home.RunAsync(policy);

        Assert.Contains("-1 14\n", output);
        Assert.EndsWith("survived\n", output, StringComparison.Ordinal);
        Assert.False(home.Faults.Reader.TryRead(out var fault), fault?.ToString());
    }

    [Fact]
    public async Task A_hundred_sandboxes_at_once_are_told_apart()
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        using SemaphoreSlim turns = new(8);
        var sandboxes = await Task.WhenAll(Enumerable.Range(0, 100).Select(async number =>
        {
            await turns.WaitAsync(EngineHome.Token);
            try
            {
                var policy = EngineHome.Shell($"cat; echo x >/usr/from-{number}; echo y >/work/ok && cat /work/ok");
                return (number, policy.Key, Sandbox: await home.Home.Engine.CreateAsync(policy, EngineHome.Token));
            }
            finally
            {
                turns.Release();
            }
        }));

        await Task.WhenAll(sandboxes.Select(one => one.Sandbox.StartAsync(EngineHome.Token)));
        foreach (var (number, key, sandbox) in sandboxes)
        {
            await sandbox.Exited.WaitAsync(TimeSpan.FromSeconds(60), EngineHome.Token);
            await home.AttemptAsync(key, $"/usr/from-{number} ");
            Assert.Single(home.Seen(key));
            Assert.EndsWith("y\n", await EngineHome.OutputAsync(sandbox), StringComparison.Ordinal);
            await sandbox.DisposeAsync();
        }
    }

    [Fact]
    public async Task Without_a_listener_the_runtime_makes_no_sandbox()
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        await home.Listener.DisposeAsync();

        await Assert.ThrowsAsync<SandboxException>(
            () => home.Home.Engine.CreateAsync(EngineHome.Shell("true"), EngineHome.Token));
    }

    [Fact]
    public async Task A_forgotten_sandbox_gets_ENOSYS_which_refuses_more()
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        await using var sandbox = await home.Home.StartAsync(EngineHome.Shell(
            "true >/usr/first; echo ready; while [ ! -e /work/go ]; do sleep 0.01; done;"
            + "echo x >/tmp/file && echo written; echo end"));
        await EngineHome.UntilAsync(sandbox, "ready");

        // What it tried is seen: so the listener has its filter, and can forget it.
        await home.AttemptAsync(sandbox.Key, "/usr/first ");
        home.Listener.Forget(sandbox.Key);
        var other = EngineHome.Shell(WritesEtc);
        await home.RunAsync(other);
        await sandbox.Work.OpenWrite("go", append: false, mode: 0x1A4).DisposeAsync();
        await sandbox.Exited.WaitAsync(TimeSpan.FromSeconds(30), EngineHome.Token);

        var output = await EngineHome.OutputAsync(sandbox);
        Assert.DoesNotContain("written", output);
        Assert.EndsWith("end\n", output, StringComparison.Ordinal);
    }
}
