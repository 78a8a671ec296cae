using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Analemma.Integration.Tests.Storage.Executions;

/// <summary>flush.c as a library that a process is started with.</summary>
internal static class FlushShim
{
    /// <summary>Variables to start a process with, for which <paramref name="plan"/> is then read.</summary>
    public static IReadOnlyDictionary<string, string> Variables(string folder, string plan)
    {
        var library = Path.Combine(folder, "flush.so");
        try
        {
            using var compiler = Process.Start(
                "cc",
                [
                    "-shared", "-fPIC", "-Wall", "-Werror", "-o", library,
                    Path.Combine(Path.GetDirectoryName(ThisFile())!, "flush.c"), "-ldl",
                ]);
            compiler.WaitForExit();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("there is no C compiler on this host (Debian: gcc)");
        }

        Assert.True(File.Exists(library), "flush.c did not compile");
        return new Dictionary<string, string> { ["LD_PRELOAD"] = library, ["ANALEMMA_TEST_FLUSH"] = plan };
    }

    private static string ThisFile([CallerFilePath] string thisFile = "") => thisFile;
}
