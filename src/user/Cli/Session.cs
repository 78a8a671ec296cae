using System.CommandLine;
using System.Text.Json.Serialization.Metadata;
using Analemma.Abi;
using Analemma.Cli.Output;
using Analemma.Client;

namespace Analemma.Cli;

/// <summary>One run of one command: what was asked, where it writes, and how it speaks to the kernel.</summary>
internal sealed class Session(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
{
    /// <summary>EPIPE, errno(3).</summary>
    public const int BrokenPipe = 32;

    public ParseResult Parsed => parsed;

    public Terminal Terminal => terminal;

    public CancellationToken CancellationToken => cancellationToken;

    public bool Json => parsed.GetValue(GlobalOptions.Json);

    public string SocketPath =>
        parsed.GetValue(GlobalOptions.Socket)
        ?? KernelSocket.DefaultPath(terminal.Environment, Environment.IsPrivilegedProcess);

    public Task<KernelClient> ConnectAsync() =>
        KernelClient.ConnectAsync(SocketPath, "analemma-cli", cancellationToken);

    /// <summary>Prints one document.</summary>
    public void WriteJson<T>(T value, JsonTypeInfo<T> type) =>
        terminal.Output.WriteLine(JsonLook.DocumentOf(value, type));

    /// <summary>Prints one line of a stream.</summary>
    public void WriteJsonLine<T>(T value, JsonTypeInfo<T> type) =>
        terminal.Output.WriteLine(JsonLook.LineOf(value, type));

    /// <summary>Runs the command and turns what stops it into a message and an exit code.</summary>
    public async Task<int> RunAsync(Func<Session, Task<int>> command)
    {
        try
        {
            return await command(this);
        }
        catch (SyscallException refused)
        {
            return Report(SysErrorCodes.NameOf(refused.Code), refused.Message, refused.Hint, ExitCodes.Failure);
        }
        catch (KernelConnectionException gone)
        {
            return Report(
                "no_kernel", gone.Message, "start one with `analemma kernel start`", ExitCodes.KernelNotRunning);
        }
        catch (CliException stopped)
        {
            return Report(stopped.Code, stopped.Message, stopped.Hint, stopped.ExitCode);
        }
        catch (IOException fault) when (fault.HResult == BrokenPipe)
        {
            return ExitCodes.ReaderGone;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Report("io_failed", fault.Message, null, ExitCodes.Failure);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Interrupted;
        }
    }

    private int Report(string code, string message, string? hint, int exitCode)
    {
        ErrorOutput.Write(terminal.Error, Json, code, message, hint);
        return exitCode;
    }
}
