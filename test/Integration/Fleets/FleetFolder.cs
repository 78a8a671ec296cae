using System.Diagnostics;
using Analemma.Abi.Syscalls;
using Analemma.Integration.Tests.Kernel;
using static Analemma.Integration.Tests.Kernel.RunningKernel;

namespace Analemma.Integration.Tests.Fleets;

/// <summary>A real kernel, a folder with a fleet file and its scripts, and the command line as people run it.</summary>
internal sealed class FleetFolder : IAsyncDisposable
{
    /// <summary>Says when it begins and when it is told to end, with what the kernel's clock cannot mix up.</summary>
    public const string Service = """
        import signal, sys, time
        def end(*_):
            print("ended", flush=True)
            sys.exit(0)
        signal.signal(signal.SIGTERM, end)
        print("VERSION", flush=True)
        open("/work/up", "w").close()
        while True:
            time.sleep(60)
        """;

    private FleetFolder(RunningKernel kernel) => Kernel = kernel;

    public RunningKernel Kernel { get; }

    public static async Task<FleetFolder> StartAsync(params string[] flags) => new(
        await RunningKernel.StartAsync(["--pool.created=0", "--pool.preloaded=0", .. flags]));

    public void Write(string name, string text) => File.WriteAllText(Path.Combine(Kernel.Folder, name), text);

    public async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using var process = Start(args);
        var error = process.StandardError.ReadToEndAsync(Token);
        var output = await process.StandardOutput.ReadToEndAsync(Token);
        await process.WaitForExitAsync(Token);
        return (process.ExitCode, output, await error);
    }

    public Process Start(params string[] args)
    {
        var start = new ProcessStartInfo(Product.Cli, args)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Kernel.Folder,
        };
        start.Environment["ANALEMMA_SOCKET"] = Kernel.Socket;
        return Process.Start(start)!;
    }

    /// <summary>Runs a command that must succeed, and gives what it printed.</summary>
    public async Task<string> DoAsync(params string[] args)
    {
        var (code, output, error) = await RunAsync(args);
        Assert.True(code == 0, $"analemma {string.Join(' ', args)} exited with {code}\n{output}\n{error}");
        return output;
    }

    public async Task<Dictionary<string, UnitView>> UnitsAsync() =>
        (await Kernel.Client.FleetStatusAsync(cancellationToken: Token)).Units.ToDictionary(unit => unit.Name);

    /// <summary>Looks again and again until something holds of the fleet.</summary>
    public async Task<Dictionary<string, UnitView>> UntilAsync(
        Func<Dictionary<string, UnitView>, bool> holds, string what)
    {
        for (var left = 600; left > 0; left--)
        {
            var units = await UnitsAsync();
            if (holds(units))
            {
                return units;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, Token);
        }

        var seen = string.Join('\n', (await UnitsAsync()).Values);
        throw new InvalidOperationException($"not within half a minute: {what}\n{seen}\n{Kernel.Log}");
    }

    public ValueTask DisposeAsync() => Kernel.DisposeAsync();
}
