using System.Text;
using Analemma.Cli;
using Analemma.Unit.Tests.Client;

namespace Analemma.Unit.Tests.Cli;

/// <summary>One run of the command line inside the test, and what came of it.</summary>
internal sealed record CliRun(int Code, string Output, string Error)
{
    public static Task<CliRun> AgainstAsync(FakeKernel fake, params string[] args) =>
        AloneAsync(["--socket", fake.SocketPath, .. args]);

    /// <summary>As a person sees it, on a terminal without colours of its own.</summary>
    public static Task<CliRun> OnATerminalAsync(FakeKernel fake, params string[] args) =>
        RunAsync(["--socket", fake.SocketPath, .. args], isTerminal: true);

    public static Task<CliRun> AloneAsync(params string[] args) => RunAsync(args, isTerminal: false);

    private static async Task<CliRun> RunAsync(string[] args, bool isTerminal)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var binaryOutput = new MemoryStream();
        using var binaryError = new MemoryStream();
        var terminal = new Terminal(output, error, binaryOutput, binaryError, isTerminal, isTerminal)
        {
            Environment = name => name == "NO_COLOR" ? "1" : Environment.GetEnvironmentVariable(name),
        };

        var code = await CommandLine.RunAsync(args, terminal);

        return new CliRun(
            code,
            output + Encoding.UTF8.GetString(binaryOutput.ToArray()),
            error + Encoding.UTF8.GetString(binaryError.ToArray()));
    }
}
