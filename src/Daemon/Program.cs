using System.Runtime.InteropServices;
using Analemma.Daemon;
using Analemma.Daemon.Boot;
using Analemma.Daemon.Configuration;
using Analemma.Daemon.Sockets;
using Analemma.Daemon.Workflows.Archives;
using Analemma.Journal;
using Analemma.Journal.Executions;
using Analemma.Linux;
using Analemma.Sandbox;
using Analemma.Sandbox.Notify;
using Microsoft.Extensions.Logging;

const int Refused = 1;
const int Usage = 2;
const int Panicked = 70;

// First of all, because it may start the program anew; not for what only prints.
if (!BootFlags.OnlyPrints(args))
{
    HybridCgroups.Cover(HolderOfLast);
    WarmUp.Begin(args);
}

var request = MachineOptions.Load(
    args, MachineLoader.EnvironmentOfThisProcess(), HybridCgroups.IsRoot);
switch (request.Action)
{
    case BootAction.Help:
        Console.Out.Write(BootFlags.Usage);
        return 0;
    case BootAction.Version:
        Console.Out.WriteLine($"analemma-kernel {KernelHost.Version}");
        return 0;
}

if (request.Problems.Count > 0)
{
    foreach (var problem in request.Problems)
    {
        Console.Error.WriteLine($"analemma-kernel: {problem}");
    }

    return Usage;
}

if (request.Action is BootAction.PrintConfig)
{
    Console.Out.Write(ConfigText.ToToml(request.Options));
    return 0;
}

if (request.Action is BootAction.Run or BootAction.Probe)
{
    // What agents shall see must be readable by their uids. What nobody else shall see is made with its own mode.
    HostProcess.LetOthersRead();
}

try
{
    using ConsoleLog log = new("analemma", request.Options.Kernel.LogLevel, OutputOf(request), TimeProvider.System);
    return request.Action switch
    {
        BootAction.VerifyJournal => JournalCheckup.Print(
            request.Options.Journal.Path, JournalUpkeep.OptionsOf(request), Console.Out),
        BootAction.ExportWorkflows => JournalUpkeep.Export(request, Console.Out),
        BootAction.ImportWorkflows => JournalUpkeep.Import(request, Console.Out),
        BootAction.CompactJournal => JournalUpkeep.Compact(request, Console.Out),
        BootAction.PrintAudit => AuditPrint.Print(request.Options.Journal.Path, Console.Out),
        BootAction.Probe => await HostProbe.PrintAsync(
            request.Options, request.Models, Console.Out, CancellationToken.None),
        _ => await RunAsync(
            KernelHostOptions.From(request.Options, request.Models), log),
    };
}
catch (Exception refused) when (refused is HostSocketException or JournalStoreException or JournalCorruptException
    or ArchiveException or PayloadException or SandboxException or LinuxException or IOException
    or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"analemma-kernel: {refused.Message}");
    var hint = refused switch
    {
        SandboxException sandbox => sandbox.Hint,
        JournalStoreException journal => journal.Hint,
        JournalCorruptException => "`analemma journal verify` checks every record; go on with a copy from before",
        _ => null,
    };
    if (hint is not null)
    {
        Console.Error.WriteLine($"hint: {hint}");
    }

    return Refused;
}

// Open to the end: whatever goes wrong last is told there too.
static TextWriter OutputOf(BootRequest request)
{
    if (request is not { Action: BootAction.Run, LogFile: { } file })
    {
        return Console.Out;
    }

    RotatedLog output = new(file, request.Options.Kernel.LogBytes, HostFiles.BecomeOutput);
    Console.SetOut(output);
    Console.SetError(output);
    return output;
}

// An ordinary user's kernel goes where the agents of the one before are.
int? HolderOfLast()
{
    var kernel = MachineOptions.Load(
        args, MachineLoader.EnvironmentOfThisProcess(), HybridCgroups.IsRoot).Options.Kernel;
    return kernel.Adopts ? FilterHolder.FindProcess(kernel.StateFolder) : null;
}

static async Task<int> RunAsync(KernelHostOptions options, ILogger to)
{
    await using var host = await KernelHost.StartAsync(
        options, TimeProvider.System, to, CancellationToken.None);
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
    ReadyNotice.Send();
    return await host.Stopped is null ? 0 : Panicked;

    void Stop(PosixSignalContext context)
    {
        context.Cancel = true;
        host.RequestStop();
    }
}
