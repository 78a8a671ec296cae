using Analemma.Sandbox.Bundles;
using Analemma.Sandbox.Living;

namespace Analemma.Sandbox.Bubblewrap;

/// <summary>
/// The shell script that a command inside begins as: not by the command line of a host process, which everybody on the
/// host can read, environment included.
/// </summary>
internal static class EnterScript
{
    public static string For(OciProcess process)
    {
        // env takes words with an equals sign before the program for variables.
        IEnumerable<string> command = process.Args[0].Contains('=', StringComparison.Ordinal)
            ? ["/bin/sh", "-c", "exec \"$@\"", "sh", .. process.Args]
            : process.Args;
        var words = string.Join(' ', process.Env.Concat(command).Select(ShellWord.Quote));
        return $"cd {ShellWord.Quote(process.Cwd)} || exit 126\nexec /usr/bin/env -i {words}\n";
    }
}
