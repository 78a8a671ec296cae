using System.CommandLine;
using System.Diagnostics;
using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Cli.Host;
using Analemma.Cli.Values;
using Analemma.Client;

namespace Analemma.Cli.Commands;

/// <summary>Starts, stops and describes the kernel.</summary>
internal sealed class KernelCommand : ICliCommand
{
    private static readonly TimeSpan StopMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly Option<bool> _foreground = new("--foreground")
    {
        Description = "Stay in the foreground, print its log here, stop on Ctrl-C.",
    };

    private readonly KernelSettings _settings = new();

    private readonly Option<string?> _grace = new("--grace")
    {
        HelpName = "TIME",
        Description = "How long agents have between SIGTERM and SIGKILL. Default 2s.",
    };

    public Command Declare(CommandSet set)
    {
        var start = new Command("start", "Start the kernel in the background and wait until it answers.")
        {
            _foreground,
        };
        _settings.AddTo(start);
        var stop = new Command("stop", "End every agent, then the kernel.") { _grace };
        var status = new Command("status", "Say what the kernel does. Exit code 3 when none runs.");
        return set.Explain(new Command("kernel", "Start, stop and describe the kernel.")
        {
            set.Does(start, StartAsync, """
                  analemma kernel start
                  analemma kernel start --foreground --set kernel.log_level=debug
                  analemma kernel start --config analemma.toml
                """),
            set.Does(stop, StopAsync, """
                  analemma kernel stop
                  analemma kernel stop --grace 10s
                """),
            set.Does(status, StatusAsync, """
                  analemma kernel status
                  analemma kernel status --json | jq .pid
                """),
        },
            """
              analemma kernel start
              analemma kernel status
              analemma kernel stop
            """);
    }

    private async Task<int> StartAsync(Session session)
    {
        var program = KernelProgram.Find(session.Terminal.Environment);
        if (session.Parsed.GetValue(_foreground))
        {
            return await RunInForegroundAsync(program, Arguments(session), session.CancellationToken);
        }

        if (await IsRunningAsync(session))
        {
            throw new CliException(
                "already_running", $"a kernel answers at {session.SocketPath} already",
                "stop it with `analemma kernel stop`");
        }

        var started = session.Terminal.Time.GetTimestamp();
        var background = new BackgroundKernel(program, Arguments(session), session.SocketPath, session.Terminal.Time);
        await using var kernel = await background.StartAsync(session.CancellationToken);
        var status = await kernel.StatusAsync(session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(status, AbiJsonContext.Default.StatusReply);
            return ExitCodes.Ok;
        }

        var took = (long)session.Terminal.Time.GetElapsedTime(started).TotalMilliseconds;
        session.Terminal.Output.WriteLine(
            $"the kernel runs (pid {status.Pid}) at {status.Socket}, ready after {Durations.Format(took)}");
        var missing =
            status.Guarantees.Where(guarantee => !guarantee.Enforced).Select(guarantee => guarantee.Name).ToArray();
        if (missing.Length > 0)
        {
            session.Terminal.Output.WriteLine(
                $"not enforced here: {string.Join(", ", missing)}; see `analemma doctor`");
        }

        return ExitCodes.Ok;
    }

    private static async Task<int> StatusAsync(Session session)
    {
        await using var kernel = await session.ConnectAsync();
        var status = await kernel.StatusAsync(session.CancellationToken);
        if (session.Json)
        {
            session.WriteJson(status, AbiJsonContext.Default.StatusReply);
            return ExitCodes.Ok;
        }

        var output = session.Terminal.Output;
        output.WriteLine($"kernel     {status.Version}, pid {status.Pid}, boot {status.Boot}");
        output.WriteLine($"socket     {status.Socket} ({Plural.Of(status.Connections, "connection")})");
        output.WriteLine($"up         {Durations.Format(status.UptimeMs)}");
        output.WriteLine($"sandbox    {status.Engine}, cgroups {status.Cgroups}");
        output.WriteLine($"pool       {status.PoolCreated} created, {status.PoolPreloaded} preloaded");
        output.WriteLine($"processes  {status.Starting} starting, {status.RunningProcesses} running, "
            + $"{status.Paused} paused, {status.Stopping} stopping, {status.Exited} exited");
        output.WriteLine($"journal    {Plural.Of(status.JournalSequence, "event")}");
        output.WriteLine($"memory     {ByteSize.Format(status.ResidentBytes)} resident");
        return ExitCodes.Ok;
    }

    private async Task<int> StopAsync(Session session)
    {
        var graceMs = Durations.Option(session.Parsed, _grace);
        await using var kernel = await session.ConnectAsync();
        var pid = (await kernel.StatusAsync(session.CancellationToken)).Pid;
        var reply = await kernel.ShutdownAsync(
            new Shutdown { GraceMs = graceMs }, session.CancellationToken);
        await WaitUntilGoneAsync(session, pid, StopMax + TimeSpan.FromMilliseconds(graceMs ?? 0));
        if (session.Json)
        {
            session.WriteJson(reply, AbiJsonContext.Default.ShutdownReply);
        }
        else
        {
            session.Terminal.Output.WriteLine(
                $"the kernel has stopped; {Plural.Of(reply.Processes, "agent")} ended with it");
        }

        return ExitCodes.Ok;
    }

    private static async Task WaitUntilGoneAsync(Session session, int pid, TimeSpan atMost)
    {
        var started = session.Terminal.Time.GetTimestamp();
        while (HostProcess.IsAlive(pid))
        {
            if (session.Terminal.Time.GetElapsedTime(started) > atMost)
            {
                throw new CliException(
                    "timed_out", $"the kernel (pid {pid}) is still there after {atMost.TotalSeconds} s",
                    "look at its log");
            }

            await Task.Delay(Interval, session.Terminal.Time, session.CancellationToken);
        }
    }

    private static async Task<bool> IsRunningAsync(Session session)
    {
        try
        {
            await using var kernel = await session.ConnectAsync();
            return true;
        }
        catch (KernelConnectionException)
        {
            return false;
        }
    }

    /// <summary>Whoever asks us to stop means the kernel; on Ctrl-C the terminal has told it already.</summary>
    private static async Task<int> RunInForegroundAsync(
        string program, IEnumerable<string> args, CancellationToken cancellationToken)
    {
        using var process = Process.Start(new ProcessStartInfo(program, args))!;
        using var stopping = cancellationToken.Register(() => HostProcess.Terminate(process.Id));
        await process.WaitForExitAsync(CancellationToken.None);
        return process.ExitCode;
    }

    private List<string> Arguments(Session session) =>
        [$"--kernel.socket={session.SocketPath}", .. _settings.Arguments(session)];
}
