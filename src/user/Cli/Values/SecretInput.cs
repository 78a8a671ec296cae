using System.Text;

namespace Analemma.Cli.Values;

/// <summary>
/// The value of a secret: from a file, from a pipe, or typed at a terminal without being shown. Never from an argument,
/// which every user of the host can read and every shell remembers.
/// </summary>
internal static class SecretInput
{
    private const int BytesMax = 1024 * 1024;

    public static async Task<string> ReadAsync(
        Terminal terminal, string name, string? file, CancellationToken cancellationToken)
    {
        if (file is null && terminal.PipedInput is null)
        {
            return Typed(terminal, name);
        }

        await using var source = file is null ? terminal.PipedInput! : File.OpenRead(file);
        var bytes = new byte[BytesMax + 1];
        var length = await source.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken);
        if (length > BytesMax)
        {
            throw CliException.Usage("the value is longer than a secret may be");
        }

        try
        {
            // The line's end that editors and echo put there is not meant.
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, length);
            return text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2]
                : text.EndsWith('\n') ? text[..^1] : text;
        }
        catch (DecoderFallbackException)
        {
            throw CliException.Usage("the value is not UTF-8 text", "encode it, for example with base64");
        }
    }

    private static string Typed(Terminal terminal, string name)
    {
        StringBuilder typed = new();
        var before = Console.TreatControlCAsInput;
        Console.TreatControlCAsInput = true;
        // The first look for a key ends the terminal's own echo: before anybody is asked to type.
        _ = Console.KeyAvailable;
        terminal.Error.Write($"value of {name} (not shown): ");
        try
        {
            while (true)
            {
                var key = Console.ReadKey(intercept: true);
                switch (key)
                {
                    case { Key: ConsoleKey.Enter }:
                        return typed.ToString();
                    case { Key: ConsoleKey.C or ConsoleKey.D, Modifiers: ConsoleModifiers.Control }:
                        throw new CliException("interrupted", "nothing was set", exitCode: ExitCodes.Interrupted);
                    case { Key: ConsoleKey.Backspace }:
                        typed.Length = Math.Max(0, typed.Length - 1);
                        break;
                    case { KeyChar: >= ' ' }:
                        typed.Append(key.KeyChar);
                        break;
                }
            }
        }
        finally
        {
            Console.TreatControlCAsInput = before;
            terminal.Error.WriteLine();
        }
    }
}
