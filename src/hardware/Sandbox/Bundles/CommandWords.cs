namespace Analemma.Sandbox.Bundles;

/// <summary>
/// The words by which a command inside begins: with env(1), which says in one line what it cannot run, and ends as a
/// shell does, with 127 for a program that is not there and 126 for one that cannot be run. Runtimes differ in both.
/// </summary>
internal static class CommandWords
{
    private const string Env = "/usr/bin/env";

    /// <param name="argv">The program and its arguments.</param>
    public static IReadOnlyList<string> For(IReadOnlyList<string> argv) => [Env, "--", .. ProgramAfterEnv(argv)];

    /// <summary>The same for an environment that is given as NAME=VALUE, and no other.</summary>
    /// <param name="env">The whole environment.</param>
    /// <param name="argv">The program and its arguments.</param>
    public static IReadOnlyList<string> For(IReadOnlyList<string> env, IReadOnlyList<string> argv) =>
        [Env, "-i", "--", .. env, .. ProgramAfterEnv(argv)];

    // env takes words with an equals sign before the program for variables.
    private static IEnumerable<string> ProgramAfterEnv(IReadOnlyList<string> argv) =>
        argv[0].Contains('=', StringComparison.Ordinal) ? ["/bin/sh", "-c", "exec \"$@\"", "sh", .. argv] : argv;
}
