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
        var words = string.Join(' ', CommandWords.For(process.Env, process.Args).Select(ShellWord.Quote));
        return $"cd {ShellWord.Quote(process.Cwd)} || exit 126\nexec {words}\n";
    }
}
