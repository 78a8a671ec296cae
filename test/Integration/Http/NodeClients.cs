using System.Runtime.CompilerServices;
using Analemma.Abi.Syscalls;

namespace Analemma.Integration.Tests.Http;

/// <summary>
/// The clients of model providers from npm, as eng/npm/model-clients pins them, shown to sandboxes read-only.
/// </summary>
internal static class NodeClients
{
    private const string Folder = "/mnt/clients";

    /// <summary>A spawn of one of the programs in the folder Clients. Skips the test without npm.</summary>
    public static Spawn Program(string name)
    {
        var modules = NpmPackages.Modules("model-clients");
        return new Spawn
        {
            Argv = ["node", $"{Folder}/programs/{name}"],
            Mounts =
            [
                new MountRequest { Source = modules, Target = $"{Folder}/node_modules" },
                new MountRequest { Source = Programs(), Target = $"{Folder}/programs" },
            ],
            Limits = new ResourceLimits { Memory = 1024L << 20, MaxPids = 64, CpuQuota = 200_000 },
        };
    }

    private static string Programs([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "Clients");
}
