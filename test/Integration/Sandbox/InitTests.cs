using System.Diagnostics;
using Analemma.Sandbox;
using Analemma.Sandbox.Living;

namespace Analemma.Integration.Tests.Sandbox;

/// <summary>
/// Agents are processes like any other in their sandbox, and not its first; and what they were without our init.
/// </summary>
public sealed class InitTests
{
    public InitTests() =>
        Assert.SkipWhen(
            SandboxEngineOptions.BuiltInit is null, "no C compiler was there to build the init (apt install gcc)");

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task An_agent_is_not_the_first_process_of_its_sandbox(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);

        var (exit, output) = await home.RunAsync(EngineHome.Python(
            "import os; pid = os.getpid(); print(pid > 1, os.getppid(), os.getsid(0) == pid == os.getpgrp(), "
            + "open('/proc/1/comm').read().strip())"));

        Assert.Equal(0, exit.Code);
        Assert.Equal("True 1 True analemma-init\n", output);
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task Orphans_are_taken_and_count_no_more(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        const string orphans = """
            import os, sys, time
            for i in range(200):
                if os.fork() == 0:
                    if os.fork() == 0:
                        os._exit(0)
                    os._exit(0)
                os.wait()
            def left():
                return {int(name) for name in os.listdir('/proc') if name.isdigit()} - {1, os.getpid()}
            for i in range(500):
                if not left():
                    break
                time.sleep(0.01)
            print(len(left()))
            """;

        // Three times as many as it may have at once.
        var (exit, output) = await home.RunAsync(EngineHome.Python(orphans));

        Assert.Equal(0, exit.Code);
        Assert.Equal("0\n", output);
        Assert.Equal(0, exit.Usage.PidLimitHits);

        await using var bare = await EngineHome.OpenAsync(engine, options => options with { InitFile = null });
        var (_, zombies) = await bare.RunAsync(EngineHome.Python(
            orphans.Replace("range(200)", "range(20)", StringComparison.Ordinal)
                .Replace("range(500)", "range(50)", StringComparison.Ordinal)));
        Assert.Equal("20\n", zombies);
    }

    [Theory]
    [InlineData("kill -TERM $$; sleep 5", 15)]
    [InlineData("kill -USR1 $$; sleep 5", 10)]
    [InlineData("kill -KILL $$; sleep 5", 9)]
    [InlineData("exec python3 -c 'import os; os.abort()'", 6)]
    [InlineData("exec python3 -c 'import ctypes; ctypes.string_at(0)'", 11)]
    [InlineData("exec python3 -c 'import signal; signal.alarm(1); signal.pause()'", 14)]
    public async Task A_signal_that_an_agent_sends_itself_ends_it_and_is_told(string script, int signal)
    {
        foreach (var engine in (string[])["crun", "runc", "bwrap"])
        {
            await using var home = await EngineHome.OpenAsync(engine);

            var (exit, _) = await home.RunAsync(EngineHome.Shell(script));

            Assert.Equal((null, signal), (exit.Code, exit.Signal));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(143)]
    [InlineData(255)]
    public async Task A_code_like_that_of_a_signal_is_a_code(int code)
    {
        await using var home = await EngineHome.OpenAsync("crun");

        var (exit, _) = await home.RunAsync(EngineHome.Shell($"exit {code}"));

        Assert.Equal((code, null), (exit.Code, exit.Signal));
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task A_signal_from_outside_reaches_the_agent_once_from_its_first_instruction_on(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        await using var handles = await home.StartAsync(EngineHome.Python("""
            import os, signal, sys
            count = []
            def on(number, frame):
                count.append(number)
                os.write(1, b'got')
            signal.signal(signal.SIGUSR1, on)
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(len(count)))
            print('ready', flush=True)
            while True:
                signal.pause()
            """));
        await EngineHome.UntilAsync(handles, "ready");
        handles.Signal(10);
        await EngineHome.UntilAsync(handles, "got");
        handles.Signal(15);
        Assert.Equal(1, (await handles.Exited.WaitAsync(TimeSpan.FromSeconds(10), EngineHome.Token)).Code);

        // However early it comes.
        for (var round = 0; round < 20; round++)
        {
            await using var early = await home.Engine.CreateAsync(EngineHome.Shell("sleep 60"), EngineHome.Token);
            await early.StartAsync(EngineHome.Token);
            var until = Stopwatch.GetTimestamp() + (round * Stopwatch.Frequency / 4000);
            while (Stopwatch.GetTimestamp() < until)
            {
                Thread.SpinWait(10);
            }

            early.Signal(15);
            var exit = await early.Exited.WaitAsync(TimeSpan.FromSeconds(10), EngineHome.Token);
            Assert.Equal((null, 15), (exit.Code, exit.Signal));
        }
    }

    [Theory]
    [InlineData("crun")]
    [InlineData("runc")]
    [InlineData("bwrap")]
    public async Task What_cannot_be_run_is_refused_before_it_starts(string engine)
    {
        await using var home = await EngineHome.OpenAsync(engine);
        foreach (var program in (string[])["no-such-program", "/no/such/program", "/etc/passwd", "/usr"])
        {
            var refused = await Assert.ThrowsAsync<SandboxException>(
                () => home.Engine.CreateAsync(EngineHome.Policy(program), EngineHome.Token));
            Assert.Contains(program, refused.Message, StringComparison.Ordinal);
        }

        // What is put into /work before the start is found then, and only then.
        var (exit, output) = await home.RunAsync(EngineHome.Policy("/work/no-such-program"));
        Assert.Equal(127, exit.Code);
        Assert.Equal("analemma: cannot run /work/no-such-program: it is not there\n", output);
    }

    [Fact]
    public async Task An_agent_cannot_end_or_rename_its_init()
    {
        await using var home = await EngineHome.OpenAsync("crun");

        var (exit, output) = await home.RunAsync(EngineHome.Python("""
            import os, signal
            os.kill(1, signal.SIGKILL)
            try:
                open('/proc/1/comm', 'w').write('signal 9')
            except OSError as refused:
                print(type(refused).__name__)
            print(open('/proc/1/comm').read().strip())
            raise SystemExit(137)
            """));

        Assert.Equal((137, null), (exit.Code, exit.Signal));
        Assert.EndsWith("analemma-init\n", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("signal 9\n", 9)]
    [InlineData("signal 31\n", 31)]
    [InlineData("signal \n", null)]
    [InlineData("signal -9\n", null)]
    [InlineData("analemma-init\n", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void Only_its_own_words_are_understood(string? name, int? signal) =>
        Assert.Equal(signal, InitName.Parse(name));
}
