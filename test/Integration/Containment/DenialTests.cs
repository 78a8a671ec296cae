using Analemma.Integration.Tests.Sandbox;

namespace Analemma.Integration.Tests.Containment;

public sealed class DenialTests
{
    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_refused_connection_is_reported_with_its_address(string engine)
    {
        await using var home = await ListeningHome.OpenAsync(engine);
        var policy = EngineHome.Python("""
            import socket
            assert [line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line] == ["lo"]
            try: socket.create_connection(("10.11.12.13", 443), 1)
            except OSError as error: print(error)
            """);

        var output = await home.RunAsync(policy);
        var attempt = await home.AttemptAsync(policy.Key, "10.11.12.13:443");

        Assert.Contains("Network is unreachable", output);
        Assert.Equal("network", attempt.Kind);
        Assert.Contains("no network", attempt.Reason);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    public async Task A_refused_write_is_reported_with_its_path(string engine)
    {
        await using var home = await ListeningHome.OpenAsync(engine);
        var policy = EngineHome.Shell("echo x >/etc/passwd; echo fine >/work/own; echo fine >/tmp/own; cat /work/own");

        var output = await home.RunAsync(policy);
        var attempt = await home.AttemptAsync(policy.Key, "/etc/passwd");

        Assert.EndsWith("fine\n", output, StringComparison.Ordinal);
        Assert.Equal("filesystem", attempt.Kind);
        Assert.Contains("/work", attempt.Reason);
        Assert.Single(home.Seen(policy.Key));
    }

    [Theory]
    [InlineData("cd /usr; echo x >lib/escaped", "/usr/lib/escaped")]
    [InlineData("ln -s /usr/lib /tmp/door; echo x >/tmp/door/escaped", "/tmp/door/escaped")]
    [InlineData("ln -s /etc/passwd /work/door; echo x >/work/door", "/work/door")]
    [InlineData("echo x >/tmp/../usr/escaped", "/tmp/../usr/escaped")]
    [InlineData("echo x >/root/.bashrc", "/root/.bashrc")]
    [InlineData("echo x >/proc/sysrq-trigger", "/proc/sysrq-trigger")]
    [InlineData("echo x >/dev/mem", "/dev/mem")]
    public async Task A_write_is_judged_by_where_its_path_leads(string script, string path)
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        var policy = EngineHome.Shell(script);

        await home.RunAsync(policy);

        await home.AttemptAsync(policy.Key, path);
    }

    [Fact]
    public async Task Ordinary_writes_are_not_reported()
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        var policy = EngineHome.Shell(
            "cd /work; echo a >b; mkdir c; echo a >c/d; echo a >/dev/null; echo a >/dev/stderr; echo a >/dev/shm/e; "
            + "ln -s /work/b /tmp/f; echo a >/tmp/f; echo end");

        var output = await home.RunAsync(policy);

        Assert.Contains("end", output);
        Assert.Empty(home.Seen(policy.Key));
        Assert.NotEqual(0, home.Listener.Answered);
    }

    [Fact]
    public async Task A_plain_Python_start_causes_no_notification_and_a_write_causes_one()
    {
        await using var home = await ListeningHome.OpenAsync("crun");

        await home.RunAsync(EngineHome.Policy("/usr/bin/python3", "-c", "import json, os; os.listdir('/usr')"));
        Assert.Equal(0, home.Listener.Answered);

        await home.RunAsync(EngineHome.Policy("/usr/bin/python3", "-c", "open('/work/x', 'w')"));
        Assert.Equal(1, home.Listener.Answered);
    }

    [Fact]
    public async Task Reads_of_what_only_the_host_has_are_reported_when_the_owner_asks()
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        var script = "cat /etc/shadow; cat /etc/passwd >/dev/null; cat /nowhere/at/all";
        var quiet = EngineHome.Shell(script);
        var audited = EngineHome.Shell(script) with { AuditReads = true };

        await home.RunAsync(quiet);
        await home.RunAsync(audited);
        var attempt = await home.AttemptAsync(audited.Key, "/etc/shadow");

        Assert.Contains("for reading", attempt.What);
        Assert.Empty(home.Seen(quiet.Key));
        Assert.DoesNotContain(
            home.Seen(audited.Key), one => one.What.Contains("passwd") || one.What.Contains("nowhere"));
    }

    [Theory]
    [InlineData("libc.unshare(0x10000000)", "kernel", "unshare")]
    [InlineData("libc.ptrace(16, 1, 0, 0)", "process", "ptrace")]
    [InlineData("libc.syscall(250, 0, -3, 1)", "kernel", "keyctl")]
    [InlineData("libc.personality(0x0040000)", "kernel", "personality")]
    [InlineData("libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)", "kernel", "mount")]
    [InlineData("libc.socket(40, 1, 0)", "network", "socket")]
    [InlineData("libc.socket(2, 3, 1)", "network", "raw socket")]
    [InlineData("libc.ioctl(0, 0x5412, b' ')", "kernel", "TIOCSTI")]
    public async Task A_dangerous_syscall_fails_with_EPERM_and_is_reported(string call, string kind, string words)
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        var policy = EngineHome.Python($"""
            import ctypes
            libc = ctypes.CDLL(None, use_errno=True)
            print({call}, ctypes.get_errno())
            """);

        var output = await home.RunAsync(policy);
        var attempt = await home.AttemptAsync(policy.Key, words);

        Assert.Equal("-1 1\n", output);
        Assert.Equal(kind, attempt.Kind);
        Assert.NotEmpty(attempt.Reason);
    }

    [Fact]
    public async Task A_syscall_that_runtimes_only_probe_for_is_denied_in_silence()
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        var policy = EngineHome.Python("""
            import ctypes
            libc = ctypes.CDLL(None, use_errno=True)
            print(libc.syscall(425, 4, ctypes.create_string_buffer(120)), ctypes.get_errno())
            print(libc.syscall(435, None, 0), ctypes.get_errno())
            """);

        Assert.Equal("-1 38\n-1 38\n", await home.RunAsync(policy));
        Assert.Empty(home.Seen(policy.Key));
    }

    [Fact]
    public async Task Foreign_unix_sockets_are_reported_and_own_ones_are_not()
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        var policy = EngineHome.Python("""
            import socket
            for name in ("/var/run/docker.sock", "\0of-the-host"):
                try: socket.socket(socket.AF_UNIX).connect(name)
                except OSError as error: print(error)
            for name in ("/tmp/own.sock", "\0own"):
                own = socket.socket(socket.AF_UNIX); own.bind(name); own.listen()
                socket.socket(socket.AF_UNIX).connect(name)
            print("connected")
            """);

        var output = await home.RunAsync(policy);
        await home.AttemptAsync(policy.Key, "/var/run/docker.sock");
        await home.AttemptAsync(policy.Key, "abstract unix socket of-the-host");

        Assert.EndsWith("connected\n", output, StringComparison.Ordinal);
        Assert.Equal(2, home.Seen(policy.Key).Count);
    }

    [Fact]
    public async Task A_name_look_up_is_reported_though_it_only_asks_the_own_loopback()
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        var policy = EngineHome.Python("""
            import socket
            try: socket.getaddrinfo("example.com", 443)
            except OSError as error: print(error)
            """);

        await home.RunAsync(policy);

        Assert.Equal("network", (await home.AttemptAsync(policy.Key, "look up a name")).Kind);
    }

    [Fact]
    public async Task Alike_attempts_are_counted_and_a_flood_of_different_ones_is_bounded()
    {
        await using var home = await ListeningHome.OpenAsync("crun");
        var policy = EngineHome.Python("""
            def attempt(path):
                try: open(path, "w")
                except OSError: pass
            for _ in range(1000): attempt("/usr/same")
            for number in range(3000): attempt(f"/usr/different-{number}")
            """);

        await home.RunAsync(policy);
        var alike = await home.AttemptAsync(policy.Key, "/usr/same", countMin: 2);
        var others = await home.AttemptAsync(policy.Key, "many different");

        Assert.InRange(alike.Count, 2, 999);
        Assert.True(others.Count > 100);
        Assert.InRange(home.Seen(policy.Key).Count, 3, 1000);
    }
}
