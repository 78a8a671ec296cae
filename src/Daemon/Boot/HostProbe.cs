using Analemma.Abi;
using Analemma.Abi.Syscalls;
using Analemma.Daemon.Configuration;
using Analemma.Daemon.Configuration.Providers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Analemma.Daemon.Boot;

/// <summary>
/// Finds out what this host can enforce without starting a kernel: runs the engine's trial in a folder of its own, and
/// prints what STATUS would say.
/// </summary>
internal static class HostProbe
{
    public static async Task<int> PrintAsync(
        MachineOptions options, ModelSetup models, TextWriter output, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("analemma-probe-");
        try
        {
            var sandbox = KernelHostOptions.From(options, models).Sandbox with
            {
                StateFolder = folder.FullName,
                SdkFolder = null,
            };
            await using var stack = await SandboxStack.OpenAsync(
                sandbox, adopts: false, static _ => { }, TimeProvider.System, NullLogger.Instance, cancellationToken);
            var status = new StatusReply(KernelHost.Version, 0, options.Kernel.Socket)
            {
                Engine = stack.Report.Engine,
                Cgroups = stack.Report.Cgroups,
                Guarantees = stack.Report.Guarantees,
                Providers = ProviderViews.Of(models.Kernel, models.Drivers),
                DefaultModel = models.Kernel.Default,
            };
            var json = AbiJson.Write(status, AbiJsonContext.Default.StatusReply);
            await output.WriteLineAsync(System.Text.Encoding.UTF8.GetString(json));
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
