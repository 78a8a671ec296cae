using System.Runtime.InteropServices;
using Analemma.Abi;
using Analemma.Daemon.Boot;
using Analemma.Daemon.Sockets;
using Analemma.Journal;
using Analemma.Sandbox;
using Analemma.Storage.Sqlite;
using Microsoft.Extensions.Logging;

HybridCgroups.Cover();
SqliteJournalStore.WarmUp();
using var logs = LoggerFactory.Create(builder => builder.AddSimpleConsole(console =>
{
    console.SingleLine = true;
    console.TimestampFormat = "HH:mm:ss.fff ";
    console.ColorBehavior = Microsoft.Extensions.Logging.Console.LoggerColorBehavior.Disabled;
}));
var log = logs.CreateLogger("analemma");
try
{
    var state = Environment.GetEnvironmentVariable("ANALEMMA_STATE") ?? StateFolder.DefaultPath(
        Environment.GetEnvironmentVariable, Environment.IsPrivilegedProcess);
    await using var host = await KernelHost.StartAsync(
        new KernelHostOptions
        {
            Socket = KernelSocket.DefaultPath(),
            StateFolder = state,
            Sandbox = new SandboxEngineOptions { StateFolder = state },
        },
        TimeProvider.System,
        log,
        CancellationToken.None);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    return await host.Stopped is null ? 0 : 70;

    void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        host.RequestStop();
    }
}
catch (Exception refused) when (refused is HostSocketException or JournalStoreException or JournalCorruptException
    or SandboxException)
{
    Console.Error.WriteLine($"analemma-kernel: {refused.Message}");
    if (refused is SandboxException { Hint: { } hint })
    {
        Console.Error.WriteLine($"hint: {hint}");
    }

    return 1;
}
