using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Client;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Kernel;

/// <summary>Processes as a client on the host sees them, on the real kernel with real sandboxes.</summary>
public sealed class ProcessTests(SharedKernel shared) : IClassFixture<SharedKernel>
{
    private readonly RunningKernel _kernel = shared.Kernel;

    [Theory]
    [InlineData("exit 0", ExitCause.Exited, 0, null)]
    [InlineData("exit 7", ExitCause.Exited, 7, null)]
    [InlineData("exec python3 -c 'import ctypes; ctypes.string_at(0)'", ExitCause.Signalled, null, 11)]
    public async Task An_end_has_a_cause(string line, ExitCause cause, int? code, int? signal)
    {
        var exit = (await _kernel.WaitAsync(await _kernel.SpawnShellAsync(line))).Exit!;
        Assert.True((cause, code, signal) == (exit.Cause, exit.Code, exit.Signal), exit.ToString());
    }

    [Fact]
    public async Task An_agent_has_no_input_only_its_own_environment_and_the_folder_it_was_given()
    {
        var agent = await _kernel.SpawnShellAsync(
            "cat; env; pwd",
            spawn => spawn with { Env = new Dictionary<string, string> { ["COLOUR"] = "blue green" }, Cwd = "/tmp" });
        var output = await _kernel.OutputAsync(agent, follow: true);
        Assert.Contains("COLOUR=blue green\n", output, StringComparison.Ordinal);
        Assert.EndsWith("/tmp\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("DOTNET", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_is_run_with_the_socket_as_its_argument_and_both_outputs_are_kept()
    {
        var agent = await _kernel.SpawnPythonAsync("""
            import sys
            print("out", sys.argv[1:])
            print("err", file=sys.stderr)
            """, spawn => spawn with { Args = ["a", "b c"] });
        Assert.Equal(0, (await _kernel.WaitAsync(agent)).Exit!.Code);
        var output = await _kernel.OutputAsync(agent);
        Assert.Contains("out ['/run/analemma/agent.sock', 'a', 'b c']\n", output, StringComparison.Ordinal);
        Assert.Contains("err\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_is_taken_while_its_holder_lives()
    {
        var agent = await _kernel.SpawnShellAsync("sleep 100", spawn => spawn with { Name = "holder" });
        var refused = await Assert.ThrowsAsync<SyscallException>(
            () => _kernel.SpawnShellAsync("true", spawn => spawn with { Name = "holder" }));
        Assert.Equal(SysErrorCode.NameTaken, refused.Code);
        await _kernel.Client.KillAsync(new Kill { Id = agent.Id, GraceMs = 0 }, Token);
        await _kernel.WaitAsync(await _kernel.SpawnShellAsync("true", spawn => spawn with { Name = "holder" }));
    }

    [Theory]
    [InlineData("x = bytearray(200 << 20)")]
    [InlineData("import os, time\nif os.fork() == 0:\n    x = bytearray(200 << 20)\nelse:\n    time.sleep(1000)")]
    public async Task Memory_over_the_limit_ends_the_agent_also_by_an_inner_victim(string script)
    {
        var agent = await _kernel.SpawnPythonAsync(
            script, spawn => spawn with { Limits = new ResourceLimits { Memory = 48 << 20 } });
        Assert.Equal(ExitCause.OomKilled, (await _kernel.WaitAsync(agent)).Exit!.Cause);
    }

    [Fact]
    public async Task A_fork_bomb_ends_as_what_it_is()
    {
        var agent = await _kernel.SpawnPythonAsync("""
            import os, time
            while True:
                try:
                    if os.fork() == 0:
                        time.sleep(1000)
                except OSError:
                    pass
            """, spawn => spawn with { Limits = new ResourceLimits { MaxPids = 16 } });
        var view = await _kernel.WaitAsync(agent);
        Assert.Equal(ExitCause.PidLimit, view.Exit!.Cause);
        Assert.True(view.PidLimitHits > 0);
    }

    [Fact]
    public async Task The_wall_clock_ends_an_agent()
    {
        var agent = await _kernel.SpawnShellAsync(
            "sleep 1000", spawn => spawn with { Limits = new ResourceLimits { WallMs = 200 } });
        Assert.Equal(ExitCause.Timeout, (await _kernel.WaitAsync(agent)).Exit!.Cause);
    }

    [Fact]
    public async Task A_busy_agent_is_throttled_and_it_shows()
    {
        var agent = await _kernel.SpawnPythonAsync(
            "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end:\n    pass",
            spawn => spawn with { Limits = new ResourceLimits { CpuQuota = 20_000 } });
        var view = await _kernel.WaitAsync(agent);
        Assert.Equal(ExitCause.Exited, view.Exit!.Cause);
        Assert.True(view.ThrottledMs > 100, $"throttled for {view.ThrottledMs} ms");
    }

    [Fact]
    public async Task A_paused_agent_stands_still_goes_on_and_can_be_killed_paused()
    {
        var agent = await _kernel.SpawnPythonAsync(
            "import time\nprint('up', flush=True)\nwhile True:\n    time.sleep(0.01)\n    print('tick', flush=True)");
        await _kernel.UntilPrintedAsync(agent, "tick");
        var paused = await _kernel.Client.PauseAsync(new Pause { Id = agent.Id }, Token);
        Assert.Equal(ProcessState.Paused, paused.State);
        var refused = await Assert.ThrowsAsync<SyscallException>(
            () => _kernel.Client.PauseAsync(new Pause { Id = agent.Id }, Token));
        Assert.Equal(SysErrorCode.WrongState, refused.Code);
        await _kernel.Client.ResumeAsync(new Resume { Id = agent.Id }, Token);
        await _kernel.Client.PauseAsync(new Pause { Id = agent.Id }, Token);
        var killed = await _kernel.Client.KillAsync(new Kill { Id = agent.Id, GraceMs = 0 }, Token);
        Assert.Equal(ExitCause.KilledByOperator, killed.Exit!.Cause);
    }

    [Fact]
    public async Task A_kill_gives_grace_and_then_none()
    {
        var polite = await _kernel.SpawnShellAsync("trap 'exit 3' TERM; echo up; while :; do sleep 0.02; done");
        var deaf = await _kernel.SpawnShellAsync("trap '' TERM; echo up; while :; do sleep 0.02; done");
        await _kernel.UntilPrintedAsync(polite, "up");
        await _kernel.UntilPrintedAsync(deaf, "up");
        var heard = await _kernel.Client.KillAsync(new Kill { Id = polite.Id, GraceMs = 60_000 }, Token);
        Assert.Equal(3, heard.Exit!.Code);
        var killed = await _kernel.Client.KillAsync(new Kill { Id = deaf.Id, GraceMs = 100 }, Token);
        Assert.Equal(9, killed.Exit!.Signal);
    }

    [Fact]
    public async Task What_forked_twice_and_left_its_session_dies_with_its_agent()
    {
        var agent = await _kernel.SpawnPythonAsync("""
            import os, time
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    print("deep", flush=True)
                    time.sleep(1000)
                os._exit(0)
            time.sleep(1000)
            """);
        await _kernel.UntilPrintedAsync(agent, "deep");
        var before = HostProcesses.Inside(agent.Pid);
        Assert.True(before.Count >= 2, string.Join(' ', before));
        await _kernel.Client.KillAsync(new Kill { Id = agent.Id, GraceMs = 0 }, Token);
        Assert.All(before, pid => Assert.False(HostProcesses.IsAlive(pid)));
    }

    [Fact]
    public async Task A_command_runs_inside_the_agents_own_sandbox()
    {
        var agent = await _kernel.SpawnShellAsync("echo mine > /work/file; echo up; sleep 1000");
        await _kernel.UntilPrintedAsync(agent, "up");
        Assert.Equal((0, "mine\n"), await _kernel.ExecAsync(agent, "cat /work/file"));
        Assert.Equal(5, (await _kernel.ExecAsync(agent, "exit 5")).Code);
        Assert.Contains("uid=1000", (await _kernel.ExecAsync(agent, "id")).Output, StringComparison.Ordinal);
        var slow = _kernel.Client.Exec(new Exec { Id = agent.Id, Command = "sleep 1000", TimeoutMs = 200 });
        Assert.True((await slow.ToEndAsync(Token)).TimedOut);
        await _kernel.Client.KillAsync(new Kill { Id = agent.Id, GraceMs = 0 }, Token);
    }

    [Fact]
    public async Task Files_go_in_and_come_out_and_no_path_leads_elsewhere()
    {
        var agent = await _kernel.SpawnShellAsync(
            "ln -s /etc/passwd /work/link; mkfifo /work/pipe; echo up; sleep 1000");
        await _kernel.UntilPrintedAsync(agent, "up");
        var bytes = new byte[] { 0, 255, 128, 10 };
        await _kernel.Client.WriteAsync(
            new Write
            {
                Id = agent.Id,
                Path = "deep/er/data.bin",
                Content = Convert.ToBase64String(bytes),
                Encoding = "base64",
            },
            Token);
        Assert.Equal(bytes, await ReadAsync(agent, "/work/deep/er/data.bin"));
        Assert.Equal((0, "4\n"), await _kernel.ExecAsync(agent, "stat -c %s /work/deep/er/data.bin"));
        foreach (var path in new[] { "../etc/passwd", "/etc/passwd", "link", "deep/../../etc/passwd", "pipe", "none" })
        {
            var refused = await Assert.ThrowsAsync<SyscallException>(() => ReadAsync(agent, path));
            Assert.Contains(
                refused.Code,
                new[] { SysErrorCode.NoSuchFile, SysErrorCode.PermissionDenied, SysErrorCode.IoFailed });
        }

        await _kernel.Client.KillAsync(new Kill { Id = agent.Id, GraceMs = 0 }, Token);
        Assert.Equal(bytes, await ReadAsync(agent, "deep/er/data.bin"));
    }

    [Fact]
    public async Task What_cannot_start_says_why()
    {
        var program = await Assert.ThrowsAsync<SyscallException>(
            () => _kernel.Client.SpawnAsync(new Spawn { Argv = ["/no/such/program"] }, Token));
        Assert.Equal(SysErrorCode.StartFailed, program.Code);
        var script = await Assert.ThrowsAsync<SyscallException>(
            () => _kernel.Client.SpawnAsync(new Spawn { Script = "/no/such/script.py" }, Token));
        Assert.Contains("/no/such/script.py", script.Message, StringComparison.Ordinal);
    }

    private async Task<byte[]> ReadAsync(SpawnReply agent, string path)
    {
        using MemoryStream content = new();
        var stream = _kernel.Client.Read(new Read { Id = agent.Id, Path = path });
        await foreach (var piece in stream.WithCancellation(Token))
        {
            content.Write(piece.Span);
        }

        return content.ToArray();
    }
}
