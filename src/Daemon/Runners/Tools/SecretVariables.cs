using System.Globalization;
using System.Text;

namespace Analemma.Daemon.Runners.Tools;

// What is in a sandbox's plan is in files: the bundle, the runtime's copy of it, the record by which a sandbox is found
// again. So a variable that is a secret goes another way: the program is begun by a shell that reads such variables
// from the standard input and then becomes the program. A shell reads a pipe byte by byte, so that what comes after is
// left to the program.

/// <summary>Gives a program variables that are nowhere but in its memory.</summary>
internal static class SecretVariables
{
    // For each variable a line with its name, one with how many lines it has, and those; then an empty line.
    private const string Script = """
        _nl='
        '
        while IFS= read -r _name || exit 125; [ -n "$_name" ]; do
            IFS= read -r _lines && IFS= read -r _value || exit 125
            while [ "$_lines" -gt 1 ]; do
                IFS= read -r _line || exit 125
                _value=$_value$_nl$_line
                _lines=$((_lines - 1))
            done
            export "$_name=$_value"
        done
        unset _nl _name _lines _value _line
        exec "$@"
        """;

    /// <summary>The same program, begun by a shell that reads <see cref="Lines"/> before.</summary>
    public static IReadOnlyList<string> Begin(IReadOnlyList<string> command) =>
        ["/bin/sh", "-c", Script, "sh", .. command];

    /// <summary>What the shell reads; nothing when there is no such variable.</summary>
    public static byte[] Lines(IReadOnlyDictionary<string, string> variables)
    {
        if (variables.Count == 0)
        {
            return [];
        }

        StringBuilder text = new();
        foreach (var (name, value) in variables)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}\n{value.Count(each => each == '\n') + 1}\n{value}\n");
        }

        return Encoding.UTF8.GetBytes(text.Append('\n').ToString());
    }
}
