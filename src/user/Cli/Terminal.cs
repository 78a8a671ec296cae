using Analemma.Cli.Output;
using Microsoft.Win32.SafeHandles;
using Spectre.Console;

namespace Analemma.Cli;

/// <summary>
/// Where a command reads and writes, and on what it may do so. Colour only on a terminal, and never when NO_COLOR is
/// set (no-color.org).
/// </summary>
internal sealed class Terminal
{
    /// <summary>A table that goes into a pipe keeps one line per row.</summary>
    private const int PipeColumns = 4096;

    private const string BeginLine = "\r\u001b[2K";

    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly Lazy<IAnsiConsole> _console;

    public Terminal(
        TextWriter output,
        TextWriter error,
        Stream binaryOutput,
        Stream binaryError,
        bool interactive,
        bool errorInteractive = false)
    {
        (_output, _error, Interactive, ErrorInteractive) = (output, error, interactive, errorInteractive);
        Output = interactive ? new Shown.Writer(output) : output;
        Error = errorInteractive ? new Shown.Writer(error) : error;
        BinaryOutput = interactive ? new Shown.Output(binaryOutput) : binaryOutput;
        BinaryError = errorInteractive ? new Shown.Output(binaryError) : binaryError;
        _console = new Lazy<IAnsiConsole>(MakeConsole);
    }

    public TextWriter Output { get; }

    public TextWriter Error { get; }

    /// <summary>An agent's standard output: byte for byte, but what a terminal would take for commands.</summary>
    public Stream BinaryOutput { get; }

    public Stream BinaryError { get; }

    /// <summary>A person looks at the output: it may be coloured and redrawn.</summary>
    public bool Interactive { get; }

    /// <summary>A person looks at the errors.</summary>
    public bool ErrorInteractive { get; }

    /// <summary>What is piped into the command; null when a person sits at a keyboard.</summary>
    public Stream? PipedInput { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    public IAnsiConsole Console => _console.Value;

    public static Terminal OfThisProcess()
    {
        var (output, error) = (Pipe(1), Pipe(2));
        return new Terminal(
            output is null ? System.Console.Out : Text(output),
            error is null ? System.Console.Error : Text(error),
            output ?? System.Console.OpenStandardOutput(),
            error ?? System.Console.OpenStandardError(),
            !System.Console.IsOutputRedirected,
            !System.Console.IsErrorRedirected)
        {
            PipedInput = System.Console.IsInputRedirected ? System.Console.OpenStandardInput() : null,
        };
    }

    /// <summary>On a terminal, what is written next takes the place of the line that is there.</summary>
    public void Rewrite() => _output.Write(Interactive ? BeginLine : "");

    /// <summary>As <see cref="Rewrite"/>, of errors.</summary>
    public void RewriteError() => _error.Write(ErrorInteractive ? BeginLine : "");

    /// <summary>The output of an agent is over.</summary>
    public void EndAgentOutput()
    {
        (BinaryOutput as Shown.Output)?.End();
        (BinaryError as Shown.Output)?.End();
    }

    /// <summary>
    /// The pipe or socket that a descriptor is, else null. The console's own streams keep silent when the reader has
    /// gone, and a command that follows something would go on for ever; this one fails.
    /// </summary>
    private static FileStream? Pipe(int descriptor)
    {
        if (!(descriptor == 1 ? System.Console.IsOutputRedirected : System.Console.IsErrorRedirected))
        {
            return null;
        }

        try
        {
            var stream = new FileStream(
                new SafeFileHandle(descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            return stream.CanSeek ? null : stream;
        }
        catch (Exception closed) when (closed is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Not open at all, or not for writing.
            return null;
        }
    }

    private static StreamWriter Text(Stream stream) => new(stream) { AutoFlush = true };

    private IAnsiConsole MakeConsole()
    {
        var colour = Interactive && string.IsNullOrEmpty(Environment("NO_COLOR"));
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(_output),
            Ansi = Interactive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = colour ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = Interactive ? InteractionSupport.Detect : InteractionSupport.No,
        });
        if (!Interactive)
        {
            console.Profile.Width = PipeColumns;
        }

        return console;
    }
}
