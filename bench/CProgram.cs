namespace Analemma.Bench;

/// <summary>The programs of bench/c, compiled where they are needed.</summary>
internal static class CProgram
{
    /// <summary>Compiles bench/c/NAME.c into the folder; null, with the reason on stderr, without a compiler.</summary>
    public static string? Build(string repository, string name, string folder)
    {
        if (BenchProcess.Find("cc", "gcc", "clang") is not { } compiler)
        {
            Console.Error.WriteLine(
                $"{name}: no C compiler (cc, gcc, clang), so it is left out: apt-get install gcc libc6-dev");
            return null;
        }

        var program = Path.Combine(folder, name);
        BenchProcess.Run(compiler, "-O2", "-o", program, Path.Combine(repository, "bench", "c", $"{name}.c"));
        return program;
    }
}
