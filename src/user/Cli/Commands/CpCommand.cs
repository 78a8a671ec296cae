using System.CommandLine;
using Analemma.Abi;
using Analemma.Cli.Copying;
using Analemma.Cli.Output;
using Analemma.Cli.Values;

namespace Analemma.Cli.Commands;

/// <summary>Copies files and folders between the host and an agent's /work.</summary>
internal sealed class CpCommand : ICliCommand
{
    private readonly Argument<string> _source = new("SOURCE") { Description = "PATH on the host, or AGENT:PATH." };

    private readonly Argument<string> _destination = new("DESTINATION") { Description = "The other of the two." };

    public Command Declare(CommandSet set) => set.Does(
        new Command("cp", "Copy files or folders into an agent's /work, or out of it.") { _source, _destination },
        RunAsync,
        """
          analemma cp data.csv worker:            into /work
          analemma cp worker:results ./results    a whole folder out
        """);

    private async Task<int> RunAsync(Session session)
    {
        var source = CopyPlace.Parse(session.Parsed.GetValue(_source)!);
        var destination = CopyPlace.Parse(session.Parsed.GetValue(_destination)!);
        if (source.Agent is null == destination.Agent is null)
        {
            throw CliException.Usage(
                "one side must be AGENT:PATH, the other a path on the host", "a host path with a colon begins with ./");
        }

        await using var kernel = await session.ConnectAsync();
        var tally = new CopyTally(session.Terminal, quiet: session.Json);
        if (source.Agent is { } from)
        {
            await new Download(kernel, from, tally, session.CancellationToken).RunAsync(source.Path, destination.Path);
        }
        else
        {
            await new Upload(kernel, destination.Agent!.Value, tally, session.CancellationToken)
                .RunAsync(source.Path, destination.Path);
        }

        var report = tally.Finish();
        Print(session, report);
        return report is { Files: 0, Folders: 0, Skipped.Count: > 0 } ? ExitCodes.Failure : ExitCodes.Ok;
    }

    private static void Print(Session session, CopyReport report)
    {
        if (session.Json)
        {
            session.WriteJson(report, CliJsonContext.Default.CopyReport);
            return;
        }

        foreach (var skipped in report.Skipped)
        {
            session.Terminal.Error.WriteLine($"skipped {skipped}");
        }

        session.Terminal.Output.WriteLine(
            $"copied {Plural.Of(report.Files, "file")}, {Plural.Of(report.Folders, "folder")}, "
            + ByteSize.Format(report.Bytes));
    }
}
