using System.Text;
using Analemma.Cli;
using Analemma.Unit.Tests.Client;

namespace Analemma.Unit.Tests.Cli;

/// <summary>One run of the command line inside the test, and what came of it.</summary>
internal sealed record CliRun(int Code, string Output, string Error)
{
    public static Task<CliRun> AgainstAsync(FakeKernel fake, params string[] args) =>
        AloneAsync(["--socket", fake.SocketPath, .. args]);

    public static async Task<CliRun> AloneAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        using var binaryOutput = new MemoryStream();
        using var binaryError = new MemoryStream();
        var terminal = new Terminal(output, error, binaryOutput, binaryError, interactive: false);

        var code = await CommandLine.RunAsync(args, terminal);

        return new CliRun(
            code,
            output + Encoding.UTF8.GetString(binaryOutput.ToArray()),
            error + Encoding.UTF8.GetString(binaryError.ToArray()));
    }
}
