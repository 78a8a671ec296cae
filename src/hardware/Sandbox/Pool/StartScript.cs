using System.Buffers;
using System.Text;
using Analemma.Sandbox.Living;

namespace Analemma.Sandbox.Pool;

/// <summary>
/// The shell script that a created container runs: written when it is taken, it sets the environment and the folder and
/// becomes the agent. Every word is quoted; nothing of it is the shell's to interpret.
/// </summary>
internal static class StartScript
{
    public const string Name = "start";

    private const int BytesMax = 256 * 1024;

    private static readonly SearchValues<char> NameLetters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    // Variables that sh sets or obeys itself.
    private static readonly HashSet<string> ShellNames =
        new(StringComparer.Ordinal) { "PWD", "OLDPWD", "IFS", "PS1", "PS2", "PS4", "OPTIND", "PPID", "ENV", "LINENO" };

    /// <summary>
    /// Null when a shell cannot hand this on unchanged, or when the program is not among those that every sandbox has:
    /// the cold path says before it starts what cannot be started.
    /// </summary>
    public static string? For(SandboxPolicy policy)
    {
        if (!policy.Env.Keys.All(IsPlain) || policy.Argv.Count == 0 || !IsThere(policy))
        {
            return null;
        }

        StringBuilder script = new();
        script.Append("cd ").Append(ShellWord.Quote(policy.Cwd)).Append(" || exit 126\nunset PWD OLDPWD\n");
        foreach (var (name, value) in policy.Env)
        {
            script.Append("export ").Append(name).Append('=').Append(ShellWord.Quote(value)).Append('\n');
        }

        script.Append("exec");
        foreach (var word in policy.Argv)
        {
            script.Append(' ').Append(ShellWord.Quote(word));
        }

        script.Append('\n');
        return script.Length <= BytesMax ? script.ToString() : null;
    }

    private static bool IsPlain(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && !ShellNames.Contains(name)
        && !name.AsSpan().ContainsAnyExcept(NameLetters);

    private static bool IsThere(SandboxPolicy policy)
    {
        var program = policy.Argv[0];
        var folders = policy.Env.GetValueOrDefault("PATH", "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return program.Contains('/', StringComparison.Ordinal)
            ? IsSystem(program) && File.Exists(program)
            : folders.Any(folder => IsSystem(folder + "/") && File.Exists($"{folder}/{program}"));
    }

    private static bool IsSystem(string path) =>
        path.StartsWith("/usr/", StringComparison.Ordinal) || path.StartsWith("/bin/", StringComparison.Ordinal);
}
