using System.Diagnostics;
using System.Text;
using Analemma.Daemon.Runners.Tools;

namespace Analemma.Unit.Tests.Daemon;

/// <summary>The shell that a program with secret variables is begun by.</summary>
public sealed class SecretVariablesTests
{
    [Theory]
    [InlineData("plain")]
    [InlineData(" $HOME `id` \\n 'single' \"double\" \t ")]
    [InlineData("-----BEGIN KEY-----\nline\n\n last line, and an end\n\n")]
    [InlineData("\r\nünïcode, 漢字 🔑")]
    public void A_variable_has_its_value_and_the_program_the_rest_of_its_input(string value)
    {
        var (code, said) = Run(
            new Dictionary<string, string> { ["KEY"] = value, ["_OTHER2"] = "2" },
            "the rest\nof it",
            "/bin/sh", "-c", "printf '%s|%s|' \"$KEY\" \"$_OTHER2\"; cat");
        Assert.Equal((0, $"{value}|2|the rest\nof it"), (code, said));
    }

    [Fact]
    public void The_shell_leaves_nothing_of_its_own()
    {
        var (_, said) = Run(new Dictionary<string, string> { ["KEY"] = "a\nb" }, "", "env");
        Assert.DoesNotContain("_line", said, StringComparison.Ordinal);
        Assert.DoesNotContain("_value", said, StringComparison.Ordinal);
    }

    [Fact]
    public void An_input_that_ends_within_a_variable_starts_no_program()
    {
        var (code, said) = Run("KEY\n2\nonly one line\n", "echo", "started");
        Assert.Equal((125, ""), (code, said));
    }

    private static (int Code, string Said) Run(
        Dictionary<string, string> variables, string rest, params string[] command) =>
        Run(Encoding.UTF8.GetString(SecretVariables.Lines(variables)) + rest, command);

    private static (int Code, string Said) Run(string input, params string[] command)
    {
        var words = SecretVariables.Begin(command);
        UTF8Encoding utf8 = new(encoderShouldEmitUTF8Identifier: false);
        using var shell = Process.Start(new ProcessStartInfo(words[0], words.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = utf8,
            StandardOutputEncoding = utf8,
        })!;
        shell.StandardInput.Write(input);
        shell.StandardInput.Close();
        var said = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        return (shell.ExitCode, said);
    }
}
